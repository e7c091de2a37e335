"""Chosen frames of a video are those of a full decode, whatever the container and the codec do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.video import seek
from harness.video.container import Unreadable
from harness.video.files import count_frames
from harness.video.seek import decode_all, read_timeline, read_video
from helpers.videos import KINDS, full_decode, turn, write_video


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for name, settings in KINDS.items():
        write_video(folder / name, **settings)
    return folder


def read(path: Path, indices: list[int]) -> list[np.ndarray]:
    return list(read_video(path, indices, read_timeline(path)))


@pytest.mark.parametrize("name", KINDS)
def test_chosen_frames_are_those_of_a_full_decode(videos: Path, name: str) -> None:
    path = videos / name
    full = full_decode(path)
    assert count_frames(path) == read_timeline(path).count == len(full) == (30 if "edit" in name else 40)
    rng = np.random.RandomState(0)
    choices = [[0], [len(full) - 1], list(range(len(full)))]
    choices += [sorted(rng.choice(len(full), n, replace=False).tolist()) for n in (2, 3, 16)]
    for indices in choices:
        for index, frame in zip(indices, read(path, indices), strict=True):
            np.testing.assert_array_equal(frame, full[index], f"{name} frame {index} of {indices}")


@pytest.mark.parametrize("name", ["b-frames.mp4", "open-gop-hevc.mp4", "variable-rate.mkv", "vp9.webm", "broadcast.ts"])
def test_no_more_is_decoded_than_is_needed(videos: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = 0

    def counted(packet: Any) -> list[Any]:
        nonlocal decoded
        frames = original(packet)
        decoded += len(frames)
        return frames

    original = seek._frames
    monkeypatch.setattr(seek, "_frames", counted)
    read(videos / name, [1, 38])
    assert decoded < 30


@pytest.mark.parametrize("name", ["plain.avi", "edit-list.mp4", "raw.h264", "gradual-refresh.mp4"])
def test_where_seeking_fails_decoding_begins_at_the_start(videos: Path, name: str) -> None:
    path = videos / name
    np.testing.assert_array_equal(read(path, [29])[0], full_decode(path)[29])


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        pytest.param((0, 1, -1, 0), lambda x: np.rot90(x, -1), id="clockwise"),
        pytest.param((0, -1, 1, 0), lambda x: np.rot90(x, 1), id="counter-clockwise"),
        pytest.param((-1, 0, 0, -1), lambda x: np.rot90(x, 2), id="upside down"),
        pytest.param((-1, 0, 0, 1), lambda x: x[:, ::-1], id="mirrored"),
        pytest.param((1, 0, 0, -1), lambda x: x[::-1], id="flipped"),
        pytest.param((1, 0, 0, 1), lambda x: x, id="upright"),
    ],
)
def test_the_display_matrix_is_respected(tmp_path: Path, matrix: tuple[int, ...], expected: Any) -> None:
    path = write_video(tmp_path / "phone.mp4", frames=6)
    turn(path, *matrix)
    for frame, plain in zip(read(path, [1, 4]), [full_decode(path)[i] for i in (1, 4)], strict=True):
        np.testing.assert_array_equal(frame, expected(plain))


@pytest.mark.parametrize(("aspect", "width"), [((4, 3), 85), ((1, 2), 32), ((1, 1), 64), ((1001, 1000), 64)])
def test_anamorphic_video_is_stretched_to_square_pixels(tmp_path: Path, aspect: tuple[int, int], width: int) -> None:
    path = write_video(tmp_path / "a.mkv", 3, aspect=aspect)
    frames = [*decode_all(path), *read(path, [1])]
    assert {frame.shape for frame in frames} == {(48, width, 3)}
    green = frames[0][20, :, 1] > 128
    assert abs(int(green.sum()) - width // 2) <= 1  # the left half, as wide as the right one


def test_an_anamorphic_video_that_a_phone_turned_is_stretched_before_it_is_turned(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 3, aspect=(2, 1))
    turn(path, 0, 1, -1, 0)
    assert read(path, [0])[0].shape == (128, 48, 3)


def test_pixels_of_a_form_that_no_camera_has_are_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", 3, aspect=(20, 1))
    with pytest.raises(Unreadable, match="states pixels of 20:1, which no camera has"):
        read_timeline(path)
    assert count_frames(path) == 0
