"""What a run has to know of a stored result: read from its files, never guessed from the existence of a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

PARQUET = b"PAR1"  # how such a file starts and ends
FileVersion = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """A stored result in short. Broken: files that are missing, cut off, or of another job."""

    status: Literal["done", "failed", "broken"]
    id: str
    dataset: str = ""
    row: str = ""
    method: str = ""
    source_sha256: str = ""
    seconds: float = 0.0  # of all phases
    stamp: FileVersion = (
        0,
        0,
    )  # of its predictions, else of its result: changes when the job is run again, not rescored
    quick: bool = False  # made by `bench --quick`: it stands for no full run


def read_summary(folder: str | Path) -> ResultSummary | None:
    """Return the summary of the result in a folder; None if there is nothing."""
    folder = os.fspath(folder)
    rest, name = os.path.split(folder)
    job_id = name.rpartition("-")[2]
    try:
        with open(f"{folder}/result.json", "rb") as file:  # noqa: PTH123  (a plan opens ten thousand of them)
            facts = os.fstat(file.fileno())
            result = json.loads(file.read())
        return _header(
            job_id,
            folder,
            result,
            (facts.st_mtime_ns, facts.st_ino),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        dataset, method = (unquote(part) for part in Path(rest).parts[-2:])
        return ResultSummary("broken", job_id, dataset, method)


def all_summaries(root: Path) -> Iterator[ResultSummary]:
    """Yield the headers of every result of a store, in order of their paths."""
    yield from summaries_by_folder(root).values()


def summaries_by_folder(root: Path) -> dict[str, ResultSummary]:
    """Return the header of every result of a store by its folder, in order of their paths."""
    found = {}
    for dataset in _folders(os.fspath(root)):
        for method in _folders(dataset):
            for folder in _folders(method):
                summary = read_summary(folder) if "-" in folder else None
                if summary is not None:
                    found[folder] = summary
    return found


def _folders(parent: str) -> list[str]:
    """Return the folders in a folder, but for hidden ones, sorted."""
    try:
        with os.scandir(parent) as entries:
            return sorted(e.path for e in entries if not e.name.startswith(".") and e.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _header(
    job_id: str,
    folder: str,
    result: dict[str, Any],
    stamp: FileVersion,
) -> ResultSummary:
    status = result["status"]
    predictions = None if status == "failed" else _whole_parquet(f"{folder}/predictions.parquet")
    whole = result["id"] == job_id and (status == "failed" or predictions is not None)
    return ResultSummary(
        status=status if whole and status in ("done", "failed") else "broken",
        id=job_id,
        dataset=result["dataset"],
        row=result["variant"] or result["method"],
        method=result["method"],
        source_sha256=result["plugin"]["source_sha256"],
        seconds=float(sum(result["phases"].values())),
        stamp=predictions or stamp,
        quick=bool(result.get("quick")),
    )


def _whole_parquet(path: str) -> FileVersion | None:
    """Return the version of a file; None if there is none, or if it was cut off and does not end as it starts."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        facts = os.fstat(file)
        ends = (0, facts.st_size - len(PARQUET))
        whole = facts.st_size > 2 * len(PARQUET) and all(os.pread(file, 4, at) == PARQUET for at in ends)
        return (facts.st_mtime_ns, facts.st_ino) if whole else None
    finally:
        os.close(file)
