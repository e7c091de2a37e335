"""Views of a clip: CLIP's own for testing, augmented alike for all frames in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2

from harness.core.frame_input import FrameInput
from harness.models.weights import CLIP_MEAN, CLIP_STD
from harness.video import transform
from harness.video.jitter import ScaleJitter
from harness.video.load import normalise
from harness.video.pipeline import STANDARD
from harness.video.transform import centre_view as plain_view

RNG = np.random.default_rng(0)


def augmented_view(frames: Tensor, given: FrameInput, seed: int) -> Tensor:
    return transform.augmented_view(frames, given, seed, STANDARD.steps(given))


def noise(height: int, width: int, frames: int = 1) -> Tensor:
    return torch.from_numpy(RNG.integers(0, 256, (frames, 3, height, width), dtype=np.uint8))


def smooth(height: int, width: int) -> Tensor:
    y, x = np.mgrid[:height, :width] / max(height, width)
    pixels = np.stack([255 * x, 255 * y, 127 + 127 * np.sin(9 * x * y)]).astype(np.uint8)
    return torch.from_numpy(pixels)[None]


@pytest.mark.parametrize("make", [noise, smooth])
@pytest.mark.parametrize("shape", [(224, 224), (256, 200), (112, 150), (33, 500), (500, 301), (1, 1), (2, 60)])
@pytest.mark.parametrize("size", [32, 224])
def test_the_test_view_is_open_clips_preprocessing(make: Any, shape: tuple[int, int], size: int) -> None:
    frames = make(*shape)
    reference = open_clip.image_transform(size, is_train=False)
    image = Image.fromarray(frames[0].permute(1, 2, 0).numpy())
    view = plain_view(frames, FrameInput(size=size))
    assert view.shape == (1, 3, size, size)
    assert view.dtype == torch.uint8
    torch.testing.assert_close(normalise(view, CLIP_MEAN, CLIP_STD, "clip")[0], reference(image), atol=1e-6, rtol=0)


def test_a_frame_of_the_right_size_is_left_alone() -> None:
    frames = noise(32, 32, 4)
    assert torch.equal(plain_view(frames, FrameInput(size=32)), frames)


EVERY = ("random-resized-crop", "scale-jitter", "flip", "colour-jitter", "rotation")


@pytest.mark.parametrize("steps", [(step,) for step in EVERY] + [EVERY])
def test_augmentation_is_alike_for_all_frames_and_seeded(steps: Any) -> None:
    given = FrameInput(size=24, augmentation=steps)
    clip = smooth(40, 36).expand(5, -1, -1, -1)
    views = [augmented_view(clip, given, seed) for seed in range(12)]
    for seed, view in enumerate(views):
        assert view.shape == (5, 3, 24, 24)
        assert view.dtype == torch.uint8
        assert all(torch.equal(view[0], frame) for frame in view)
        assert torch.equal(view, augmented_view(clip, given, seed))
    assert len({view.numpy().tobytes() for view in views}) >= 2


def test_augmentation_neither_heeds_nor_disturbs_the_global_generator() -> None:
    given = FrameInput(size=24, augmentation=EVERY)
    clip = smooth(40, 36)
    torch.manual_seed(1)
    expected, first = torch.rand(3), augmented_view(clip, given, 7)
    torch.manual_seed(1)
    second = augmented_view(clip, given, 7)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first, second)


def test_a_flip_flips_half_of_the_time() -> None:
    clip = noise(24, 24, 3)
    views = [augmented_view(clip, FrameInput(size=24, augmentation=("flip",)), seed) for seed in range(200)]
    flipped = [torch.equal(view, clip.flip(-1)) for view in views]
    assert all(flip or torch.equal(view, clip) for flip, view in zip(flipped, views, strict=True))
    assert 70 < sum(flipped) < 130


def test_colour_jitter_changes_brightness_only() -> None:
    clip = torch.full((2, 3, 24, 24), 100, dtype=torch.uint8)
    views = [augmented_view(clip, FrameInput(size=24, augmentation=("colour-jitter",)), seed) for seed in range(40)]
    levels = {int(view.unique().item()) for view in views}
    assert min(levels) in range(50, 65)
    assert max(levels) in range(135, 151)


def test_rotation_turns_by_at_most_four_degrees() -> None:
    clip = smooth(64, 64)
    clip[..., 60:, 62:] = 255
    for seed in range(10):
        view = augmented_view(clip, FrameInput(size=64, augmentation=("rotation",)), seed).float()
        middle = slice(24, 40)
        assert (view[..., middle, middle] - clip[..., middle, middle].float()).abs().max() < 30


@pytest.mark.parametrize("scale", [(0.08, 0.1), (0.5, 0.6), (1.0, 1.0)])
def test_the_crop_keeps_the_share_asked_for(scale: tuple[float, float]) -> None:
    """The picture is its own coordinates, so the crop's corners can be read from it."""
    x = torch.arange(200, dtype=torch.uint8).repeat(200, 1)
    clip = torch.stack([x, x.T, x])[None]
    for seed in range(20):
        view = augmented_view(clip, FrameInput(size=50, augmentation=("random-resized-crop",), crop_scale=scale), seed)[
            0
        ]
        width, height = (float(view[i].max()) - float(view[i].min()) + 1 for i in (0, 1))
        assert scale[0] * 0.8 <= width * height / 200**2 <= scale[1] * 1.2
        assert 0.68 <= width / height <= 1.45


def test_the_crop_is_torchvisions_with_cubic_interpolation() -> None:
    clip, given = smooth(90, 70), FrameInput(size=40, crop_scale=(0.2, 0.9))
    torch.manual_seed(11)
    reference = v2.RandomResizedCrop(40, scale=(0.2, 0.9), interpolation=v2.InterpolationMode.BICUBIC, antialias=True)
    expected = v2.RandomHorizontalFlip()(reference(clip))
    assert torch.equal(augmented_view(clip, given, 11), expected)


def test_every_step_that_can_be_asked_for_exists() -> None:
    assert set(STANDARD.augmentations) == set(EVERY)


def positions(width: int, height: int) -> Tensor:
    """A frame whose first two channels are its own coordinates, so that a crop's place can be read from it."""
    x = torch.arange(width, dtype=torch.uint8).repeat(height, 1)
    y = torch.arange(height, dtype=torch.uint8)[:, None].repeat(1, width)
    return torch.stack([x, y, x])[None]


def test_scale_jitter_crops_by_tsns_sides_anywhere_in_the_frame() -> None:
    clip, sides = positions(150, 120), (120, 105, 90, 79)
    seen, places = set(), set()
    for seed in range(150):
        torch.manual_seed(seed)
        view = ScaleJitter(240)(clip)[0].float()
        assert view.shape == (3, 240, 240)
        (left, right), (top, bottom) = ((int(view[i].min()), int(view[i].max()) + 1) for i in (0, 1))
        pair = tuple(min(sides, key=lambda side: abs(side - found)) for found in (bottom - top, right - left))
        assert abs(pair[0] - (bottom - top)) <= 2
        assert abs(pair[1] - (right - left)) <= 2
        seen.add(pair)
        places.add((left, top))
    steps = list(enumerate(sides))
    assert seen == {(a, b) for i, a in steps for j, b in steps if abs(i - j) <= 1}
    assert len(places) > 100


def test_faces_at_120_are_cropped_to_112_and_brought_to_the_backbones_size() -> None:
    """The frames of A³lign-DFER, tested: three steps of Pillow, one after the other."""
    given = FrameInput(size=64, base_size=120, crop_size=112, augmentation=("scale-jitter", "flip"))
    frames = torch.cat([smooth(224, 200), noise(224, 200)])
    view = plain_view(frames, given)
    for frame, seen in zip(frames, view, strict=True):
        image = Image.fromarray(frame.permute(1, 2, 0).numpy())
        face = image.resize((120, 134), Image.Resampling.BICUBIC).crop((4, 11, 116, 123))
        expected = face.resize((64, 64), Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(seen.permute(1, 2, 0), np.asarray(expected))
    assert augmented_view(frames, given, 3).shape == (2, 3, 64, 64)


@pytest.mark.parametrize(
    "steps", [(), ("flip",), ("random-resized-crop",), ("scale-jitter",), ("rotation", "scale-jitter")]
)
def test_training_views_go_through_base_and_crop_too(steps: Any) -> None:
    given = FrameInput(size=50, base_size=30, crop_size=20, augmentation=steps)
    view = augmented_view(positions(200, 200), given, 1)[0]
    assert view.shape == (3, 50, 50)
    if "flip" not in steps and "rotation" not in steps:
        share = (float(view[0].max()) - float(view[0].min()) + 1) / 200
        assert share <= (1.0 if steps else 20 / 30 + 0.02)


def test_a_steps_strength_is_part_of_the_input() -> None:
    clip = torch.full((2, 3, 24, 24), 100, dtype=torch.uint8)
    given = FrameInput(size=24, augmentation=("colour-jitter",), colour_jitter=(0.1, 0.0, 0.0, 0.0))
    levels = {int(augmented_view(clip, given, seed).unique().item()) for seed in range(40)}
    assert min(levels) in range(90, 94)
    assert max(levels) in range(107, 111)
    clip = noise(24, 24)
    for degrees, same in ((0.0, True), (30.0, False)):
        given = FrameInput(size=24, augmentation=("rotation",), rotation=degrees)
        assert torch.equal(augmented_view(clip, given, 0), clip) is same
