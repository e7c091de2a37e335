"""Two rows on the same clips: differences with intervals, recalls, the clips that flipped, and what each costs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from harness.core.errors import HarnessError, suggestion
from harness.core.text import shown
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.inference import Inference, infer
from harness.leaderboard.board.notes import row_notes
from harness.leaderboard.board.panel import CommonClips, align
from harness.leaderboard.board.protocols import FINGERPRINT, OFFICIAL, differing
from harness.leaderboard.board.row_names import has_hash, has_name
from harness.leaderboard.board.sections import BoardRow
from harness.leaderboard.render import with_predictions
from harness.leaderboard.tables.machine_readable import pair_json, tests_json
from harness.statistics.resample import recalls


@dataclass(frozen=True)
class Comparison:
    """Two rows of one dataset. `panel` holds the clips that all seeds of both predicted."""

    board: Board
    first: BoardRow
    second: BoardRow
    panel: CommonClips
    tests: Inference
    notes: list[str]

    @property
    def pair(self) -> dict[str, Any]:
        """Differences, first minus second, with intervals and p-values; fractions."""
        return pair_json(self.tests, 0, 1)

    def recall(self) -> list[dict[str, Any]]:
        """Return recall of each class that has clips, side by side."""
        labels, right = self.tests.outcomes.labels, self.tests.outcomes.right
        classes = self.board.jobs.facts[self.first["row"]]["protocol"]["classes"]
        found = recalls(labels, right)
        return [
            {
                "class": classes[label],
                "clips": int((labels == label).sum()),
                "first": float(a),
                "second": float(b),
            }
            for label, (a, b) in zip(np.unique(labels), found, strict=True)
        ]

    def flips(self) -> list[dict[str, Any]]:
        """Return clips that one row names rightly, by the vote of its seeds, and the other does not."""
        classes = self.board.jobs.facts[self.first["row"]]["protocol"]["classes"]
        guesses = [_majority(self.panel.predicted[row["row"]], len(classes)) for row in (self.first, self.second)]
        right = np.stack(guesses, axis=1) == self.panel.labels[:, None]  # (N, 2)
        return [
            {
                "fold": str(self.panel.folds[i]),
                "sample_id": str(self.panel.ids[i]),
                "label": classes[self.panel.labels[i]],
                "first": classes[guesses[0][i]],
                "second": classes[guesses[1][i]],
                "right": "first" if right[i, 0] else "second",
            }
            for i in np.flatnonzero(right[:, 0] != right[:, 1])
        ]

    def cost(self) -> list[dict[str, Any]]:
        """Return every cost that one of them has, side by side."""
        names = [key for key in self.first if key.startswith("cost.")]
        values = {}
        for name in names:
            values[name.removeprefix("cost.")] = (_known(self.first.get(name)), _known(self.second.get(name)))
        return [
            {"cost": name, "first": a, "second": b} for name, (a, b) in values.items() if a is not None or b is not None
        ]


def compare(
    board: Board,
    first: str,
    second: str,
    dataset: str | None = None,
) -> list[Comparison]:
    """Compare two rows, named by method, variant or hash, on every dataset that has both.

    Args: a board whose predictions need not have been read: those of the rows that are compared are.

    Raises:
        HarnessError: a name that no row has, one that several rows have, or no clip in common.
    """
    left, right = (_named(board, name, dataset) for name in (first, second))
    shared = [key for key in left if key in right]
    if not shared:
        places = [", ".join(sorted({key[0] for key in side})) for side in (left, right)]
        raise HarnessError(f"{first!r} has results on {places[0]}, {second!r} on {places[1]}: no dataset in common")
    pairs = [_one_pair(left[key], right[key], first, second, key[0]) for key in shared]
    board = with_predictions(board, {row["row"] for pair in pairs for row in pair})
    return [_compare(board, *pair) for pair in pairs]


def _named(
    board: Board,
    name: str,
    dataset: str | None,
) -> dict[tuple[str, bool], list[BoardRow]]:
    """Return rows of that name, by dataset and whether it is the demo."""
    rows = [row for row in board.as_rows if dataset in (None, row["dataset"])]
    chosen = [row for row in rows if has_name(row, name)]
    chosen = [row for row in chosen if not row["quick"]] or chosen  # a quick run is meant where there is no other
    chosen = chosen or [row for row in rows if has_hash(row, name)]
    if not chosen:
        known = {row["name"] for row in rows}
        where = f" on {dataset}" if dataset else ""
        raise HarnessError(f"no row named {name!r}{where}; {suggestion(name, known)}")
    found: dict[tuple[str, bool], list[BoardRow]] = {}
    for row in chosen:
        found.setdefault((row["dataset"], bool(row["demo"])), []).append(row)
    return found


def _one_pair(
    left: list[BoardRow],
    right: list[BoardRow],
    first: str,
    second: str,
    dataset: str,
) -> tuple[BoardRow, BoardRow]:
    """Return the pair to compare: the only one, or the only one under one protocol."""
    pairs = [(a, b) for a, b in itertools.product(left, right) if a["row"] != b["row"]]
    alike = [(a, b) for a, b in pairs if a["protocol_hash"] == b["protocol_hash"]]
    chosen = alike if alike else pairs
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise HarnessError(f"{first!r} and {second!r} are the same row on {dataset}")
    lines = {row["row"]: f"{row['row']} ({', '.join(_marks(row))})" for pair in chosen for row in pair}
    raise HarnessError(
        f"{first!r} and {second!r} name several rows on {dataset}; name each by its hash: {'; '.join(lines.values())}"
    )


def _marks(row: BoardRow) -> list[str]:
    marks = (row["name"], row["settings"], row["backbone"], row["selection"], f"protocol {row['protocol_hash']}")
    return [str(mark) for mark in marks if mark]


def _compare(
    board: Board,
    first: BoardRow,
    second: BoardRow,
) -> Comparison:
    rows = [first["row"], second["row"]]
    notes = [
        f"{name}: {note}" for row, name in zip((first, second), "AB", strict=True) for note in row_notes(board, row)
    ]
    notes += [note for row in rows for note in board.evidence.problems.get(row, [])]
    notes += [f"protocols differ in {line}" for line in _differences(board, first, second)]
    if first["hardware"] != second["hardware"]:
        places = " and ".join(row["hardware"] or "unknown hardware" for row in (first, second))
        notes.append(f"times and memory were measured on {places}: compare them within one hardware only")
    parts = {row: board.evidence.parts.get(row, []) for row in rows}
    folds = board.expected[first["dataset"], bool(first["demo"])]
    folds_seen = dict.fromkeys([*folds, *(part.fold for row in rows for part in parts[row])])
    panel = align(parts, list(folds_seen)) if all(parts.values()) else None
    if panel is None:
        without = " and of ".join(repr(row["name"]) for row in (first, second) if not parts[row["row"]])
        reasons = "; ".join(note for row in rows for note in board.evidence.problems.get(row, []))
        why = f" ({reasons})" if reasons else ""
        raise HarnessError(f"no stored predictions of {without} on {first['dataset']}{why}; run the jobs again")
    notes += [
        f"{name}: {text}" for row, name in zip(rows, "AB", strict=True) for text in panel.other_clips.get(row, [])
    ]
    both = np.all([(panel.predicted[row] >= 0).all(0) for row in rows], axis=0)
    if not both.any():
        raise HarnessError(
            f"{first['name']!r} and {second['name']!r} have no test clip of {first['dataset']} in common"
        )
    if not both.all():
        notes.append(f"{int(both.sum())} of {len(both)} clips compared: the others lack a seed of one of the two")
    panel = replace(panel.keep(both), other_clips={})
    tests = infer(panel, rows, board.untrained)
    assert tests is not None  # both rows predicted every kept clip
    return Comparison(board, first, second, panel, tests, notes)


def _differences(
    board: Board,
    first: BoardRow,
    second: BoardRow,
) -> Iterator[str]:
    """Yield every field of the protocol, and the data, in which two rows differ, as "selection: last, oracle"."""
    for name, values in differing(board, first, second).items():
        if name == FINGERPRINT:
            yield f"fingerprint of the data: {', '.join(value[:12] for value in values)}"
        elif name != OFFICIAL:
            yield f"{name}: {', '.join(map(shown, values))}"


def _majority(predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return the class that most seeds gave each clip, the first of equals, (N,)."""
    votes = np.stack([(predicted == label).sum(0) for label in range(classes)])
    return np.asarray(votes.argmax(0))


def _known(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def as_json(found: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return plain data of comparisons; scores are fractions, differences first minus second."""
    return [
        {
            "dataset": item.first["dataset"],
            "demo": bool(item.first["demo"]),
            "first": _identity(item.first),
            "second": _identity(item.second),
            "clips": len(item.panel.ids),
            "clustered": item.tests.clustered,
            **{key: value for key, value in item.pair.items() if key not in ("first", "second")},
            **tests_json(item.tests),
            "recall": item.recall(),
            "flips": item.flips(),
            "cost": item.cost(),
            "notes": item.notes,
        }
        for item in found
    ]


def _identity(row: BoardRow) -> Mapping[str, Any]:
    names = ("row", "name", "settings", "backbone", "selection", "protocol_hash", "n_seeds")
    return {name: row[name] for name in names}
