"""Accepted results put into a store: all of them, or none."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.core.errors import CannotWrite
from harness.results.records import job_of
from harness.results.store import DRAFTS, OLD, Store, read
from harness.submission.remark import Remark, objection
from harness.system.processes import tag

ADDED = ("result.json", "predictions.parquet", "history.parquet")


def conflicts(store: Store, results: Sequence[Mapping[str, Any]]) -> list[Remark]:
    """Return results of which the store holds another one of the same job. Raises: HarnessError for a broken store."""
    found = []
    for result in results:
        held = _held(store, result)
        if held and not _same(held, result):
            where = f"{result['dataset']}, {result['method']}, fold {result['fold']}, seed {result['seed']}"
            text = f"the store holds another result of this job ({result['id']}), which a bundle does not replace"
            found.append(objection("other-result", where, text))
    return found


def add(store: Store, results: Sequence[Mapping[str, Any]]) -> int:
    """Copy results into a store and return how many it did not have.

    All are written beside their places first, then moved there one by one; if one cannot be moved, those that were are
    taken out again. A result of a job that had failed, or of a quick run, gives way.

    Raises:
        CannotWrite: nothing was added.
    """
    store.check_writable()
    new = [result for result in results if not _held(store, result)]
    drafts: list[tuple[Path, Path]] = []
    try:
        for result in new:
            drafts.append((_drafted(store, result), store.folder(job_of(result))))
        _move(drafts)
    except OSError as error:
        raise CannotWrite(f"cannot add to {store.root}: {error.strerror or error}; nothing was added") from error
    finally:
        for draft, _ in drafts:
            shutil.rmtree(draft, ignore_errors=True)
            shutil.rmtree(_aside(draft), ignore_errors=True)
    return len(new)


def _held(store: Store, result: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the full, finished result of the same job that the store holds."""
    path = store.folder(job_of(result)) / "result.json"
    held = read(path) if path.is_file() else None
    return held if held and held.get("status") == "done" and not held.get("quick") else None


def _same(held: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    source = [(one.get("plugin") or {}).get("source_sha256") for one in (held, result)]
    alike = all(held.get(name) == result.get(name) for name in ("metrics", "confusion", "n_scored"))
    return alike and source[0] == source[1]


def _drafted(store: Store, result: Mapping[str, Any]) -> Path:
    """Copy the files of a result to where the store keeps drafts."""
    draft = store.root / DRAFTS / f"{result['id']}-{tag()}-{uuid.uuid4().hex[:6]}"
    draft.mkdir(parents=True)
    for name in ADDED:
        source = Path(result["path"]) / name
        if source.is_file():
            shutil.copyfile(source, draft / name)
    return draft


def _aside(draft: Path) -> Path:
    return draft.with_name(draft.name + OLD)


def _move(drafts: Sequence[tuple[Path, Path]]) -> None:
    """Put drafts in their places; after an error everything is as it was."""
    moved: list[tuple[Path, Path]] = []
    try:
        for draft, target in drafts:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                target.rename(_aside(draft))
            moved.append((draft, target))
            draft.rename(target)
    except BaseException:
        for draft, target in reversed(moved):
            with suppress(OSError):
                if not draft.exists():
                    target.rename(draft)
                if _aside(draft).exists():
                    _aside(draft).rename(target)
        raise
