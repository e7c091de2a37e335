"""`verified.json`: what it is bound to, and what is no such file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import HarnessError
from harness.results.verified import BOUND, FILE, add_verification, content_of, read_verified


def folder(root: Path, name: str) -> Path:
    made = root / name
    made.mkdir()
    for file in BOUND:
        (made / file).write_text(f"{name} {file}")
    return made


def test_the_content_of_a_row_is_all_of_its_files_and_none_of_its_places(tmp_path: Path) -> None:
    paths = [folder(tmp_path, name) for name in "ab"]
    first = content_of(map(str, paths))
    assert content_of(map(str, paths[::-1])) == first
    paths = [path.rename(tmp_path / f"moved-{path.name}") for path in paths]
    assert content_of(map(str, paths)) == first
    found = {first, content_of([str(paths[0])])}
    for path in paths:
        for file in BOUND:
            kept = (path / file).read_text()
            (path / file).write_text(kept + " ")
            found.add(content_of(map(str, paths)))
            (path / file).unlink()
            found.add(content_of(map(str, paths)))
            (path / file).write_text(kept)
    assert len(found) == 2 + 2 * 2 * len(BOUND)


def record(draw: str, **changes: Any) -> dict[str, Any]:
    row = {"content": "c", "name": "n", "dataset": "d", "jobs": 2, "drawn": 1, "chance": 0.5, "outcome": "alike",
           "reason": ""}  # fmt: skip
    return {"draw": draw, "salt": "s", "finished": "now", "harness": "0", "rows": {"r": {**row, **changes}}}


def test_verifications_are_added_and_one_of_the_same_draw_is_replaced(tmp_path: Path) -> None:
    assert read_verified([tmp_path]) == []
    add_verification(tmp_path, record("first", outcome="cannot"))
    add_verification(tmp_path, record("second"))
    add_verification(tmp_path, record("first"))
    found = json.loads((tmp_path / FILE).read_text())["verifications"]
    assert [one["draw"] for one in found] == ["second", "first"]
    assert [one["rows"]["r"]["outcome"] for one in read_verified([tmp_path])] == ["alike", "alike"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2, "verifications": []}', '{"schema": 1}'])
def test_another_file_is_refused_and_not_written_over(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    for work in (lambda: read_verified([tmp_path]), lambda: add_verification(tmp_path, record("first"))):
        with pytest.raises(HarnessError, match="remove it and verify again"):
            work()
    assert (tmp_path / FILE).read_text() == text
