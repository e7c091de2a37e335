"""A plan of ten thousand jobs: seconds to plan it, to show its status, to resume it when finished; and peak memory.

    python benchmarks/plan_size.py --jobs 10000

The results are copies of a real one under the identity of each job, written through the store.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from toy_bench import ROOT, Place

from harness import registry
from harness.plan import Plan, make_plan
from harness.records import identity
from harness.request import build_request
from harness.store import Store, write_json


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plan-size-") as folder:
        place = Place(Path(folder))
        place.finish("one", "inline", "--methods", "linear", "--folds", "1", seeds="1")
        seeds = ",".join(str(seed + 1) for seed in range(options.jobs // 2))
        bench = ["bench", "--plugin", str(ROOT / "tests" / "toy.py"), "--datasets", "toy", "--methods", "linear"]
        bench += ["--backbone", "tiny", "--data-root", str(place.data), "--seeds", seeds, "--out", f"{folder}/runs"]
        measured = {"plan": timed(*bench, "--dry-run", "--json")}
        plan = planned(place, seeds, Path(folder) / "runs")
        fill(plan, next(Store(place.store("one")).results()))
        measured |= {"status": timed("status", f"{folder}/runs"), "resume of a finished plan": timed(*bench, "--quiet")}
    print(json.dumps({"jobs": len(plan.jobs), **measured}, indent=2))


def timed(*args: str) -> dict[str, float]:
    """Seconds of a `harness` command in a process of its own, start included, and the most memory it had."""
    before = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "from harness.cli import main; main()", *args],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    seconds = time.perf_counter() - before
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return {"seconds": round(seconds, 2), "peak_gb_of_any_so_far": round(peak, 3)}


def planned(place: Place, seeds: str, out: Path) -> Plan:
    registry.plugins().add_file(ROOT / "tests" / "toy.py")
    flags = {"datasets": "toy", "methods": "linear", "backbone": "tiny", "data_root": place.data, "seeds": seeds}
    return make_plan(build_request({**flags, "out": out}))


def fill(plan: Plan, real: dict[str, object]) -> None:
    """Write a result for every job of the plan."""
    store, source = Store(Path(plan.context.out)), Path(str(real["path"]))
    kept = {name: real[name] for name in ("status", "metrics", "confusion", "n_scored", "cost", "phases", "provenance")}
    for planned_job in plan.jobs:
        with store.draft(planned_job.job) as draft:
            for name in ("predictions.parquet", "history.parquet", "log.txt"):
                os.link(source / name, draft / name)
            write_json(draft / "result.json", {**identity(planned_job.job), **kept})


if __name__ == "__main__":
    main()
