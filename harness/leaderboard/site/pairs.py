"""The paired tests of a table as a matrix: by how much the method of the line beats that of the column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.statistics.ties import ALPHA

SHOWN = 30  # of the tested rows, best first; `leaderboard.json` has all
Pair = Mapping[str, Any]  # as `harness.leaderboard.tables.machine_readable.pair_json` gives it


def matrices(pairs: Sequence[Pair], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one matrix for WAR and one for UAR; none without pairs.

    Each has a title, how many rows were tested, names and links of those shown, and the cells.
    """
    tested = list(dict.fromkeys(pair[side] for pair in pairs for side in ("first", "second")))
    rows = tested[:SHOWN]
    if not rows:
        return []
    return [
        {
            "title": score.upper(),
            "tested": len(tested),
            "names": [{"row": row, "name": names[row]} for row in rows],
            "lines": _lines(rows, {(pair["first"], pair["second"]): pair[score] for pair in pairs}),
        }
        for score in ("war", "uar")
    ]


def _lines(rows: Sequence[str], tests: Mapping[tuple[str, str], Pair]) -> list[list[dict[str, str]]]:
    return [[_cell(tests, line, column) for column in rows] for line in rows]


def _cell(
    tests: Mapping[tuple[str, str], Pair],
    line: str,
    column: str,
) -> dict[str, str]:
    """Return the difference in points, line minus column,
    with a star where it is significant after Holm's correction.
    """
    if line == column:
        return {"text": "", "mark": "", "title": ""}
    sign = 1 if (line, column) in tests else -1
    test = tests[(line, column) if sign > 0 else (column, line)]
    difference = sign * test["difference"] * 100
    low, high = sorted(sign * test[end] * 100 for end in ("low", "high"))
    sure = test["p_holm"] < ALPHA
    return {
        "text": f"{difference:+.2f}{'*' if sure else ''}",
        "mark": ("better" if difference > 0 else "worse") if sure else "",
        "title": f"95 % interval {low:+.2f} to {high:+.2f}; p = {test['p_holm']:.2g} after Holm's correction",
    }
