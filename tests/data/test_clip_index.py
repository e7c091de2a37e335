"""Counting frames, and remembering the counts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from harness.data import clip_index
from harness.data.clip_index import MISSING, ClipInfo, scan_clips


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "data set"
    for clip, frames in {"a": 3, "b": 2}.items():
        (root / clip).mkdir(parents=True)
        for number in range(frames):
            (root / clip / f"{number}.jpg").write_bytes(b"x" * (number + 1))
    return root


def look(root: Path, *, thorough: bool = False) -> dict[str, ClipInfo]:
    clips = [root / name for name in ("a", "b")]
    infos = scan_clips(clips, root, root.parent / "cache", thorough=thorough)
    return {clip.name: info for clip, info in infos.items()}


def test_images_are_counted_and_nothing_else(root: Path) -> None:
    for name in ("notes.txt", ".hidden.jpg", "Thumbs.db"):
        (root / "a" / name).write_text("")
    (root / "a" / "folder.jpg").mkdir()
    (root / "a" / "3.PNG").write_text("")
    assert {name: info.frames for name, info in look(root).items()} == {"a": 4, "b": 2}


def test_a_missing_folder_has_no_frames(root: Path) -> None:
    (root / "b").rename(root / "elsewhere")
    assert look(root)["b"] == MISSING


def test_names_and_sizes_change_the_digest_and_times_do_not(root: Path) -> None:
    before = look(root)["a"].digest
    os.utime(root / "a" / "0.jpg", ns=(1, 1))
    os.utime(root / "a", ns=(1, 1))
    assert look(root)["a"].digest == before
    (root / "a" / "0.jpg").rename(root / "a" / "9.jpg")
    renamed = look(root)["a"].digest
    (root / "a" / "9.jpg").write_bytes(b"longer than before")
    assert len({before, renamed, look(root, thorough=True)["a"].digest}) == 3


def test_an_unchanged_folder_is_not_listed_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = look(root)
    listed: list[str] = []
    scandir = os.scandir

    def noted(path: Path) -> Any:
        listed.append(path.name)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", noted)
    assert look(root) == before
    assert listed == []
    (root / "b" / "new.jpg").write_bytes(b"")
    os.utime(root / "b", ns=(5, 5))  # whatever the resolution of the clock
    assert look(root)["b"].frames == 3
    assert listed == ["b"]


def shorten_in_place(root: Path) -> None:
    """Cut a file short; its folder's time stays."""
    before = (root / "a").stat().st_mtime_ns
    (root / "a" / "2.jpg").write_bytes(b"x")
    assert (root / "a").stat().st_mtime_ns == before


def test_a_file_cut_short_in_place_is_seen_in_a_small_tree(root: Path) -> None:
    before = look(root, thorough=True)["a"].digest
    shorten_in_place(root)
    assert look(root)["a"].digest == before  # a worker trusts the index
    assert look(root, thorough=True)["a"].digest != before


def test_a_large_tree_is_not_listed_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_index, "SMALL", 5)
    before = look(root, thorough=True)["a"].digest
    shorten_in_place(root)
    assert look(root, thorough=True)["a"].digest == before


def test_an_index_that_cannot_be_read_is_made_anew(root: Path) -> None:
    before = look(root)
    (index,) = (root.parent / "cache" / "index").iterdir()
    index.write_bytes(b"no parquet")
    assert look(root) == before
    assert index.read_bytes()[:4] == b"PAR1"
