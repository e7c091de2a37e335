"""A bundle checked from its first byte to its place on the board; nothing of it is run, imported or unpickled."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec
from harness.core.registered import Registered
from harness.core.text import first_line
from harness.leaderboard.render import load
from harness.models.spec import MethodSpec
from harness.results.store import Store
from harness.submission import official, scores
from harness.submission.adding import add, conflicts
from harness.submission.archive import Archive
from harness.submission.contents import Contents, unpack
from harness.submission.placing import PlacedRow, placed, without_places
from harness.submission.remark import Remark, objection

CHUNK = 1 << 20


@dataclass(frozen=True)
class Known:
    """The datasets, metrics and methods that are registered here: a bundle is measured by them, and adds none."""

    datasets: Mapping[str, DatasetSpec]
    metrics: Mapping[str, MetricSpec]
    methods: Mapping[str, Registered[MethodSpec]]


@dataclass
class Review:
    """The outcome of a check.

    Attributes:
        bundle: name of its file, without its folder.
        sha256: of the file.
        files: number of files in it.
        jobs: results in it that could be read.
        sources: SHA-256 of each plugin's source in it, by the plugin's name.
        rows: its rows on the board.
        remarks: objections and notes.
        added: results that were copied into the store; None if that was not asked for or not done.
    """

    bundle: str
    sha256: str = ""
    files: int = 0
    jobs: int = 0
    sources: dict[str, str] = field(default_factory=dict)
    rows: list[PlacedRow] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    added: int | None = None

    @property
    def objections(self) -> list[Remark]:
        """Remarks that keep the bundle out."""
        return [remark for remark in self.remarks if remark.level == "objection"]

    @property
    def notes(self) -> list[Remark]:
        """Remarks for whoever decides."""
        return [remark for remark in self.remarks if remark.level == "note"]

    @property
    def accepted(self) -> bool:
        """Whether nothing stands against it."""
        return not self.objections


def review(
    path: Path,
    known: Known,
    store: Store | None = None,
    *,
    adding: bool = False,
) -> Review:
    """Check a bundle, place it beside the results of a store, and add it there if that is asked for.

    Raises:
        NoBundle: there is no such file, or it is no bundle.
        HarnessError: the store cannot be read or written; the bundle never is a reason.
    """
    if store and not store.root.is_dir():
        raise HarnessError(f"--runs {store.root}: no such folder; make it for the first bundle")
    found = Review(path.name)
    with Archive(path) as archive, tempfile.TemporaryDirectory(prefix="harness-accept-") as folder:
        found.sha256, found.files = _sha256(path), len(archive.members)
        contents = unpack(archive, Path(folder) / "runs")
        found.jobs, found.sources = len(contents.results), contents.sources
        found.remarks += contents.remarks
        if not contents.results and found.accepted:
            found.remarks.append(objection("empty", "", "holds no result"))
        if contents.results:
            _look_at(found, contents, known, store)
        roots = [contents.store.root, *([store.root] if store else [])]
        found.remarks = [replace(remark, text=without_places(remark.text, roots)) for remark in found.remarks]
        if adding and store and found.accepted:
            found.added = add(store, contents.results)
    return found


def _look_at(
    found: Review,
    contents: Contents,
    known: Known,
    store: Store | None,
) -> None:
    """Compare what could be read with the official splits, its own predictions, and the store."""
    results = contents.results
    splits = list(official.compared(results, contents.labels, known.datasets))
    unverified = {remark.where for remark in splits if remark.code == official.UNVERIFIED}
    found.remarks += splits
    found.remarks += scores.recomputed(results, known.metrics)
    if store:
        found.remarks += conflicts(store, results)
    try:
        placing = placed(
            store,
            results,
            known.datasets,
            known.metrics,
            known.methods,
            unverified,
        )
    except Exception as error:  # values that are of the right types and still fit no table: the bundle's fault
        _check_store(store, known)
        text = f"cannot be placed on the board: {type(error).__name__}: {first_line(error)}"
        found.remarks.append(objection("no-place", "", text))
        return
    found.rows = placing.rows
    found.remarks += placing.remarks


def _check_store(store: Store | None, known: Known) -> None:
    """Read a store alone, so that what is wrong with it is not laid at the bundle's door. Raises: HarnessError."""
    results = list(store.sound()) if store else []
    for path, why in store.left_out.items() if store else ():
        raise HarnessError(f"{path}: {why}")
    if store and results:
        load(store, known.datasets, known.metrics)


def _sha256(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            total.update(part)
    return total.hexdigest()
