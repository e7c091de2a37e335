"""The paired tests of a table as a matrix: by how much the method of the line beats that of the column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.statistics.ties import ALPHA

SHOWN = 10  # of the tested rows, best first; any other pair can be chosen, and `leaderboard.json` has all
SCORES = ("war", "uar")
DIGITS = 2  # of points
Pair = Mapping[str, Any]  # as `harness.leaderboard.tables.machine_readable.pair_json` gives it


def matrices(
    pairs: Sequence[Pair],
    names: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return one matrix for WAR and one for UAR; none without pairs.

    Each has a title, how many rows were tested, names and links of those shown, and the cells.
    """
    tested = _tested(pairs)
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
        for score in SCORES
    ]


def choices(
    pairs: Sequence[Pair],
    names: Mapping[str, str],
) -> dict[str, Any]:
    """Return every pair for a reader to choose from: names, and by their places what each test says, in points.

    A pair is `[first, second, [war, low, high, p], [uar, low, high, p]]`, the first minus the second.
    """
    tested = _tested(pairs)
    place = {row: number for number, row in enumerate(tested)}
    found = []
    for pair in pairs:
        found.append([place[pair["first"]], place[pair["second"]], *(_numbers(pair[score]) for score in SCORES)])
    return {
        "names": [names[row] for row in tested],
        "alpha": ALPHA,
        "pairs": found,
    }


def _numbers(test: Mapping[str, Any]) -> list[float]:
    points = [round(test[name] * 100, DIGITS) for name in ("difference", "low", "high")]
    return [*points, float(f"{test['p_holm']:.2g}")]


def _tested(pairs: Sequence[Pair]) -> list[str]:
    return list(dict.fromkeys(pair[side] for pair in pairs for side in ("first", "second")))


def _lines(
    rows: Sequence[str],
    tests: Mapping[tuple[str, str], Pair],
) -> list[list[dict[str, str]]]:
    return [
        [
            _cell(
                tests,
                line,
                column,
            )
            for column in rows
        ]
        for line in rows
    ]


def _cell(
    tests: Mapping[tuple[str, str], Pair],
    line: str,
    column: str,
) -> dict[str, str]:
    """Return the difference in points, line minus column, its interval and its p-value after Holm's correction.

    A star where it is significant.
    """
    if line == column:
        return {
            "text": "",
            "mark": "",
            "interval": "",
            "p": "",
        }
    sign = 1 if (line, column) in tests else -1
    test = tests[(line, column) if sign > 0 else (column, line)]
    difference = sign * test["difference"] * 100
    low, high = sorted(sign * test[end] * 100 for end in ("low", "high"))
    sure = test["p_holm"] < ALPHA
    return {
        "text": f"{difference:+.2f}{'*' if sure else ''}",
        "mark": ("better" if difference > 0 else "worse") if sure else "",
        "interval": f"{low:+.2f} to {high:+.2f}",
        "p": p_value(test["p_holm"]),
    }


def p_value(value: float) -> str:
    """Return a p-value with two digits, or that it is less than the least worth printing."""
    return "p < 0.0001" if value < 1e-4 else f"p = {value:.2g}"
