"""How a person names a row: by method, by variant, as tables show it, or by the beginning of its hash."""

from __future__ import annotations

from harness.leaderboard.board.sections import BoardRow

SHORTEST = 4  # characters of a row's hash that name it


def has_name(row: BoardRow, name: str) -> bool:
    """Return whether a row is called so: its name, its variant, or its method where it is no variant of it."""
    return name in (row["name"], row["variant"]) or (name == row["method"] and not row["variant"])


def has_hash(row: BoardRow, name: str) -> bool:
    """Return whether a row's hash begins so."""
    return len(name) >= SHORTEST and str(row["row"]).startswith(name)
