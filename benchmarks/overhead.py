"""Seconds that a job costs on a warm Ray beyond training and evaluation.

Runs CoOp on the demo twice with different seeds in one Ray session. The second run finds warm workers and a full cache;
what its jobs took outside the phases `encode`, `fit` and `test`, scheduling included, is the overhead.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

import ray

import harness

USEFUL = ("encode", "fit", "test")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HARNESS_CACHE"] = f"{folder}/cache"
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        flags = {"demo": True, "data_root": sys.argv[1] if len(sys.argv) > 1 else f"{folder}/data", "quiet": True}
        harness.bench(methods="coop", datasets="dfew", seeds=[1], out=f"{folder}/runs", **flags)
        started = time.perf_counter()
        results = harness.bench(methods="coop", datasets="dfew", seeds=[2, 3], out=f"{folder}/runs", **flags)
        wall = time.perf_counter() - started
        workers = int(ray.cluster_resources()["CPU"])
        useful = sum(r["phases"].get(name, 0.0) for r in results for name in USEFUL)
        inside = sum(sum(r["phases"].values()) for r in results) - useful
    jobs = len(results)
    print(
        f"{jobs} jobs on {workers} workers in {wall:.1f} s, of which training and evaluation {useful / workers:.1f} s"
    )
    print(f"overhead a job: {inside / jobs:.2f} s inside it")
    print(f"overhead a job with planning and Ray: {(wall * workers - useful) / jobs:.2f} s")


if __name__ == "__main__":
    main()
