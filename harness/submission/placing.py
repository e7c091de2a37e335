"""Where the rows of a bundle stand on the board of a store: their place, and paired tests against their neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec
from harness.core.registered import Registered
from harness.leaderboard.audit import Finding, audit
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.collect import SCORES
from harness.leaderboard.board.notes import full_name, row_notes
from harness.leaderboard.board.sections import BoardRow, Section
from harness.leaderboard.render import load
from harness.leaderboard.tables import cells
from harness.leaderboard.tables.machine_readable import pair_json
from harness.models.spec import MethodSpec
from harness.results.store import JoinedStores, Store
from harness.submission.remark import Remark, note, objection

BESIDE = 2  # neighbours on each side that a row is tested against


@dataclass(frozen=True)
class Neighbour:
    """A row beside one of the bundle, and the paired test: the bundle's row minus this one, as fractions."""

    name: str
    place: str
    tests: Mapping[str, Mapping[str, float | None]]  # by score: difference, low, high, p, p_holm


@dataclass(frozen=True)
class PlacedRow:
    """A row of the bundle on the board, as its tables print it."""

    row: str
    name: str
    dataset: str
    protocol: str
    caveats: tuple[str, ...]
    place: str  # as tables print it, "1=" among ties
    of: int  # ranked rows of its table
    scores: Mapping[str, str]
    folds: str
    jobs: int  # of the bundle
    held: int  # that the store had of this row before
    notes: tuple[str, ...]
    neighbours: tuple[Neighbour, ...]


class BesideStore(JoinedStores):
    """A store and the results of a bundle: of a job that both hold, the bundle's."""

    def __init__(
        self,
        store: Store | None,
        handed_in: Sequence[dict[str, Any]],
    ) -> None:
        super().__init__([store.root] if store else [])
        self.handed_in = handed_in

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield every result, each with its folder as `path`."""
        ours = {result["id"] for result in self.handed_in}
        for store in self.stores:
            yield from (result for result in store.sound() if result.get("id") not in ours)
        yield from self.handed_in


@dataclass
class Placing:
    """The rows of a bundle on the board, and what the audit says of them."""

    rows: list[PlacedRow] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def placed(
    store: Store | None,
    handed_in: Sequence[dict[str, Any]],
    datasets: Mapping[str, DatasetSpec],
    metrics: Mapping[str, MetricSpec],
    methods: Mapping[str, Registered[MethodSpec]],
    unverified: Collection[str] = (),
) -> Placing:
    """Put results beside those of a store, where there is one, and audit them.

    Args:
        store: whose board it is.
        handed_in: results of a bundle, each with its folder as `path`.
        datasets: as they are registered here.
        metrics: the same.
        methods: the same.
        unverified: datasets of which no official split tells whose clips are the right ones.

    Raises:
        HarnessError: the store itself cannot be read.
    """
    board = load(BesideStore(store, handed_in), datasets, metrics)
    for path, why in board.left_out.items():
        raise HarnessError(f"{path}: {why}")
    found = Placing()
    paths = {result["path"] for result in handed_in}
    ours: dict[str, int] = {}
    for row, jobs in board.jobs.by_row.items():
        count = sum(job["path"] in paths for job in jobs)
        if count:
            ours[row] = count
    for sections in board.sections.values():
        for section in sections:
            mine = [row for row in section.rows if row["row"] in ours]
            found.rows += [_placed(board, section, row, ours[row["row"]]) for row in mine]
    for finding in audit(board, methods):
        found.remarks += _remarks(finding, set(ours), unverified)
    return found


def _placed(
    board: Board,
    section: Section,
    row: BoardRow,
    jobs: int,
) -> PlacedRow:
    names = [name for name in SCORES if f"{name}_mean" in row]
    return PlacedRow(
        row=row["row"],
        name=full_name(row),
        dataset=board.titles[section.dataset],
        protocol=section.protocol_hash,
        caveats=tuple(caveat.title for caveat in section.caveats),
        place=cells.place(row),
        of=int(section.frame["ranked"].sum()),
        scores={name: cells.metric(row, name, {}) for name in names},
        folds=cells.folds(row),
        jobs=jobs,
        held=len(board.jobs.by_row[row["row"]]) - jobs,
        notes=tuple(row_notes(board, row)),
        neighbours=tuple(_neighbours(board, section, row)),
    )


def _neighbours(
    board: Board,
    section: Section,
    row: BoardRow,
) -> Iterator[Neighbour]:
    """Yield the rows next to a row in rank, with the paired tests of its table; none if it could not be tested."""
    tests = board.tests.get(section.key)
    if tests is None or row["row"] not in tests.rows:
        return
    own = tests.rows.index(row["row"])
    known = {other["row"]: other for other in section.rows}
    for other in range(max(0, own - BESIDE), min(len(tests.rows), own + BESIDE + 1)):
        if other != own:
            pair = pair_json(tests, own, other)
            beside = known[tests.rows[other]]
            scores = {name: pair[name] for name in SCORES}
            yield Neighbour(full_name(beside), cells.place(beside), scores)


def _remarks(
    finding: Finding,
    ours: set[str],
    unverified: Collection[str],
) -> Iterator[Remark]:
    """Yield what the audit finds, as far as it is about the bundle or caused by it.

    Rows vote on what the test clips are where no official split says so: a bundle may not outvote those that are there.
    """
    where = f"{finding.dataset}, {finding.name}"
    if finding.row in ours:
        tell = objection if finding.level == "error" else note
        yield tell(finding.code, where, finding.message)
    elif finding.code == "other-clips" and finding.dataset in unverified:
        text = f"a row that the store holds has other test clips than this bundle: {finding.message}"
        yield objection("outvoted", where, text)
    elif finding.level == "error" and finding.row:
        yield note("store", where, f"in the store itself, or beside this bundle: {finding.message}")


def without_places(text: str, roots: Sequence[Path]) -> str:
    """Return text without the folders where results lay while they were looked at."""
    for root in roots:
        text = text.replace(f"{root}/", "")
    return text
