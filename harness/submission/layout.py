"""How the files of a bundle are called: `manifest.json`, `plugins/NAME.py`, and each result's folder as in a store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.core.job import JobSpec
from harness.results.store import Store
from harness.submission import limits

FORMAT, VERSION = "harness-submission", 1
MANIFEST = "manifest.json"
RUNS, PLUGINS = "runs", "plugins"
RESULT, PREDICTIONS, HISTORY = "result.json", "predictions.parquet", "history.parquet"
OF_A_RESULT = (RESULT, PREDICTIONS, HISTORY)
PLUGIN = re.compile(r"plugins/[A-Za-z_][A-Za-z0-9_]*\.py")
DRIVE = re.compile(r"[A-Za-z]:")


def folder_of(job: JobSpec) -> str:
    """Return the folder of a job's result in a bundle, which is that of a store."""
    return Store(Path(RUNS)).folder(job).as_posix()


def plugin_file(name: str) -> str:
    """Return how the source of a one-file plugin is called."""
    return f"{PLUGINS}/{name}.py"


def faults(name: str) -> Iterator[str]:
    """Yield what is wrong with a file's name: it leaves the bundle, or no bundle has such a file."""
    parts = name.split("/")
    if name.startswith(("/", "\\", "~")) or DRIVE.match(name):
        yield "is an absolute path"
    if ".." in parts:
        yield "has `..` in its path"
    if "\\" in name or any(part in ("", ".") for part in parts):
        yield "is not a plain path of a file"
    if not name.isprintable() or not _fits(name):
        yield "has a name that is too long, or that cannot be printed"
    if not _is_known(name, parts):
        yield "is no file of a bundle"


def _fits(name: str) -> bool:
    parts = name.encode("utf-8", "replace").split(b"/")
    return len(name) <= limits.NAME and max(map(len, parts)) <= limits.PART


def _is_known(name: str, parts: list[str]) -> bool:
    if parts[0] == RUNS:
        return len(parts) == 5 and parts[-1] in OF_A_RESULT
    return name == MANIFEST or bool(PLUGIN.fullmatch(name))


def described(
    files: dict[str, bytes],
    sha256: dict[str, str],
    jobs: int,
) -> dict[str, Any]:
    """Return the manifest of files by name, each with its size and its SHA-256."""
    listed = {name: {"bytes": len(files[name]), "sha256": sha256[name]} for name in sorted(files)}
    return {"format": FORMAT, "version": VERSION, "jobs": jobs, "files": listed}
