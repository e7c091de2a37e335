"""Which columns a table for a paper has: those of the papers' Table 1, and what a user asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from harness.core.errors import HarnessError, suggestion
from harness.leaderboard.tables.columns import Column, R

TABLE_1 = ("method", "recipe", "settings", "params-m", "gflops", "war", "uar")
EVERY = "all"


def column_name(column: Column[R]) -> str:
    """Return what a column is called on the command line: "# UAR" is "rank-uar", "Params (M)" is "params-m"."""
    title = column.title.removeprefix(column.group).replace("#", "rank ").lower()
    return re.sub(
        r"[^a-z0-9]+",
        "-",
        title,
    ).strip("-")


def chosen(
    columns: Sequence[Column[R]],
    more: Collection[str],
) -> list[Column[R]]:
    """Return the columns of Table 1 and those that are asked for, in their order; all for "all"."""
    wanted = {*TABLE_1, *more}
    return [column for column in columns if EVERY in more or column_name(column) in wanted]


def check_known(
    known: Collection[str],
    more: Collection[str],
) -> None:
    """Look whether some table has each of the columns that are asked for. Raises: HarnessError if none has."""
    for name in more:
        if name != EVERY and name not in known:
            raise HarnessError(f"--columns {name}: no such column; {suggestion(name, known)}, or `{EVERY}` for all")
