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
from harness.results.folders import LeftOut
from harness.system.files import write_atomically
from harness.system.regular import MB, read_regular

FILE = "verified.json"
SCHEMA = 1
LARGEST = 256 * MB  # bytes of a file
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
            with suppress(OSError):  # of what is no file there is no content, either
                content = read_regular(os.path.join(folder, name), LARGEST)  # noqa: PTH118
            whole.update(f"{name} {len(content)}\n".encode())
            whole.update(content)
        hashes.append(whole.hexdigest())
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()


def read_verified(roots: Sequence[Path], left_out: LeftOut | None = None) -> list[Verification]:
    """Return every verification that stands beside the results of these folders, the oldest first.

    Args: the folders; where the path and reason of a damaged file is added.

    Raises:
        HarnessError: a file is damaged, and there is nowhere to add that.
    """
    found: list[Verification] = []
    for root in roots:
        path = root / FILE
        try:
            found += _read(path)
        except HarnessError as error:
            if left_out is None:
                raise
            left_out[str(path)] = str(error).removeprefix(f"{path}: ")
    return found


def _read(path: Path) -> list[Verification]:
    """Return what a file holds; nothing if it is not there. Raises: HarnessError if it is damaged."""
    try:
        return _FORM.validate_json(read_regular(path, LARGEST))["verifications"]
    except FileNotFoundError as error:
        if path.is_symlink():
            raise HarnessError(f"{path}: a link that leads nowhere; remove it") from error
        return []
    except OSError as error:
        raise HarnessError(f"{path}: {error.strerror or error}; remove it and verify again") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        why = f"{where}: {first['msg']}" if where else first["msg"]
        raise HarnessError(f"{path}: not what harness verify writes ({why}); remove it and verify again") from error


def add_verification(root: Path, record: Mapping[str, Any]) -> Path:
    """Add a verification to those beside the results; one of the same draw is replaced. Raises: HarnessError."""
    path = root / FILE
    _read(path)  # a file of another form is not written over
    kept = json.loads(read_regular(path, LARGEST))["verifications"] if path.is_file() else []
    kept = [one for one in kept if one.get("draw") != record["draw"]]
    text = json.dumps(
        {"schema": SCHEMA, "verifications": [*kept, record]},
        indent=1,
        sort_keys=True,
        allow_nan=False,
    )
    write_atomically(path, lambda draft: draft.write_text(text + "\n", encoding="utf-8"))
    return path
