"""A plan of ten thousand jobs: seconds to plan it, to show its status, to resume it when finished; and peak memory.

    python benchmarks/plan_size.py --jobs 10000

The results are copies of a real one under the identity of each job, written through the store.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from toy_bench import ROOT, DatasetPlace

from harness.core.request import build_request
from harness.planning.plan import Plan, make_plan
from harness.plugin import registry
from harness.results.records import identity
from harness.results.store import Store, write_json

COMMAND = """
import atexit, pathlib, sys
from harness.cli import main

def tell():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")), file=sys.stderr)

atexit.register(tell)
main()
"""
PLUGIN = """
from harness import BackboneSpec, ClassLabel, DatasetSpec, Fold, Sample, hookimpl

CLASSES = tuple(ClassLabel(name, name) for name in ("left", "middle", "right"))

def load(root, fold):
    rows = [line.split() for line in (root / "labels.txt").read_text().splitlines()]
    names = [c.name for c in CLASSES]
    samples = {{i: Sample(i, root / "clips" / i, names.index(word)) for i, word, _ in rows}}
    tested = {{i: where for i, _, where in rows}}
    train = [s for i, s in samples.items() if tested[i] != fold]
    return Fold(train, [s for i, s in samples.items() if tested[i] == fold])

@hookimpl
def register_datasets():
    return [DatasetSpec("toy", "1", "Toy", "TOY", CLASSES, ("1", "2"), load)]

@hookimpl
def register_backbones():
    return [BackboneSpec("tiny", {tiny!r}, "random")]
"""  # the toy of the tests without its methods, so that no torch is imported on the way


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plan-size-") as folder:
        place = DatasetPlace(Path(folder))
        place.finish("one", "inline", "--methods", "linear", "--folds", "1", seeds="1")
        seeds = ",".join(str(seed + 1) for seed in range(options.jobs // 2))
        plugin = Path(folder) / "light.py"
        plugin.write_text(PLUGIN.format(tiny=str(ROOT / "tests" / "helpers" / "tiny.json")))
        bench = ["bench", "--plugin", str(plugin), "--datasets", "toy", "--methods", "zero-shot-clip"]
        bench += ["--backbone", "tiny", "--data-root", str(place.data), "--seeds", seeds, "--out", f"{folder}/runs"]
        measured = {"plan": timed(*bench, "--dry-run", "--json")}
        plan = planned(plugin, place, seeds, Path(folder) / "runs")
        fill(plan, next(Store(place.store("one")).results()))
        measured |= {"status": timed("status", f"{folder}/runs"), "resume of a finished plan": timed(*bench, "--quiet")}
    print(json.dumps({"jobs": len(plan.jobs), **measured}, indent=2))


def timed(*args: str) -> dict[str, float]:
    """Seconds of a `harness` command in a process of its own, start included, on the clock and on the processor; and
    the most memory it had. On a busy machine only the second is worth something.
    """
    before = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *args], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    if status:
        raise RuntimeError(f"harness {args[0]} ended with {os.waitstatus_to_exitcode(status)}")
    cpu = usage.ru_utime + usage.ru_stime
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_gb": round(int(said.split()[-1]) / 1e6, 3),
    }


def planned(plugin: Path, place: DatasetPlace, seeds: str, out: Path) -> Plan:
    registry.plugins().add_file(plugin)
    flags = {
        "datasets": "toy",
        "methods": "zero-shot-clip",
        "backbone": "tiny",
        "data_root": place.data,
        "seeds": seeds,
    }
    return make_plan(build_request({**flags, "out": out}))


def fill(plan: Plan, real: dict[str, object]) -> None:
    """Write a result for every job of the plan."""
    store, source = Store(Path(plan.context.out)), Path(str(real["path"]))
    kept = {name: real[name] for name in ("status", "metrics", "confusion", "n_scored", "cost", "phases", "provenance")}
    for planned_job in plan.jobs:
        with store.draft(planned_job.job) as draft:
            for name in ("predictions.parquet", "history.parquet", "log.txt"):
                os.link(source / name, draft / name)
            write_json(
                draft / "result.json", {**identity(planned_job.job, registry.method(planned_job.job.method)), **kept}
            )


if __name__ == "__main__":
    main()
