"""Counting frames, and remembering the counts."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from harness.data import clip_index
from harness.data.clip_index import ILLEGIBLE, MISSING, Care, ClipInfo, scan_clips
from helpers.videos import write_video


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "data set"
    for clip, frames in {"a": 3, "b": 2}.items():
        (root / clip).mkdir(parents=True)
        for number in range(frames):
            (root / clip / f"{number}.jpg").write_bytes(b"x" * (number + 1))
    return root


@pytest.fixture(autouse=True)
def _settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that a test has just written count as long unchanged."""
    monkeypatch.setattr(clip_index, "SETTLED", -60_000_000_000)


def look(root: Path, care: Care = "folders") -> dict[str, ClipInfo]:
    clips = [root / name for name in ("a", "b")]
    infos = scan_clips(clips, root, root.parent / "cache", care)
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


def test_names_and_contents_change_the_digest_and_times_do_not(root: Path) -> None:
    before = look(root)["a"].digest
    os.utime(root / "a" / "0.jpg", ns=(1, 1))
    os.utime(root / "a", ns=(1, 1))
    assert look(root)["a"].digest == before
    (root / "a" / "0.jpg").rename(root / "a" / "9.jpg")
    renamed = look(root)["a"].digest
    (root / "a" / "9.jpg").write_bytes(b"longer than before")
    assert len({before, renamed, look(root, "files")["a"].digest}) == 3


def test_clips_are_known_by_names_and_sizes_as_before_contents_were_hashed(root: Path) -> None:
    assert look(root)["a"].sizes == "c8cd8a909f6a624c"


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


def rewrite_in_place(root: Path, clip: str = "a") -> None:
    """Write other bytes of the same number; the folder's time stays, and the file's own is put back."""
    before, file = (root / clip).stat().st_mtime_ns, root / clip / "1.jpg"
    times = file.stat()
    file.write_bytes(bytes(times.st_size))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert (root / clip).stat().st_mtime_ns == before


def test_a_file_rewritten_in_place_is_seen_though_name_size_and_time_stay(root: Path) -> None:
    before = look(root, "files")["a"]
    rewrite_in_place(root)
    assert look(root)["a"] == before  # a worker trusts the index
    after = look(root, "files")["a"]
    assert after.digest != before.digest
    assert after.sizes == before.sizes


def test_what_changed_just_now_is_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of a file system may stand still between two changes."""
    monkeypatch.setattr(clip_index, "SETTLED", 60_000_000_000)
    before = look(root, "files")["a"]
    assert before.changed_ns == 0
    monkeypatch.setattr(clip_index, "latest_change", lambda folder: 0)
    rewrite_in_place(root)
    assert look(root, "files")["a"].digest != before.digest


def test_in_a_large_tree_the_files_of_some_clips_are_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_index, "SMALL", 5)
    monkeypatch.setattr(clip_index, "SAMPLED", 1)
    before = look(root, "sample")
    rewrite_in_place(root)
    rewrite_in_place(root, "b")
    after = look(root, "sample")  # whichever was looked at, it led to the other
    assert all(after[name].digest != before[name].digest for name in ("a", "b"))


def test_an_unchanged_file_is_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = look(root, "files")
    monkeypatch.setattr(clip_index, "content_digest", lambda *args: pytest.fail("read again"))
    assert look(root, "files") == before


def test_a_rewritten_video_is_seen_whoever_looks(root: Path) -> None:
    film = root / "film.mp4"
    write_video(film, 2)
    found = [scan_clips([film], root, root.parent / "cache", "folders")[film]]
    content = bytearray(film.read_bytes())
    content[-1] ^= 1
    film.write_bytes(content)
    found.append(scan_clips([film], root, root.parent / "cache", "folders")[film])
    assert len({info.digest for info in found}) == 2
    assert all(info.frames == 2 for info in found)


def test_a_frame_that_cannot_be_read_is_noted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)
    assert look(root)["a"].oddities == ILLEGIBLE


def test_names_of_any_coding_are_remembered(root: Path) -> None:
    clip = root / os.fsdecode("\u4eba\u8138".encode("gbk"))
    clip.mkdir()
    (clip / "1.jpg").write_bytes(b"x")
    found = [scan_clips([clip], root, root.parent / "cache", "folders")[clip] for _ in range(2)]
    assert [info.frames for info in found] == [1, 1]


def test_an_index_that_cannot_be_read_is_made_anew(root: Path) -> None:
    before = look(root)
    (index,) = (root.parent / "cache" / "index").iterdir()
    index.write_bytes(b"no parquet")
    assert look(root) == before
    assert index.read_bytes()[:4] == b"PAR1"


def test_a_long_reading_says_how_far_it_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_index, "TOLD", -1.0)  # seconds
    said: list[str] = []
    clips = [root / name for name in ("a", "b")]
    for _ in range(2):  # nothing is read again
        scan_clips(clips, root, root.parent / "cache", "files", said.append)
    assert said == [f"read {number} of 2 clips that are new or have changed" for number in (1, 2)]


def test_looking_at_a_sample_draws_from_no_chance_of_a_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_index, "SMALL", 0)
    monkeypatch.setattr(clip_index, "SAMPLED", 1)
    look(root, "sample")
    before = random.getstate()
    look(root, "sample")
    assert random.getstate() == before
