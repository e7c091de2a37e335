"""Why a row is not ranked: every rule of the audit of level error that speaks of one row, asked once for the board.

The audit tells these as its errors and has no others of its own, so that no row with an error can lead a table.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pyarrow.parquet as pq
from pyarrow import BufferReader

from harness.core.text import first_few, first_line
from harness.core.weights_spec import AUTHORS
from harness.leaderboard.board.collect import Jobs
from harness.leaderboard.board.evidence import Evidence
from harness.leaderboard.board.verification import CONFUSION, Difference
from harness.results.tables import BadTable, read_bytes

REFUTED = "its scores are not those that its own predictions give"
UNREADABLE = "its predictions are missing or unreadable, so its scores cannot be verified"
OTHER_CLIPS = "its test clips are not those of most rows of its table"
UNTOLD = "its history is damaged, so it cannot be told whether it looked at scores on the test clips"
SEEN = "scores on the test clips were looked at during training, which its selection rule denies"
TRAINED_ON = "tested on clips that the authors of its weights have trained on"
EDITED = "its results contradict the protocol that they name"
BY_CODE = {"edited": EDITED, "test-data-seen": SEEN}
HISTORY = "history.parquet"
TEST = "test_"  # columns of a history: scores of each epoch on the test clips
NAMED = 3


@dataclass(frozen=True)
class Objection:
    """One thing that a row cannot be, or that its own files contradict."""

    code: str  # of the audit
    reason: str  # for tables: without folds, seeds and figures
    message: str  # for the audit: with them
    values: Mapping[str, Any] = field(default_factory=dict)


Objections = dict[str, list[Objection]]  # by row


def of_files(
    jobs: Jobs,
    evidence: Evidence,
    differences: Mapping[str, Sequence[Difference]],
    rows: Collection[str] | None = None,
) -> Objections:
    """Return what the files of each row, or of these rows only, object to: whatever other rows stand beside it."""
    found: Objections = {}
    for row, of_row in jobs.by_row.items():
        if rows is not None and row not in rows:
            continue
        protocol = jobs.facts[row]["protocol"]
        own = [
            *(Objection("bad-predictions", UNREADABLE, text) for text in evidence.problems.get(row, ())),
            *(Objection("logits-differ", REFUTED, text) for text in evidence.contradicted.get(row, ())),
            *_scores(differences.get(row, ())),
            *_contradictions(of_row),
            *(_several_folds(of_row) if protocol["selection"] == AUTHORS else ()),
            *(_seen(of_row, protocol["selection"]) if protocol["selection"] != "oracle" else ()),
        ]
        if own:
            found[row] = own
    return found


def of_clips(other_clips: Mapping[str, Sequence[str]]) -> Objections:
    """Return what stands against rows with other test clips than most."""
    return {row: [Objection("other-clips", OTHER_CLIPS, text) for text in texts] for row, texts in other_clips.items()}


def joined(first: Objections, second: Objections) -> Objections:
    """Return the objections of both, by row."""
    rows = dict.fromkeys(chain(first, second))
    return {row: [*first.get(row, ()), *second.get(row, ())] for row in rows}


def reasons(found: Mapping[str, Sequence[Objection]]) -> dict[str, str]:
    """Return by row why it is not ranked, each reason once."""
    return {row: "; ".join(dict.fromkeys(one.reason for one in of_row)) for row, of_row in found.items()}


def _scores(differences: Sequence[Difference]) -> Iterator[Objection]:
    """Yield stored scores on which ranks hang and which the predictions do not give."""
    for wrong in differences:
        where = f"fold {wrong.part.fold} seed {wrong.part.seed}"
        if wrong.name == CONFUSION:
            text = f"{where}: its confusion matrix is not that of its predictions"
            yield Objection("scores-differ", REFUTED, text)
        elif wrong.decides:
            text = f"{where}: {wrong.name.upper()} {wrong.said}"
            yield Objection("scores-differ", REFUTED, text, wrong.values)


def _contradictions(of_row: Sequence[Mapping[str, Any]]) -> Iterator[Objection]:
    """Yield what results say against the protocol that they name."""
    said: dict[tuple[str, str], list[str]] = {}
    for job in of_row:
        for code, text in job["contradictions"]:
            said.setdefault((code, text), []).append(_where(job))
    for (code, text), where in said.items():
        yield Objection(code, BY_CODE[code], f"{text}: {first_few(where, NAMED)}")


def _several_folds(of_row: Sequence[Mapping[str, Any]]) -> Iterator[Objection]:
    """Yield that one file of the authors was tested on several folds."""
    folds = sorted({job["fold"] for job in of_row})
    if len(folds) > 1:
        text = f"one file of the authors tested on folds {', '.join(folds)}: of all but one it has trained on the"
        yield Objection("test-data-seen", TRAINED_ON, f"{text} test clips")


def _where(job: Mapping[str, Any]) -> str:
    return f"fold {job['fold']} seed {job['seed']}"


def _seen(of_row: Sequence[Mapping[str, Any]], selection: str) -> Iterator[Objection]:
    """Yield test scores by epoch, in a row that claims not to have looked at them; and histories that cannot tell."""
    seen = []
    for job in of_row:
        try:
            if job["status"] == "done" and job["path"] and holds_test_scores(job["path"]):
                seen.append(job)
        except BadTable as error:
            yield Objection("bad-history", UNTOLD, str(error))
    if seen:
        folds = ", ".join(dict.fromkeys(map(_where, seen)))
        text = f"selection {selection}, but its history holds test scores of each epoch: {folds}"
        yield Objection("test-data-seen", SEEN, text)


def holds_test_scores(folder: str) -> bool:
    """Return whether the history in a folder has a column of test scores; one that is missing has none.

    Raises:
        BadTable: it is damaged.
    """
    path = os.path.join(folder, HISTORY)  # noqa: PTH118  (a leaderboard opens ten thousand of them)
    try:
        content = read_bytes(path)
        if TEST.encode() not in content:  # names of columns stand in the file as they are
            return False
        return any(name.startswith(TEST) for name in pq.read_schema(BufferReader(content)).names)
    except FileNotFoundError:
        if os.path.islink(path):  # noqa: PTH114
            raise BadTable(f"{path}: a link that leads nowhere") from None
        return False
    except (OSError, ValueError) as error:
        raise BadTable(f"{path}: {first_line(getattr(error, 'strerror', '') or error)}") from error
