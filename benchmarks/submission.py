"""Seconds to hand in 500 results of a new store and to check them beside as many, with test folds of full size.

python benchmarks/submission.py --jobs 500
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from harness.plugin import registry
from harness.results.store import Store
from harness.submission.accept import review
from harness.submission.review import as_markdown
from helpers.handed_in import bundle_of, known, official, plant
from helpers.planted import TestSet

T = TypeVar("T")
SEEDS = (1, 2, 3)
SIZES = (("dfew", "12345", 2341), ("ferv39k", "1", 7847), ("mafw", "12345", 1834))  # clips of a test fold
JOBS = len(SEEDS) * sum(len(folds) for _, folds, _ in SIZES)  # of one method


def timed(name: str, work: Callable[[], T]) -> T:
    """Print how long the work takes and how much of the processor, and return what it returns."""
    start, used = time.perf_counter(), time.process_time()
    found = work()
    print(f"{name:40} {time.perf_counter() - start:7.1f} s, processor {time.process_time() - used:7.1f} s", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500, help="results handed in; the store holds as many")
    given = parser.parse_args()
    methods = max(1, round(given.jobs / JOBS))
    sets = [TestSet(name, folds, clips, registry.dataset(name).class_names) for name, folds, clips in SIZES]
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for on in sets:
            for number in range(methods):
                plant(root / "store", f"held-{number:02d}", number / methods, on=on, seeds=SEEDS)
                plant(root / "mine", f"new-{number:02d}", (number + 0.5) / methods, on=on, seeds=SEEDS)
        bundle = timed(f"submit {methods * JOBS} results", lambda: bundle_of(root / "mine", root / "bundle.zip"))
        print(f"{'bundle':40} {bundle.stat().st_size / 1e6:7.1f} MB")
        measured = known(*(official(on) for on in sets))
        found = timed("accept, with --add", lambda: review(bundle, measured, Store(root / "store"), adding=True))
        timed("review as Markdown", lambda: as_markdown(found))
        print(f"objections {len(found.objections)}, rows {len(found.rows)}, added {found.added}")


if __name__ == "__main__":
    main()
