"""Results on disk: one folder per job, written under a temporary name and renamed, so never half-written."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from pydantic_core import from_json

from harness.core.errors import CannotWrite, HarnessError
from harness.core.job import JobSpec
from harness.results.folders import LeftOut, result_folders, why_without
from harness.results.metric_versions import stored_version
from harness.results.schema import fault
from harness.results.summary import ResultSummary, read_summary, summaries_by_folder
from harness.system.files import sweep
from harness.system.folders import written_as_text
from harness.system.leases import EXPIRY, Leases
from harness.system.processes import is_dead, machine, tag
from harness.system.regular import MB, read_regular

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
NAME = "result.json"
LARGEST = 16 * MB  # bytes of a result; one has three thousand
REMEDY = "remove its folder to run the job again"
DRAFTS = ".drafts"
CHECKPOINTS = ".checkpoints"
OLD = ".old"
State = Literal["done", "quick", "failed", "stale", "missing"]


class Store:
    """The runs folder: `<dataset>/<method>/<fold>-s<seed>-<id>/`."""

    def __init__(self, root: Path) -> None:
        self.root = written_as_text(root, "the folder of results")
        self.leases = Leases(root)
        self.left_out: LeftOut = {}  # path -> why, of what `results` met that is no result

    @property
    def folders(self) -> list[Path]:
        """The runs folder, as one of those of a joined store."""
        return [self.root]

    def folder(self, job: JobSpec) -> Path:
        """Return where the result of a job lives. Names are quoted, so none of them can leave the store."""
        return Path(self._folder(job))

    def _folder(self, job: JobSpec) -> str:
        name = f"{safe_name(job.fold)}-s{job.seed}-{job.id}"
        return os.path.join(  # noqa: PTH118  (a path object takes three times as long, and there are thousands)
            self.root,
            safe_name(job.dataset),
            safe_name(job.method),
            name,
        )

    def checkpoint(self, job: JobSpec) -> Path:
        """Return where an unfinished job keeps what it has trained so far."""
        return self.root / CHECKPOINTS / f"{job.id}.pt"

    def result(self, job: JobSpec) -> dict[str, Any] | None:
        """Return the stored result of a job, or None."""
        path = self.folder(job) / NAME
        return read(path) if path.is_file() else None

    def located(self, job: JobSpec) -> dict[str, Any] | None:
        """Return the stored result of a job with its folder as `path`, or None."""
        result = self.result(job)
        return None if result is None else {**result, "path": str(self.folder(job))}

    def summary(self, job: JobSpec) -> ResultSummary | None:
        """Return what a run has to know of the stored result of a job, or None."""
        return read_summary(self._folder(job))

    def summaries(self) -> dict[str, ResultSummary]:
        """Return what a run has to know of every stored result, by its folder; `left_out` names what is damaged."""
        self.left_out.clear()
        return summaries_by_folder(self.root, self.left_out)

    def state(self, job: JobSpec, source_sha256: str) -> State:
        """Return what the store holds of a job."""
        return state_of(self.summary(job), source_sha256)

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield every stored result, in order of their paths, each with its folder as `path`.

        What is damaged is left out, and named in `left_out`.
        """
        self.left_out.clear()
        for folder in result_folders(os.fspath(self.root), self.left_out):
            path = f"{folder}/{NAME}"
            try:
                result = read(path)
            except NoResult as error:
                why = why_without(folder) if error.missing else error.why
                if why:
                    self.left_out[path] = why
            else:
                yield {**result, "path": folder}

    def sound(self) -> Iterator[dict[str, Any]]:
        """Yield the results that have the form that every table needs; the others are named in `left_out`, too."""
        for result in self.results():
            wrong = fault(result)
            if wrong:
                self.left_out[f"{result['path']}/{NAME}"] = no_result(result["path"], wrong).why
            else:
                yield result

    def predictions(self, result: Mapping[str, Any]) -> pd.DataFrame:
        """Return `predictions.parquet` of a result that `results` gave. Raises: HarnessError if it is damaged."""
        from harness.results.tables import read_table  # which imports Arrow

        return read_table(Path(result["path"]) / "predictions.parquet")

    @contextmanager
    def draft(self, job: JobSpec) -> Iterator[Path]:
        """Give a folder to write a job's files into; it takes the job's place when the block ends without an error."""
        draft = self.root / DRAFTS / f"{job.id}-{tag()}-{uuid.uuid4().hex[:6]}"
        draft.mkdir(parents=True)
        try:
            yield draft
            replace_folder(draft, self.folder(job))
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def lost_logs(self, job: JobSpec) -> str:
        """Return what processes that were killed had logged of a job, the oldest first."""
        logs = (self.root / DRAFTS).glob(f"{job.id}-*/log.txt")
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(logs, key=_changed))

    def sweep(self) -> None:
        """Remove what processes left behind when they were killed; an old result that had stepped aside comes back."""
        sweep(self.root / CHECKPOINTS)
        self.leases.sweep()
        at_work = self.leases.live()
        for draft in sorted((self.root / DRAFTS).glob("*-*-*-*-*")):
            job_id, _, owner = draft.name.removesuffix(OLD).rpartition("-")[0].partition("-")
            if is_dead(owner) or (not owner.startswith(machine()) and job_id not in at_work and _is_old(draft)):
                self._put_back(draft)
                shutil.rmtree(draft, ignore_errors=True)
        for checkpoint in (self.root / CHECKPOINTS).glob("*.pt"):
            if checkpoint.stem not in at_work and any(self.root.glob(f"*/*/*-{checkpoint.stem}/result.json")):
                with suppress(OSError):
                    checkpoint.unlink(missing_ok=True)

    def _put_back(self, draft: Path) -> None:
        if draft.name.endswith(OLD) and (draft / "result.json").is_file():
            with suppress(HarnessError, OSError, KeyError):
                found = read(draft / "result.json")
                names = [safe_name(found["dataset"]), safe_name(found["method"])]
                target = self.root.joinpath(*names, f"{safe_name(found['fold'])}-s{found['seed']}-{found['id']}")
                if not target.exists():
                    draft.rename(target)

    def check_writable(self, *, make: bool = True) -> None:
        """Look whether anything can be written here, before any work.

        Args:
            make: whether the store's folder is made where it is missing; else the folder that it would be in is tried.

        Raises:
            CannotWrite: nothing can.
        """
        try:
            there = next(folder for folder in (self.root, *self.root.absolute().parents) if folder.exists())
            probe = (self.root / DRAFTS if make else there) / f".probe-{uuid.uuid4().hex}"
        except OSError as error:
            raise self._cannot_write(error) from error
        try:
            if make:
                probe.parent.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(bytes(4096))  # an empty file fits on a full disk
        except OSError as error:
            raise self._cannot_write(error) from error
        finally:
            with suppress(OSError):
                probe.unlink()

    def _cannot_write(self, error: OSError) -> CannotWrite:
        return CannotWrite(f"cannot write results to {self.root}: {error.strerror}; choose another folder with --out")


class JoinedStores:
    """Several runs folders, read as one. Nothing is written to them."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.stores = [Store(root) for root in roots]

    @property
    def folders(self) -> list[Path]:
        """The runs folders."""
        return [store.root for store in self.stores]

    @property
    def root(self) -> str:
        """The folders, as messages name them."""
        return ", ".join(str(store.root) for store in self.stores)

    @property
    def left_out(self) -> LeftOut:
        """Path and reason of what `results` met that is no result."""
        return {path: why for store in self.stores for path, why in store.left_out.items()}

    def sound(self) -> Iterator[dict[str, Any]]:
        """Yield the same as `results`."""
        yield from self.results()

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield every sound result, each with its folder as `path`; a job that several folders hold comes once.

        A full result comes before a quick one of the same job, and of equal ones that with more metrics.

        Raises:
            HarnessError: two folders hold different results of one job, so that either might be meant.
        """
        seen: dict[str, dict[str, Any]] = {}
        for store in self.stores:
            for result in store.sound():
                job_id = str(result.get("id"))
                first = seen.setdefault(job_id, result)
                if first.get("quick") and not result.get("quick"):
                    seen[job_id] = result
                elif result.get("quick") and not first.get("quick"):
                    continue
                elif _differ(first, result):
                    raise HarnessError(
                        f"{first['path']} and {result['path']} are different results of one job; remove one of them, "
                        f"or name one --runs only"
                    )
                elif len(_versions(result)) > len(_versions(first)):
                    seen[job_id] = result
        yield from seen.values()


def open_stores(roots: Sequence[Path]) -> Store | JoinedStores:
    """Return the results below one or several runs folders. Raises: HarnessError if one of several is not there."""
    if len(roots) == 1:
        return Store(roots[0])
    for root in roots:
        if not root.is_dir():
            raise HarnessError(f"--runs {root}: no such folder")
    return JoinedStores(roots)


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two results of one job contradict each other.

    They share all that does not depend on when and where it ran. One may have been rescored: metrics that only one of
    them has, or that are of different versions, are not compared.
    """
    if _ran(one) != _ran(other):
        return True
    common = {name for name, version in _versions(one).items() if _versions(other).get(name) == version}
    return any((one["metrics"] or {})[name] != (other["metrics"] or {})[name] for name in common)


def _ran(result: Mapping[str, Any]) -> tuple[Any, ...]:
    source = (result.get("plugin") or {}).get("source_sha256")
    return result.get("status"), source, result.get("confusion"), result.get("n_scored")


def _versions(result: Mapping[str, Any]) -> dict[str, str]:
    """Return the version that each stored value is of."""
    versions = result.get("metric_versions") or {}
    return {name: stored_version(versions, name.partition(".")[0]) for name in result.get("metrics") or {}}


def state_of(summary: ResultSummary | None, source_sha256: str) -> State:
    """Return done, failed or missing. Stale: made by another source of the plugin at the same version.

    Quick: done, but by `bench --quick`.
    """
    if summary is None or summary.status == "broken":
        return "missing"
    if summary.source_sha256 != source_sha256:
        return "stale"
    return "quick" if summary.quick and summary.status == "done" else summary.status


def replace_folder(draft: Path, target: Path) -> None:
    """Rename `draft` to `target`. An older folder there steps aside first, since a rename cannot replace one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = draft.with_name(draft.name + OLD)
    if os.path.lexists(target):
        target.rename(old)
    draft.rename(target)
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.unlink(missing_ok=True)


def _changed(path: Path) -> float:
    return path.stat().st_mtime


def _is_old(draft: Path) -> bool:
    with suppress(OSError):
        return time.time() - max(p.stat().st_mtime for p in (draft, *draft.iterdir())) > EXPIRY
    return False


class NoResult(HarnessError):
    """A `result.json` that is none: missing, damaged, or of another form."""

    def __init__(
        self,
        path: str | Path,
        why: str,
        *,
        missing: bool = False,
    ) -> None:
        super().__init__(f"{path}: {why}")
        self.why = why
        self.missing = missing


def no_result(path: str | Path, wrong: object) -> NoResult:
    """Return the error of a file that was read and is no result."""
    return NoResult(path, f"not a result ({wrong}); {REMEDY}")


def read(path: str | Path) -> dict[str, Any]:
    """Parse a `result.json`, a file of a size that one has. Raises: NoResult that names the file."""
    try:
        result: dict[str, Any] = from_json(read_regular(path, LARGEST))  # twice as fast as Python's own
    except FileNotFoundError as error:
        raise NoResult(path, f"not a result ({error}); {REMEDY}", missing=True) from error
    except OSError as error:
        raise no_result(path, error.strerror or error) from error
    except ValueError as error:
        raise no_result(path, error) from error
    if not isinstance(result, dict):
        raise NoResult(path, f"not a result; {REMEDY}")
    if result.get("schema") != SCHEMA:
        raise NoResult(path, f"schema {repr(result.get('schema'))[:80]}, this version reads {SCHEMA}")
    return result


def write_json(path: Path, data: Any) -> None:
    """Write plain data readably. NaN is refused: no other reader would take it."""
    text = json.dumps(
        data,
        indent=2,
        sort_keys=True,
        allow_nan=False,
        ensure_ascii=False,
    )
    path.write_text(text + "\n", encoding="utf-8")


@lru_cache
def safe_name(name: str) -> str:
    """Percent-encode a name as one path component."""
    quoted = quote(name, safe=" ()+=@,")
    return "%2E" + quoted[1:] if quoted.startswith(".") else quoted
