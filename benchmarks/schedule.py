"""Scheduling on a pretended cluster: jobs that import no torch and sleep a known time, against the ideal makespan.

    python benchmarks/schedule.py --slots 64 --jobs 640

The dispatcher, its window, the leases and the store are the real ones; only what a worker does is replaced: it sleeps,
and returns. Lengths come from a Pareto distribution, cut at `--longest`; the plan has the longest first, as
stored results would tell it. The ideal makespan is the larger of the longest job and the sum over the slots. A warm-up
starts every worker before the clock does.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import ray

from harness.claims import Claims
from harness.cluster import Cluster
from harness.context import RunContext
from harness.executors.dispatch import Dispatcher
from harness.executors.room import Room
from harness.plan import Plan, Planned
from harness.specs import BackboneId, FrameInput, JobSpec, Protocol

JOB = JobSpec(
    dataset="pretended", fingerprint="", fold="1", method="zero-shot-clip", method_version="1", seed=0, options={},
    input=FrameInput(), backbone=BackboneId("none", "random", ""), protocol=Protocol("pretended", "1", "", "", ()),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--jobs", type=int, default=640)
    parser.add_argument("--shape", type=float, default=1.5, help="of the Pareto distribution; smaller = heavier tail")
    parser.add_argument("--shortest", type=float, default=2.0, help="seconds")
    parser.add_argument("--longest", type=float, default=30.0, help="seconds")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random.seed(options.seed)
    draws = (options.shortest * random.paretovariate(options.shape) for _ in range(options.jobs))
    seconds = sorted((min(draw, options.longest) for draw in draws), reverse=True)
    ray.init(
        address="local", num_cpus=options.slots, num_gpus=options.slots, include_dashboard=False,
        log_to_driver=False, logging_level="ERROR",
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="schedule-") as folder:
        run([20.0] * options.slots, Path(folder) / "warm-up")
        took = run(seconds, Path(folder) / "runs")
    ideal = max(max(seconds), sum(seconds) / options.slots)
    facts = {"jobs": options.jobs, "slots": options.slots, "seconds": round(took, 2), "ideal": round(ideal, 2)}
    print(json.dumps({**facts, "share_of_ideal": round(ideal / took, 4)}))


def run(seconds: list[float], out: Path) -> float:
    """Run jobs of these lengths. Returns the makespan in seconds."""
    out.mkdir(parents=True)
    jobs = [replace(JOB, seed=number, options={"seconds": length}) for number, length in enumerate(seconds)]
    context = RunContext(str(out), str(out), {}, "none")
    plan = Plan([Planned(job, "missing") for job in jobs], jobs, [], context, cluster=Cluster(gpus_per_job=1.0))
    started = time.perf_counter()
    with Claims(plan) as claims:
        room = Room(plan.cluster, 1)
        finished = list(Dispatcher(plan, claims, room, lambda event: None, run=sleep, fill=sleep).finished())
    took = time.perf_counter() - started
    assert len(finished) == len(jobs)
    return took


def sleep(job: JobSpec, context: RunContext, mailbox: Any) -> dict[str, Any]:
    time.sleep(job.options["seconds"])
    return {"status": "done", "id": job.id}


if __name__ == "__main__":
    main()
