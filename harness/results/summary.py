"""What a run has to know of a stored result: read from its files, never guessed from the existence of a folder."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from pydantic_core import from_json

from harness.results.folders import LeftOut, result_folders, why_without
from harness.system.regular import MB, open_regular

LARGEST = 16 * MB  # bytes of a result
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
    stamp: FileVersion = (0, 0)  # changes when the job is run again, not when it is rescored
    quick: bool = False  # made by `bench --quick`: it stands for no full run
    file: str = ""  # by which it is broken
    why: str = ""


def read_summary(folder: str | Path) -> ResultSummary | None:
    """Return the summary of the result in a folder; None if there is nothing."""
    folder = os.fspath(folder)
    rest, name = os.path.split(folder)
    job_id = name.rpartition("-")[2]
    try:
        with open_regular(f"{folder}/result.json", LARGEST) as file:
            facts = os.fstat(file.fileno())
            result = from_json(file.read())
        return _header(
            job_id,
            folder,
            result,
            (facts.st_mtime_ns, facts.st_ino),
        )
    except FileNotFoundError:
        why = why_without(folder)
        if not why:
            return None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or str(error)
    except (TypeError, KeyError, AttributeError):
        why = "it has not the form of a result"
    dataset, method = (unquote(part) for part in Path(rest).parts[-2:])
    return ResultSummary("broken", job_id, dataset, method, file="result.json", why=why)


def all_summaries(root: Path, left_out: LeftOut | None = None) -> Iterator[ResultSummary]:
    """Yield the headers of every result of a store, in order of their paths."""
    yield from summaries_by_folder(root, left_out).values()


def summaries_by_folder(root: Path, left_out: LeftOut | None = None) -> dict[str, ResultSummary]:
    """Return the header of every result of a store by its folder, in order of their paths.

    Args: the store; where the path and reason of what cannot be looked into is added.
    """
    found = {}
    for folder in result_folders(os.fspath(root), {} if left_out is None else left_out):
        summary = read_summary(folder)
        if summary is not None:
            found[folder] = summary
            if summary.why and left_out is not None:
                left_out[f"{folder}/{summary.file}"] = summary.why
    return found


def _header(
    job_id: str,
    folder: str,
    result: dict[str, Any],
    stamp: FileVersion,
) -> ResultSummary:
    status = result["status"]
    file, why = "result.json", "" if result["id"] == job_id else f"it is the result of job {result['id']}"
    if status == "done" and not why:
        file = "predictions.parquet"
        why, stamp = _parquet_state(f"{folder}/{file}")
    if status not in ("done", "failed"):
        why = why or f"its status is {status!r}"
    seconds = float(sum(result["phases"].values()))
    names = [result[name] for name in ("dataset", "method", "variant")] + [result["plugin"]["source_sha256"]]
    if not math.isfinite(seconds) or not all(isinstance(name, str) for name in names):
        raise TypeError("it has not the form of a result")
    return ResultSummary(
        status="broken" if why else status,
        id=job_id,
        dataset=result["dataset"],
        row=result["variant"] or result["method"],
        method=result["method"],
        source_sha256=result["plugin"]["source_sha256"],
        seconds=seconds,
        stamp=stamp,
        quick=bool(result.get("quick")),
        file=file if why else "",
        why=why,
    )


def _parquet_state(path: str) -> tuple[str, FileVersion]:
    """Return why a file is not whole, or "", and its version: one that was cut off does not end as it starts."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        return error.strerror or str(error), (0, 0)
    try:
        facts = os.fstat(file)
        ends = (0, facts.st_size - len(PARQUET))
        whole = stat.S_ISREG(facts.st_mode) and facts.st_size > 2 * len(PARQUET)
        whole = whole and all(os.pread(file, 4, at) == PARQUET for at in ends)
        return "" if whole else "no Parquet file, or one that was cut short", (facts.st_mtime_ns, facts.st_ino)
    finally:
        os.close(file)
