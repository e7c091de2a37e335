"""Videos that are broken, hostile or none at all: a clear error that names the file, and no hang."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.dataset_spec import Sample
from harness.core.errors import BadSample
from harness.core.frame_input import FrameInput
from harness.video import container
from harness.video.files import count_frames, is_video
from harness.video.load import load_clip
from harness.video.source import check_all, open_source
from helpers.videos import write_sound, write_video

GIVEN = FrameInput(frames=8, size=16)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("v") / "a.mp4", container={"movflags": "faststart"}, frames=30)


def test_which_files_are_videos() -> None:
    names = ("a.mp4", "a.AVI", "b.webm", ".a.mp4", "a.jpg", "mp4", "a.mp4.txt")
    assert [is_video(name) for name in names] == [True, True, True, False, False, False, False]


def test_a_video_may_stand_where_a_folder_does(whole: Path) -> None:
    sample = Sample("v", whole, 0)
    assert open_source(sample).count == 30
    for seed in (None, 3):
        assert load_clip(sample, GIVEN, seed).shape == (8, 3, 16, 16)
    short = load_clip(sample, FrameInput(frames=60, size=16), None)
    assert all((short[2 * i] == short[2 * i + 1]).all() for i in range(30))
    check_all(sample)


@pytest.mark.parametrize("name", ["empty", "page", "playlist", "sound", "header", "nothing there"])
def test_what_is_no_video_is_named(tmp_path: Path, whole: Path, name: str) -> None:
    path = tmp_path / "clip.mp4"
    contents = {
        "empty": b"",
        "page": b"<html>not found</html>",
        "playlist": f"#EXTM3U\n#EXTINF:1,\nfile://{whole}\n".encode(),
        "header": whole.read_bytes()[:200],
    }
    if name in contents:
        path.write_bytes(contents[name])
    elif name == "sound":
        write_sound(path)
    assert count_frames(path) == 0
    with pytest.raises(BadSample, match=r"clip v: .*clip\.mp4") as caught:
        load_clip(Sample("v", path, 0), GIVEN, None)
    assert name != "sound" or "no video stream" in str(caught.value)


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_video_cut_short_is_named(tmp_path: Path, whole: Path, share: float) -> None:
    """Its table of contents is whole, so what it promises is known."""
    path = tmp_path / "cut.mp4"
    data = whole.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + int(share * (len(data) - data.index(b"mdat")))])
    with pytest.raises(BadSample, match=r"clip v: .*cut\.mp4 is cut short: \d+ of 30 frames"):
        check_all(Sample("v", path, 0))


def test_frames_too_large_to_decode_are_refused(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(container.Unreadable, match="claims 64 x 48 pixels"), container.opened(whole, 1000):
        pass
    monkeypatch.setattr("harness.video.seek.MAX_CLIP_PIXELS", 8 * 1000)
    with pytest.raises(BadSample, match=r"a\.mp4 claims 64 x 48 pixels"):
        load_clip(Sample("v", whole, 0), GIVEN, None)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0.01, 1.0), st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), max_size=8))
def test_broken_bytes_give_frames_or_a_named_error(
    tmp_path: Path, whole: Path, share: float, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(whole.read_bytes())
    data = data[: max(1, int(share * len(data)))]
    for place, value in flips:
        data[place % len(data)] = value
    path = tmp_path / "broken.mp4"
    path.write_bytes(data)
    assert count_frames(path) >= 0
    try:
        clip = load_clip(Sample("v", path, 0), GIVEN, None)
    except BadSample as error:
        message = str(error)
        assert "broken.mp4" in message
    else:
        assert clip.shape == (8, 3, 16, 16)
        assert clip.dtype == np.uint8 or clip.dtype.itemsize == 1


def test_a_pipe_is_no_video(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    assert count_frames(tmp_path / "a.mp4") == 0
