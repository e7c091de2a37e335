"""Two concurrent one-thread jobs against one after another, on one warm Ray: how many times the throughput.

    python benchmarks/throughput.py --repeats 3

The jobs are real: CoOp trains on cached features of the demo, with one thread each. Both ways run the same jobs and
take turns, so that a slow moment of the machine hits both; what is compared is the time from the start of the first job
to the end of the last. Workers and feature cache are warmed up before.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import ray

from harness.core.events import Event
from harness.core.request import build_request
from harness.execution import run_bench


def main() -> None:
    options = parse()
    with tempfile.TemporaryDirectory(prefix="throughput-") as folder:
        os.environ["HARNESS_CACHE"] = f"{folder}/cache"
        ray.init(
            address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR",
            object_store_memory=200_000_000,
        )  # fmt: skip
        run(options, Path(folder), "warm-up", 2)
        ratios = []
        for number in range(options.repeats):
            alone = run(options, Path(folder), f"alone {number}", 1)
            both = run(options, Path(folder), f"both {number}", 2)
            ratios.append(alone / both)
            facts = {"one_after_another": round(alone, 2), "two_at_a_time": round(both, 2)}
            print(json.dumps({**facts, "times": round(alone / both, 3)}), flush=True)
    print(json.dumps({"jobs": options.jobs, "median_times": round(statistics.median(ratios), 3)}))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=4, help="an even number, so that both cores end together")
    parser.add_argument("--epochs", type=int, default=90, help="enough to outweigh the ends of a run")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data-root", type=Path, help="the demo's data, where they are written already")
    return parser.parse_args()


def run(options: argparse.Namespace, folder: Path, name: str, at_once: int) -> float:
    """Seconds of the jobs, so many at a time."""
    request = build_request(
        {
            "demo": True, "datasets": "dfew", "folds": "1", "methods": "coop", "threads": 1, "max_jobs": at_once,
            "seeds": [seed + 1 for seed in range(options.jobs)], "set": {"coop": {"epochs": options.epochs}},
            "data_root": options.data_root or folder / "data", "out": folder / name,
        }
    )  # fmt: skip
    starts: list[float] = []

    def note(event: Event) -> None:
        if event["event"] == "started":
            starts.append(time.perf_counter())

    plan = run_bench.plan_bench(request, lambda name, done, total: None)
    results = [result for _, result in run_bench.run(plan, "ray", note)]
    ended = time.perf_counter()
    if [result["status"] for result in results] != ["done"] * options.jobs:
        raise RuntimeError(f"jobs failed: {[result['error'] for result in results]}")
    return ended - min(starts)


if __name__ == "__main__":
    main()
