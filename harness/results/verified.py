"""`verified.json` beside the results: which rows were run again, by whom and how, bound to their content by a hash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from harness.core.errors import HarnessError
from harness.system.files import write_atomically

FILE = "verified.json"
SCHEMA = 1
BOUND = ("result.json", "predictions.parquet", "history.parquet")  # files of a result that a row's hash covers


class RowAgain(TypedDict):
    """One row of which jobs were run again, and what came of them."""

    content: str  # `content_of` the row when the jobs were drawn
    name: str
    dataset: str
    jobs: int
    drawn: int
    chance: float  # that one forged job among them would have been drawn
    outcome: Literal["alike", "differs", "cannot"]
    reason: str


class Verification(TypedDict):
    """One run of `harness verify`; `jobs`, `hardware` and more are there for people."""

    salt: str
    finished: str
    harness: str
    rows: dict[str, RowAgain]


class _File(TypedDict):
    schema: Literal[1]
    verifications: list[Verification]


_FORM = TypeAdapter(_File)


def content_of(folders: Iterable[str]) -> str:
    """Return the SHA-256 of all that is stored of a row: the files of its results, whatever folder they lie in."""
    hashes = []
    for folder in folders:
        whole = hashlib.sha256()
        for name in BOUND:
            content = b""
            with suppress(FileNotFoundError), open(os.path.join(folder, name), "rb") as file:  # noqa: PTH118, PTH123
                content = file.read()
            whole.update(f"{name} {len(content)}\n".encode())
            whole.update(content)
        hashes.append(whole.hexdigest())
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()


def read_verified(roots: Sequence[Path]) -> list[Verification]:
    """Return every verification that stands beside the results of these folders, the oldest first.

    Raises:
        HarnessError: a file that is no `verified.json`.
    """
    found: list[Verification] = []
    for root in roots:
        path = root / FILE
        if path.is_file():
            found += _read(path)
    return found


def _read(path: Path) -> list[Verification]:
    try:
        return _FORM.validate_json(path.read_bytes())["verifications"]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        why = f"{where}: {first['msg']}" if where else first["msg"]
        raise HarnessError(f"{path}: not what harness verify writes ({why}); remove it and verify again") from error


def add_verification(root: Path, record: Mapping[str, Any]) -> Path:
    """Add a verification to those beside the results; one of the same draw is replaced. Raises: HarnessError."""
    path = root / FILE
    if path.is_file():
        _read(path)  # a file of another form is not written over
    kept = json.loads(path.read_bytes())["verifications"] if path.is_file() else []
    kept = [one for one in kept if one.get("draw") != record["draw"]]
    text = json.dumps(
        {"schema": SCHEMA, "verifications": [*kept, record]},
        indent=1,
        sort_keys=True,
        allow_nan=False,
    )
    write_atomically(path, lambda draft: draft.write_text(text + "\n", encoding="utf-8"))
    return path
