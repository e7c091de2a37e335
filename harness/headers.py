"""What a run has to know of a stored result: read from its files, never guessed from the existence of a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

PARQUET = b"PAR1"  # how such a file starts and ends
Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Header:
    """A stored result in short. Broken: files that are missing, cut off, or of another job."""

    status: Literal["done", "failed", "broken"]
    id: str
    dataset: str = ""
    row: str = ""
    method: str = ""
    source_sha256: str = ""
    seconds: float = 0.0  # of all phases
    stamp: Stamp = (0, 0)  # changes when the result is written again


def read_header(folder: Path) -> Header | None:
    """The header of the result in a folder; None if there is nothing."""
    job_id = folder.name.rpartition("-")[2]
    path = folder / "result.json"
    try:
        facts = path.stat()
        result = json.loads(path.read_bytes())
        return _header(job_id, folder, result, (facts.st_mtime_ns, facts.st_ino))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Header("broken", job_id, unquote(folder.parent.parent.name), unquote(folder.parent.name))


def all_headers(root: Path) -> Iterator[Header]:
    """The headers of every result of a store, in order of their paths."""
    for folder in sorted(root.glob("[!.]*/[!.]*/*-*")):
        header = read_header(folder)
        if header is not None:
            yield header


def _header(job_id: str, folder: Path, result: dict[str, Any], stamp: Stamp) -> Header:
    status = result["status"]
    whole = result["id"] == job_id and (status == "failed" or _is_parquet(folder / "predictions.parquet"))
    return Header(
        status=status if whole and status in ("done", "failed") else "broken",
        id=job_id,
        dataset=result["dataset"],
        row=result["variant"] or result["method"],
        method=result["method"],
        source_sha256=result["plugin"]["source_sha256"],
        seconds=float(sum(result["phases"].values())),
        stamp=stamp,
    )


def _is_parquet(path: Path) -> bool:
    """Whether a file is whole: a file that was cut off does not end as it starts."""
    with path.open("rb") as file:
        start = file.read(len(PARQUET))
        file.seek(-len(PARQUET), 2)
        return start == file.read() == PARQUET
