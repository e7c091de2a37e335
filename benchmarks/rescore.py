"""Seconds of processor time that `harness rescore` takes for a new metric of many results, and to find nothing to do.

    python benchmarks/rescore.py --results 10000 --clips 300 --runs /tmp/many

The store is that of `leaderboard.py`; it is planted if it is not there, and keeps the metric.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from leaderboard import plant

PLUGIN = """
import numpy as np
from harness import MetricSpec, hookimpl

def top2(predictions):
    best = np.argpartition(-predictions.logits, 1, axis=1)[:, :2]
    return float((best == predictions.labels[:, None]).any(1).mean())

@hookimpl
def register_metrics():
    return [MetricSpec("top2", "Top-2", top2, version="{version}")]
"""


def timed(name: str, *args: object) -> None:
    """Print how long a command takes, in a process of its own, start included."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-c", "from harness.cli import main; main()", *map(str, args)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name:30} {seconds:7.1f} s   processor {cpu:.1f} s   peak {after.ru_maxrss / 1024**2:.2f} GB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=int, default=10_000)
    parser.add_argument("--clips", type=int, default=300, help="test clips a fold")
    parser.add_argument("--runs", type=Path, required=True, help="where to plant; used as it is if it exists")
    given = parser.parse_args()
    if not given.runs.exists():
        plant(given.runs, given.results, given.clips)
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder) / "metric.py"
        plugin.write_text(PLUGIN.format(version=time.time_ns()))  # never the one that is stored
        timed("a new metric", "rescore", given.runs, "--plugin", plugin, "--json")
        timed("the second time", "rescore", given.runs, "--plugin", plugin, "--json")


if __name__ == "__main__":
    main()
