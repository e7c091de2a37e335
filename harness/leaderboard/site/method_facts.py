"""What the pages say of a method beside its numbers: facts of its spec, shown, filtered and grouped by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from harness.leaderboard.board.board import Board
from harness.leaderboard.board.collect import ABOUT
from harness.leaderboard.board.sections import BoardRow

SHOWN = {
    "family": "Family",
    "pretraining": "Pretraining",
    "face_data": "Labelled faces before",
    "venue": "Venue",
    "year": "Year",
    "exactness": "Implementation",
}
FACETS = ("family", "pretraining", "face_data", "year", "exactness")  # to filter and to group by
ADDRESSES = ("paper", "code")
ADDRESS = re.compile(r"https?://[^\s<>\"']+")


def facts_of(
    board: Board,
    row: BoardRow,
) -> dict[str, str]:
    """Return every fact of `SHOWN` as text, empty where the method's spec says nothing."""
    about = board.jobs.facts[row["row"]][ABOUT]
    return {name: _text(about.get(name)) for name in SHOWN}


def links_of(
    board: Board,
    row: BoardRow,
    method_pages: str = "",
) -> list[dict[str, str]]:
    """Return the addresses of a method's paper, code and page in the docs; a paper that is no address is only named.

    `method_pages` is the address of such a page, with `{method}` in place of the name.
    """
    about = board.jobs.facts[row["row"]][ABOUT]
    found = []
    for name in ADDRESSES:
        text = _text(about.get(name))
        if text:
            found.append(
                {
                    "name": name,
                    "text": text,
                    "link": text if ADDRESS.fullmatch(text) else "",
                }
            )
    if method_pages:
        page = method_pages.replace("{method}", quote(row["method"], safe=""))
        found.append({"name": "docs", "text": page, "link": page})
    return found


def facets(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return what rows can be filtered and grouped by: the facts in which they differ, with their values.

    Args: facts of each row, as `facts_of` gives them.
    """
    found = []
    for name in FACETS:
        values = sorted({facts[name] for facts in rows if facts[name]})
        if len({facts[name] for facts in rows}) > 1:
            found.append(
                {
                    "name": name,
                    "title": SHOWN[name],
                    "values": values,
                }
            )
    return found


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
