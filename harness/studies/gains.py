"""A paper claims differences: what a part adds, beside what it adds here, and whether that bears the claim out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tabulate import tabulate

from harness.core.text import markdown
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.inference import Inference
from harness.plugin.specs import StudyColumn, StudyRow, StudySpec
from harness.studies.table import DASH, heading

POINTS = 100
SCORES = ("war", "uar")

Claim = Literal["holds", "does not hold", "cannot tell", "not tested"]


@dataclass(frozen=True)
class Gain:
    """Difference of two rows of a study in one column, in points, as the paper prints it and as it was found here.

    Attributes:
        row: labels of the row.
        against: labels of the row that it is held against.
        column: name of the column, "ferv39k.war".
        heading: the same for people.
        printed: None where the paper prints no number.
        ours: None where it was not tested.
        low: of the 95 % interval of ours.
        high: likewise.
        claim: whether ours has the sign of the paper's, by its interval.
        level: what the interval holds for: methods, or trained models.
    """

    row: tuple[str, ...]
    against: tuple[str, ...]
    column: str
    heading: str
    printed: float | None
    ours: float | None = None
    low: float | None = None
    high: float | None = None
    claim: Claim = "not tested"
    level: str = ""


def gains_of(
    spec: StudySpec,
    columns: Sequence[StudyColumn],
    board: Board,
) -> list[Gain]:
    """Return the gain of each row that is held against another, in each column of WAR and UAR.

    Args:
        spec: the study.
        columns: its columns, and those of datasets that were run beside.
        board: of its results, with predictions.
    """
    rows = {row.labels: row for row in spec.rows}
    found: list[Gain] = []
    for row in spec.rows:
        if row.against:
            found += _gains_of_row(row, rows[row.against], columns, board)
    return found


def _gains_of_row(
    row: StudyRow,
    reference: StudyRow,
    columns: Sequence[StudyColumn],
    board: Board,
) -> Iterator[Gain]:
    for place, column in enumerate(columns):
        if column.figure not in SCORES or not column.dataset:
            continue
        printed = _printed(row, reference, place)
        name = f"{column.dataset}.{column.figure}"
        same = (row.labels, reference.labels, name, heading(column), printed)
        pair = _pair(board, column.dataset, row, reference)
        if pair is None:
            yield Gain(*same)
            continue
        tests, a, b = pair
        measure = tests.war if column.figure == "war" else tests.uar
        ours = float(measure.values[a] - measure.values[b]) * POINTS
        low, high = (float(end) * POINTS for end in measure.differences[:, a, b])
        yield Gain(*same, ours, low, high, claim_of(printed, low, high), tests.level)


def claim_of(
    printed: float | None,
    low: float,
    high: float,
) -> Claim:
    """Return whether a difference has the sign of the printed one: its whole interval, none of it, or part of it.

    Where no number is printed, the claim is that the row is better.
    """
    sign = -1 if printed is not None and printed < 0 else 1
    least, most = sorted((sign * low, sign * high))
    if least > 0:
        return "holds"
    return "does not hold" if most < 0 else "cannot tell"


def _printed(
    row: StudyRow,
    reference: StudyRow,
    place: int,
) -> float | None:
    """Return the gain as the paper prints it, else the difference of the numbers that it prints."""
    if place < len(row.gain):
        return row.gain[place]
    both = [of.printed[place] if place < len(of.printed) else None for of in (row, reference)]
    return None if both[0] is None or both[1] is None else both[0] - both[1]


def _pair(
    board: Board,
    dataset: str,
    row: StudyRow,
    reference: StudyRow,
) -> tuple[Inference, int, int] | None:
    """Return the tests that both rows are part of, and their places; None if there are none, or not one of each."""
    lines = [line for line in board.as_rows if line["dataset"] == dataset and not line["quick"]]
    found = []
    for one in (row, reference):
        own = [line["row"] for line in lines if one.method and (line["method"], line["variant"]) == one.key]
        found.append(own)
    if [len(own) for own in found] != [1, 1]:
        return None
    for tests in board.tests.values():
        if found[0][0] in tests.rows and found[1][0] in tests.rows:
            return tests, tests.rows.index(found[0][0]), tests.rows.index(found[1][0])
    return None


def gains_table(found: Sequence[Gain]) -> str:
    """Return the gains in Markdown; empty without any."""
    if not found:
        return ""
    lines = [
        [
            markdown(" / ".join(filter(None, gain.row))),
            markdown(" / ".join(filter(None, gain.against))),
            markdown(gain.heading),
            _signed(gain.printed),
            _with_ends(gain),
            gain.claim,
        ]
        for gain in found
    ]
    head = ["Row", "Against", "Score", "Gain, paper", "Gain, ours [95 %]", "Claim"]
    return tabulate(lines, head, tablefmt="github", disable_numparse=True)


def gain_facts(found: Iterable[Gain]) -> list[dict[str, Any]]:
    """Return the gains as plain data, in points."""
    return [asdict(gain) for gain in found]


def gain_notes(found: Sequence[Gain]) -> list[str]:
    """Return what a reader has to know of the claims."""
    levels = {gain.level for gain in found if gain.level}
    said: Mapping[str, str] = {
        "methods": "Gains are of methods: intervals over clips and trainings.",
        "trained models": "One training each: intervals of gains are of these trained models, over clips alone.",
    }
    return [text for level, text in said.items() if level in levels]


def _signed(value: float | None) -> str:
    return DASH if value is None else f"{value:+.2f}"


def _with_ends(gain: Gain) -> str:
    if gain.ours is None:
        return DASH
    return f"{_signed(gain.ours)} [{_signed(gain.low)}, {_signed(gain.high)}]"
