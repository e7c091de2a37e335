"""A clip from disk to a tensor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from harness.core.dataset_spec import Sample
from harness.core.errors import BadSample
from harness.core.frame_input import FrameInput
from harness.models.weights import CLIP_MEAN, CLIP_STD
from harness.video import decode
from harness.video.load import load_clip, normalise, place_of


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Ten frames; frame i is grey of level 10 i."""
    for i in range(10):
        Image.new("RGB", (40, 30), (10 * i,) * 3).save(tmp_path / f"{i + 1}.png")
    return Sample("s", tmp_path, 0)


def levels(clip: torch.Tensor) -> list[int]:
    return [int(frame.unique().item()) // 10 for frame in clip]


@pytest.mark.parametrize("sampling", ["segments", "tsn-legacy"])
def test_frames_are_picked_in_order_of_time(sample: Sample, sampling: Any) -> None:
    clip = load_clip(sample, FrameInput(frames=5, size=16, sampling=sampling), None)
    assert clip.shape == (5, 3, 16, 16)
    assert clip.dtype == torch.uint8
    assert levels(clip) == [1, 3, 5, 7, 9]


def test_training_draws_frames_by_its_seed(sample: Sample) -> None:
    given = FrameInput(frames=5, size=16, augmentation=())
    draws = [levels(load_clip(sample, given, seed)) for seed in range(20)]
    assert draws == [levels(load_clip(sample, given, seed)) for seed in range(20)]
    assert len({tuple(draw) for draw in draws}) > 5
    assert {level for draw in draws for level in draw} == set(range(10))


def test_a_short_clip_decodes_each_frame_once(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(file: Path, place: np.ndarray | None) -> np.ndarray:
        read.append(file.name)
        return original(file, place)

    original = decode.read_image
    monkeypatch.setattr(decode, "read_image", counted)
    assert levels(load_clip(sample, FrameInput(frames=20, size=16), None)) == [i // 2 for i in range(20)]
    assert len(read) == len(set(read)) == 10


def test_only_the_frames_looked_at_have_to_be_whole(sample: Sample) -> None:
    (sample.source / "1.png").write_bytes(b"")
    assert levels(load_clip(sample, FrameInput(frames=5, size=16), None)) == [1, 3, 5, 7, 9]
    with pytest.raises(BadSample, match=r"clip s: .*1\.png"):
        load_clip(sample, FrameInput(frames=10, size=16), None)


def test_normalisation() -> None:
    frames = torch.randint(0, 256, (2, 3, 3, 8, 8), dtype=torch.uint8)
    plain = normalise(frames, CLIP_MEAN, CLIP_STD, "none")
    assert torch.equal(plain, frames.float() / 255)
    shown = normalise(frames, CLIP_MEAN, CLIP_STD, "clip")
    for channel, (mean, std) in enumerate(zip(CLIP_MEAN, CLIP_STD, strict=True)):
        expected = (frames[:, :, channel].double() / 255 - mean) / std
        torch.testing.assert_close(shown[:, :, channel].double(), expected, atol=1e-6, rtol=0)


def test_test_views_are_places_crops_and_mirrored() -> None:
    shown = FrameInput(frames=4, size=8, base_size=12, crop_size=8, test_clips=2, test_crops=3, test_flip=True)
    assert shown.test_views == 12
    assert [place_of(view, shown) for view in (0, 1, 2, 5, 6, 11)] == [
        (0, 0, False),
        (0, 0, True),
        (0, 1, False),
        (0, 2, True),
        (1, 0, False),
        (1, 2, True),
    ]


@pytest.fixture
def gradient(tmp_path: Path) -> Sample:
    """Eight equal frames, 20 pixels wide and 10 high, whose red is the column times 12 and green the row times 12."""
    x, y = np.meshgrid(np.arange(20) * 12, np.arange(10) * 12)
    for i in range(8):
        Image.fromarray(np.stack([x, y, x], axis=2).astype(np.uint8)).save(tmp_path / f"{i + 1}.png")
    return Sample("g", tmp_path, 0)


def test_three_crops_lie_along_the_longer_side(gradient: Sample) -> None:
    seen = FrameInput(frames=1, size=8, base_size=10, crop_size=8, test_crops=3)
    corners = [load_clip(gradient, seen, None, view)[0, :2, 0, 0].tolist() for view in range(3)]
    assert corners == [[0, 12], [6 * 12, 12], [12 * 12, 12]]


def test_five_crops_are_the_centre_and_the_corners(gradient: Sample) -> None:
    seen = FrameInput(frames=1, size=8, base_size=10, crop_size=8, test_crops=5)
    corners = [load_clip(gradient, seen, None, view)[0, :2, 0, 0].tolist() for view in range(5)]
    assert corners == [[6 * 12, 12], [0, 0], [12 * 12, 0], [0, 2 * 12], [12 * 12, 2 * 12]]


def test_a_mirrored_view_is_the_other_read_from_the_right(gradient: Sample) -> None:
    seen = FrameInput(frames=2, size=8, test_flip=True)
    plain, mirrored = (load_clip(gradient, seen, None, view) for view in range(2))
    assert torch.equal(mirrored, plain.flip(-1))
    assert not torch.equal(mirrored, plain)
