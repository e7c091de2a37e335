"""Results on disk: one folder per job, written under a temporary name and renamed, so never half-written."""

from __future__ import annotations

import json
import os
import shutil
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from harness.errors import HarnessError
from harness.specs import JobSpec

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
DRAFTS = ".drafts"
CHECKPOINTS = ".checkpoints"
State = Literal["done", "failed", "stale", "missing"]


class Store:
    """The runs folder: `<dataset>/<method>/<fold>-s<seed>-<id>/`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, job: JobSpec) -> Path:
        """Where the result of a job lives. Names are quoted, so none of them can leave the store."""
        name = f"{safe_name(job.fold)}-s{job.seed}-{job.id}"
        return self.root / safe_name(job.dataset) / safe_name(job.method) / name

    def checkpoint(self, job: JobSpec) -> Path:
        """Where an unfinished job keeps what it has trained so far."""
        return self.root / CHECKPOINTS / f"{job.id}.pt"

    def result(self, job: JobSpec) -> dict[str, Any] | None:
        """The stored result of a job, or None."""
        path = self.folder(job) / "result.json"
        return read(path) if path.is_file() else None

    def located(self, job: JobSpec) -> dict[str, Any] | None:
        """The stored result of a job with its folder as `path`, or None."""
        result = self.result(job)
        return None if result is None else {**result, "path": str(self.folder(job))}

    def state(self, job: JobSpec, source_sha256: str) -> State:
        """What the store holds of a job. Stale: made by another source of the plugin at the same version."""
        result = self.result(job)
        if result is None:
            return "missing"
        if result["plugin"]["source_sha256"] != source_sha256:
            return "stale"
        return "done" if result["status"] == "done" else "failed"

    def results(self) -> Iterator[dict[str, Any]]:
        """Every stored result, in order of their paths, each with its folder as `path`."""
        for path in sorted(self.root.glob("*/*/*/result.json")):
            if DRAFTS not in path.parts:
                yield {**read(path), "path": str(path.parent)}

    def predictions(self, result: Mapping[str, Any]) -> pd.DataFrame:
        """`predictions.parquet` of a result that `results` gave."""
        import pandas as pd

        return pd.read_parquet(Path(result["path"]) / "predictions.parquet")

    @contextmanager
    def draft(self, job: JobSpec) -> Iterator[Path]:
        """A folder to write a job's files into; it takes the job's place when the block ends without an error."""
        draft = self.root / DRAFTS / f"{job.id}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        draft.mkdir(parents=True)
        try:
            yield draft
            replace_folder(draft, self.folder(job))
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what dead processes of this host left behind."""
        for draft in (self.root / DRAFTS).glob("*"):
            host, _, pid = draft.name.partition("-")[2].rpartition("-")[0].rpartition("-")
            if host == socket.gethostname() and pid.isdigit() and not _alive(int(pid)):
                shutil.rmtree(draft, ignore_errors=True)

    def check_writable(self) -> None:
        """Raise HarnessError before any work if nothing can be written here."""
        probe = self.root / DRAFTS / f"probe-{uuid.uuid4().hex}"
        try:
            probe.parent.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise HarnessError(
                f"cannot write results to {self.root}: {error.strerror}; choose another folder with --out"
            ) from error


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def replace_folder(draft: Path, target: Path) -> None:
    """Rename `draft` to `target`. An older folder there steps aside first, since a rename cannot replace one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = draft.with_name(draft.name + ".old")
    if target.exists():
        target.rename(old)
    draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def read(path: Path) -> dict[str, Any]:
    """Parse a `result.json`. Raises: HarnessError that names the file."""
    try:
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(f"{path}: not a result ({error}); remove its folder to run the job again") from error
    if result.get("schema") != SCHEMA:
        raise HarnessError(f"{path}: schema {result.get('schema')!r}, this version reads {SCHEMA}")
    return result


def write_json(path: Path, data: Any) -> None:
    """Write plain data readably. NaN is refused: no other reader would take it."""
    text = json.dumps(data, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def safe_name(name: str) -> str:
    """A name as one path component, whatever it holds."""
    quoted = quote(name, safe=" ()+=@,")
    return "%2E" + quoted[1:] if quoted.startswith(".") else quoted
