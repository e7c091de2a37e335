"""What the fault benchmarks share: a small bench on the toy dataset of the tests, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from harness.results.store import Store
from helpers.toy import write_toy

ROOT = Path(__file__).parent.parent
SHORT = [
    *("linear.epochs=20", "coop.epochs=6", "coop.batch_size=4", "coop.context_tokens=2"),
    *("coop.input.frames=2", "coop.input.views=2", "zero-shot-clip.input.frames=2"),
]


class DatasetPlace:
    """A folder with the toy dataset and, for each trial, a store and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        if not self.data.exists():
            write_toy(self.data / "TOY")

    def start(self, trial: str, executor: str, *more: str, seeds: str = "1") -> subprocess.Popen[str]:
        """`harness bench`, in a process group of its own."""
        flags = [
            "--plugin",
            str(ROOT / "tests" / "helpers" / "toy.py"),
            "--datasets",
            "toy",
            "--backbone",
            "tiny",
            "--quiet",
        ]
        flags += ["--methods", "linear,coop,zero-shot-clip", "--seeds", seeds, "--data-root", str(self.data)]
        flags += ["--out", str(self.store(trial)), "--executor", executor, *more]
        flags += [part for text in SHORT for part in ("--set", text)]
        return subprocess.Popen(
            [sys.executable, "-c", "from harness.cli import main; main()", "bench", *flags],
            env={**os.environ, "HARNESS_CACHE": str(self.cache(trial)), "PYTHONPATH": _path()},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def finish(self, trial: str, executor: str, *more: str, seeds: str = "1") -> float:
        """Run to the end. Returns the seconds. Raises: RuntimeError if it did not end well."""
        started = time.perf_counter()
        end(self.start(trial, executor, *more, seeds=seeds))
        return time.perf_counter() - started

    def store(self, trial: str) -> Path:
        return self.folder / trial / "ru ns ü"

    def cache(self, trial: str) -> Path:
        return self.folder / trial / "cache"

    def predictions(self, trial: str) -> dict[str, pd.DataFrame]:
        """Job id -> predictions of every finished job."""
        store = Store(self.store(trial))
        return {r["id"]: store.predictions(r) for r in store.results() if r["status"] == "done"}

    def left_behind(self, trial: str) -> list[str]:
        """Temporary files, drafts, leases and checkpoints that are still there."""
        hidden = [p for top in (self.store(trial), self.cache(trial)) for p in top.rglob(".*") if p.is_file()]
        inside = [p for top in (self.store(trial), self.cache(trial)) for p in top.rglob(".*/*")]
        return sorted({str(p.relative_to(self.folder)) for p in (*hidden, *inside)})


def end(process: subprocess.Popen[str]) -> str:
    """Wait for a bench. Returns what it said. Raises: RuntimeError if it did not end well."""
    said, _ = process.communicate(timeout=1800)
    if process.returncode:
        raise RuntimeError(f"exit {process.returncode}\n{said}")
    return said


def same(one: dict[str, pd.DataFrame], two: dict[str, pd.DataFrame]) -> bool:
    """Whether the same jobs have the same predictions, bit for bit."""
    if set(one) != set(two):
        return False
    try:
        for job in one:
            pd.testing.assert_frame_equal(one[job], two[job], check_exact=True)
    except AssertionError:
        return False
    return True


def _path() -> str:
    return os.pathsep.join(p for p in (os.environ.get("PYTHONPATH"), str(ROOT)) if p)
