"""The look below a root is bounded: so deep, so wide, and no circle is walked twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import BadData
from harness.data.layouts import walk
from harness.data.layouts.walk import DEPTH, list_folder


def test_a_list_lies_seven_folders_deep_at_most(tmp_path: Path) -> None:
    deepest = tmp_path.joinpath(*"abcdefghi")
    deepest.mkdir(parents=True)
    for folder in [deepest, *deepest.parents][: len("abcdefghi")]:
        (folder / "list.csv").write_text("")
    found = list_folder(tmp_path).texts
    assert max(path.count("/") for path in found) == DEPTH
    assert len(found) == DEPTH


def test_a_folder_of_very_many_is_named_and_not_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MANY", 3)
    for path in ("few/a", "few/b", "few/c", "many/a", "many/b", "many/c", "many/d"):
        (tmp_path / path).mkdir(parents=True)
    found = list_folder(tmp_path).folders
    assert sorted(found) == ["", "few", "few/a", "few/b", "few/c", "many"]
    assert found["many"].folders == ("a", "b", "c", "d")


def test_far_too_many_folders_are_a_wrong_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "FOLDERS", 2)
    for name in "abcd":
        (tmp_path / name).mkdir()
    with pytest.raises(BadData, match="more than 2 folders; is this the folder of one dataset"):
        list_folder(tmp_path)


def test_a_link_to_a_folder_above_is_told_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    listing = list_folder(tmp_path)
    assert sorted(listing.folders) == ["", "a"]
    assert [problem.code for problem in listing.problems] == ["link-loop"]
