"""Seconds and peak memory of tables, pairs and site from many results with predictions, in a folder that is kept.

python benchmarks/leaderboard.py --results 10000 --clips 300 --runs /tmp/many
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from harness.leaderboard import Papers, render
from harness.leaderboard.board.published import read_published, verdicts
from harness.leaderboard.render import load
from harness.leaderboard.site import publish
from harness.leaderboard.tables.machine_readable import pairs_json
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet

METHODS = 30
SETS = (("dfew", "12345"), ("ferv39k", "1"), ("mafw", "12345"))
JOBS = METHODS * sum(len(folds) for _, folds in SETS)  # of one seed


def plant(root: Path, results: int, clips: int) -> None:
    """30 methods on the folds of three datasets, with as many seeds as it takes."""
    seeds = range(1, max(1, round(results / JOBS)) + 1)
    for dataset, folds in SETS:
        on = TestSet(dataset, folds, clips)
        for number in range(METHODS):
            Planted(root).row(f"method-{number:02d}", number / METHODS, on=on, seeds=seeds)


def timed(name: str, work: Callable[[], object]) -> None:
    """Print how long the work takes, and the most memory held until then."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{name:30} {seconds:7.1f} s   peak {peak:.2f} GB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=10_000)
    parser.add_argument("--clips", type=int, default=300, help="test clips a fold")
    parser.add_argument("--runs", type=Path, required=True, help="where to plant; used as it is if it exists")
    given = parser.parse_args()
    if not given.runs.exists():
        plant(given.runs, given.results, given.clips)
    store, metrics = Store(given.runs), registry.metrics()
    papers = Papers(read_published(), registry.methods())
    with TemporaryDirectory() as folder:
        out = Path(folder)
        timed("tables", lambda: render(store, out / "tables", registry.datasets(), metrics, papers))
        board = load(store, registry.datasets(), metrics)
        timed("intervals of all pairs", lambda: [pairs_json(tests) for tests in board.tests.values()])
        judged = verdicts(board, papers.published, papers.methods)
        timed("site", lambda: publish(board, out / "site", metrics, judged))
        first = [out / "site/index.html", *(out / "site/static").iterdir(), *(out / "site/vendor").glob("*.js")]
        print(f"{'first page':30} {sum(path.stat().st_size for path in first) / 1e6:7.2f} MB")


if __name__ == "__main__":
    main()
