"""The rows of a store and the jobs of them that are drawn, as they were when they were drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.digest import digest
from harness.core.errors import HarnessError, UnknownName, suggestion
from harness.leaderboard.board.collect import collect
from harness.leaderboard.board.labels import label_rows
from harness.leaderboard.board.row_names import has_hash, has_name
from harness.leaderboard.board.sections import BoardRow, plain_rows
from harness.results.store import JoinedStores, Store
from harness.results.verified import content_of
from harness.system.files import write_atomically
from harness.verification.draw import draw, drawn_per_row, new_salt

FILE = "draw.json"


@dataclass(frozen=True)
class Drawn:
    """Finished results by row, and the ids of those to run again."""

    salt: str
    asked: str
    rows: Mapping[str, BoardRow]
    results: Mapping[str, Sequence[dict[str, Any]]]  # of each row, those drawn
    sizes: Mapping[str, int]
    contents: Mapping[str, str]  # of each row, `content_of` all of its results

    @property
    def name(self) -> str:
        """A hash of the salt and of all that the draw was made of."""
        ids = {row: sorted(result["id"] for result in of_row) for row, of_row in self.results.items()}
        return digest([self.salt, self.asked, ids, self.contents])


def draw_jobs(
    store: Store | JoinedStores,
    asked: str,
    wanted: Sequence[str],
    salt: str | None,
    again: Path,
) -> Drawn:
    """Draw jobs of the rows that are wanted, all without a name. A draw that was broken off is taken up again.

    Args:
        store: the results, which are closed: who could still change them could know the salt.
        asked: how many, as `drawn_per_row` takes it.
        wanted: names or hashes of rows.
        salt: to repeat a draw; None: a new one, or that of the draw that was broken off.
        again: folder of the jobs that are run again, where an unfinished draw is noted.

    Raises:
        HarnessError: nothing is finished, or an unknown row or number.
    """
    results = [result for result in store.sound() if result.get("status") == "done" and not result.get("quick")]
    jobs = collect(results)
    if jobs.frame.empty:
        raise HarnessError(f"{store.root}: holds no finished full result; `harness status` shows what there is")
    rows = _wanted({row["row"]: row for row in plain_rows(label_rows(jobs.facts))}, wanted)
    by_path = {result["path"]: result for result in results}
    paths = {row: {job["id"]: job["path"] for job in jobs.by_row[row]} for row in rows}
    contents = {row: content_of(of_row.values()) for row, of_row in paths.items()}
    salt = salt or _unfinished(again, asked, contents) or new_salt()
    sizes = {row: len(of_row) for row, of_row in paths.items()}
    counts = drawn_per_row(asked, sizes, salt)
    ids = draw(
        {row: list(of_row) for row, of_row in paths.items()},
        counts,
        salt,
    )
    chosen = {row: [by_path[paths[row][one]] for one in of_row] for row, of_row in ids.items()}
    return Drawn(
        salt,
        asked,
        rows,
        chosen,
        sizes,
        contents,
    )


def _wanted(rows: Mapping[str, BoardRow], wanted: Sequence[str]) -> dict[str, BoardRow]:
    """Return the rows of these names: of the row, its method or its variant, or the beginning of its hash."""
    if not wanted:
        return dict(rows)
    found: dict[str, BoardRow] = {}
    for name in wanted:
        fitting = {key: row for key, row in rows.items() if has_name(row, name) or has_hash(row, name)}
        if not fitting:
            known = {row["name"] for row in rows.values()}
            raise UnknownName(f"--rows {name!r}: no such row; {suggestion(name, known)}")
        found |= fitting
    return found


def _unfinished(
    again: Path,
    asked: str,
    contents: Mapping[str, str],
) -> str | None:
    """Return the salt of a draw of the same jobs that was broken off, if there is one."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        noted = json.loads((again / FILE).read_text(encoding="utf-8"))
        if (noted["asked"], noted["contents"]) == (asked, dict(contents)):
            return str(noted["salt"])
    return None


def note_draw(again: Path, drawn: Drawn) -> None:
    """Note a draw, so that the same command goes on with it. Raises: CannotWrite."""
    noted = {
        "salt": drawn.salt,
        "asked": drawn.asked,
        "contents": dict(drawn.contents),
    }
    text = json.dumps(noted, indent=1)
    write_atomically(again / FILE, lambda draft: draft.write_text(text + "\n", encoding="utf-8"))


def forget_draw(again: Path) -> None:
    """Forget a draw that is done."""
    (again / FILE).unlink(missing_ok=True)
