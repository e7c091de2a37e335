"""Scheduling on a pretended cluster: jobs that import no torch and sleep a known time, against the ideal makespan.

    python benchmarks/schedule.py --slots 64 --jobs 640

The dispatcher, its window, the leases and the store are the real ones, and so are Ray's 64 workers; only what a worker
does is replaced: it sleeps, and returns. Lengths come from a Pareto distribution, cut at `--longest`; the plan has the
longest first, as stored results would tell it. The ideal makespan is the larger of the longest job and the sum over
the slots. In a warm-up, which is not counted, as many jobs as there are slots wait until all of them have started.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import ray

from harness.core.backbone_spec import BackboneId
from harness.core.context import RunContext
from harness.core.frame_input import FrameInput
from harness.core.job import JobSpec, Protocol
from harness.execution.claims import Claims
from harness.execution.executors.capacity import Capacity
from harness.execution.executors.dispatch import Dispatcher
from harness.planning.cluster import Cluster
from harness.planning.plan import Plan, Planned

JOB = JobSpec(
    dataset="pretended", fingerprint="", fold="1", method="zero-shot-clip", method_version="1", seed=0, options={},
    input=FrameInput(), backbone=BackboneId("none", "random", ""), protocol=Protocol("pretended", "1", "", "", ()),
)  # fmt: skip
PATIENT = {  # 64 workers start on few cores: a few at a time, and none is given up for being slow
    "worker_maximum_startup_concurrency": 4,
    "worker_register_timeout_seconds": 900,
    "enable_worker_prestart": False,
    "prestart_worker_first_driver": False,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--jobs", type=int, default=640)
    parser.add_argument("--shape", type=float, default=1.5, help="of the Pareto distribution; smaller = heavier tail")
    parser.add_argument("--shortest", type=float, default=4.0, help="seconds")
    parser.add_argument("--longest", type=float, default=60.0, help="seconds")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random.seed(options.seed)
    draws = (options.shortest * random.paretovariate(options.shape) for _ in range(options.jobs))
    seconds = sorted((min(draw, options.longest) for draw in draws), reverse=True)
    ray.init(
        address="local", num_cpus=options.slots, num_gpus=options.slots, include_dashboard=False, log_to_driver=False,
        logging_level="ERROR", object_store_memory=200_000_000, _system_config=PATIENT,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="schedule-") as folder:
        warmed = run([0.0] * options.slots, Path(folder) / "warm-up", meet)
        took = run(seconds, Path(folder) / "runs", sleep)
    ideal = max(max(seconds), sum(seconds) / options.slots)
    facts = {"jobs": options.jobs, "slots": options.slots, "warm_up": round(warmed, 2), "seconds": round(took, 2)}
    print(json.dumps({**facts, "ideal": round(ideal, 2), "share_of_ideal": round(ideal / took, 4)}))


def run(seconds: Sequence[float], out: Path, work: Callable[..., dict[str, Any]]) -> float:
    """Run jobs of these lengths. Returns the makespan in seconds."""
    out.mkdir(parents=True)
    options = {"slots": len(seconds)}
    jobs = [replace(JOB, seed=n, options={**options, "seconds": length}) for n, length in enumerate(seconds)]
    context = RunContext(str(out), str(out), {}, "none")
    plan = Plan([Planned(job, "missing") for job in jobs], jobs, [], context, cluster=Cluster(gpus_per_job=1.0))
    started = time.perf_counter()
    with Claims(plan) as claims:
        room = Capacity(plan.cluster, 1)
        finished = list(Dispatcher(plan, claims, room, lambda event: None, run=work, fill=work).finished())
    took = time.perf_counter() - started
    assert len(finished) == len(jobs)
    return took


def sleep(job: JobSpec, context: RunContext, mailbox: Any) -> dict[str, Any]:
    """A job of a known length, which says that it has started, as real ones do."""
    mailbox.put.remote({"event": "started", "job": job.id})
    time.sleep(job.options["seconds"])
    return {"status": "done", "id": job.id}


def meet(job: JobSpec, context: RunContext, mailbox: Any) -> dict[str, Any]:
    """Wait until every slot has such a job, so that every worker is there."""
    (Path(context.out) / f"here-{job.seed}").touch()
    while len(list(Path(context.out).glob("here-*"))) < job.options["slots"]:
        time.sleep(0.5)
    return sleep(job, context, mailbox)


if __name__ == "__main__":
    main()
