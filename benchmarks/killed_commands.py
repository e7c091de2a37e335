"""Commands that `kills.py` kills at a random moment, each with what it starts from and what has to be the same."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toy_bench import DatasetPlace

METRIC = """
from harness import MetricSpec, hookimpl

@hookimpl
def register_metrics():
    return [MetricSpec("errors", "Errors", lambda p: float((p.predicted != p.labels).mean()))]
"""
TOY = Path(__file__).parents[1] / "tests" / "helpers" / "toy.py"
BENCH = f"bench --plugin {TOY} --datasets toy --backbone tiny --executor inline --data-root ../data --out runs --quiet"
FILLING = "--methods coop --set coop.epochs=1 --set coop.input.frames=2 --set coop.input.views=24"


@dataclass(frozen=True)
class Command:
    """A command to be killed.

    Attributes:
        words: after `harness`, in a trial's folder, beside which `data` and `store` lie.
        starts_from: folders that are copied from the finished store.
        same: patterns of the files whose bytes have to be those of an unbroken run.
    """

    words: str
    starts_from: Sequence[str] = ()
    same: Sequence[str] = ()


COMMANDS = {
    "prepare": Command("data prepare ../data/TOY/clips crops --workers 2 --quiet", same=["crops/**/*"]),
    "filling": Command(f"{BENCH} {FILLING}", same=["cache/**/*.npy", "runs/**/predictions.parquet"]),
    "rescoring": Command("rescore runs --plugin ../metric.py", ["runs"], ["runs/**/result.json"]),
    "publishing": Command("publish site --runs runs", ["runs"], ["site/**/*"]),
}


class Trials:
    """Trials of one command, each in a folder of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.command = COMMANDS[name]
        self.folder = folder
        self.place = DatasetPlace(folder)
        (folder / "metric.py").write_text(METRIC)
        if self.command.starts_from:
            self.place.finish("store", "inline")

    def start(self, trial: str) -> subprocess.Popen[str]:
        """Start the command, with a temporary folder that is the trial's own."""
        folder = self.folder / trial
        if not folder.exists():
            (folder / "tmp").mkdir(parents=True)
            for name in self.command.starts_from:
                shutil.copytree(self.place.store("store"), folder / name)
        own = {"HARNESS_CACHE": "cache", "TMPDIR": str(folder / "tmp"), "MPLCONFIGDIR": str(self.folder / "matplotlib")}
        return subprocess.Popen(
            [sys.executable, "-c", "from harness.cli import main; main()", *self.command.words.split()],
            cwd=folder, env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip

    def finish(self, trial: str) -> float:
        """Give the command and wait. Returns the seconds. Raises: RuntimeError if it did not end well."""
        started = time.perf_counter()
        process = self.start(trial)
        said, _ = process.communicate(timeout=1800)
        if process.returncode:
            raise RuntimeError(f"exit {process.returncode}\n{said}")
        return time.perf_counter() - started

    def found(self, trial: str) -> dict[str, str]:
        """Hash of each file that has to be the same."""
        folder = self.folder / trial
        files = sorted({path for pattern in self.command.same for path in folder.glob(pattern) if path.is_file()})
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def left_behind(self, trial: str) -> list[str]:
        """Temporary files, drafts, leases and checkpoints that are still there."""
        folder = self.folder / trial
        hidden = [path for path in folder.rglob("*") if path.is_file() and is_hidden(path.relative_to(folder))]
        return sorted(str(path.relative_to(folder)) for path in (*hidden, *(folder / "tmp").rglob("*")))


def is_hidden(path: Path) -> bool:
    """Whether a file or a folder above it starts with a dot, as what is temporary does; a site has such a file."""
    return any(part.startswith(".") for part in path.parts) and path.name != ".nojekyll"
