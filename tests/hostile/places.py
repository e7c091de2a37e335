"""The folders that trials begin with, each made once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from helpers.commands import TOY
from helpers.toy import write_toy

BENCH = f"bench --plugin {TOY} --datasets toy --backbone tiny --executor inline --data-root data --out runs"
START = [sys.executable, "-c", "from harness.cli import main; main()"]


def toy_bench(more: str = "") -> tuple[str, ...]:
    """Return the words of a bench on the toy dataset of a trial's folder; the later flag wins."""
    given = more if "--methods" in more else f"--methods linear {more}"
    return (*BENCH.split(), *given.split())


class Places:
    """Templates of trials' folders, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def copy(self, base: str, into: Path) -> None:
        """Copy a template, links as links; it is made when it is first asked for."""
        template = self.folder / base
        if not template.exists():
            getattr(self, f"_{base}")(template)
        shutil.copytree(template, into, symlinks=True)

    def _empty(self, folder: Path) -> None:
        folder.mkdir(parents=True)

    def _data(self, folder: Path) -> None:
        write_toy(folder / "data" / "TOY")

    def _store(self, folder: Path) -> None:
        self._data(folder)
        command = [*START, *toy_bench("--methods linear,zero-shot-clip --quiet --save-weights")]
        env = {**os.environ, "HARNESS_CACHE": str(folder / "cache")}
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
