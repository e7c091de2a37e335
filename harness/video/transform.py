"""Resize, crop and augment the frames of a clip, all alike, on uint8 tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

from harness.core.frame_input import FrameInput
from harness.core.lazy import load_object
from harness.core.sampler_spec import AugmentationSpec

if TYPE_CHECKING:
    from harness.core.sampler_spec import Apply
BICUBIC = InterpolationMode.BICUBIC

CROPS = frozenset({"random-resized-crop", "scale-jitter"})  # which leave no centre to be cut out


def centre_view(
    frames: Tensor,
    given: FrameInput,
    crop: int = 0,
    *,
    mirrored: bool = False,
) -> Tensor:
    """Apply CLIP's own preprocessing, bit for bit: shorter side to S, centre crop. (T, 3, H, W) -> (T, 3, S, S).

    With `base_size` the shorter side is brought to that first, and the centre of `crop_size` cut out. By Pillow, as
    CLIP does: torchvision's kernels for tensors are up to two grey levels off, and differ between CPUs.

    Args:
        frames: of one clip.
        given: what the method wants to see.
        crop: number of the crop, where it is tested in more than one: 0 is the centre of one.
        mirrored: whether left and right change places.
    """
    if given.base_size:
        frames = _resize_like_clip(frames, given.base_size)
    if given.crop_size:
        frames = _cut(frames, given, crop)
    view = _square(_resize_like_clip(frames, given.size), given.size)
    return view.flip(-1) if mirrored else view


def _cut(
    frames: Tensor,
    given: FrameInput,
    crop: int,
) -> Tensor:
    """Cut one of the test crops: the centre; of three, one along the longer side; of five, centre and corners."""
    side = given.crop_size
    height, width = (frames.shape[dim] - side for dim in (-2, -1))  # room for the crop's corner
    middle = (round(height / 2), round(width / 2))
    along = [(0, middle[1]), middle, (height, middle[1])] if height > width else []
    places = {
        3: along or [(middle[0], 0), middle, (middle[0], width)],
        5: [middle, (0, 0), (0, width), (height, 0), (height, width)],
    }
    if given.test_crops == 1:
        centre: Tensor = F.center_crop(frames, [side])
        return centre
    top, left = places[given.test_crops][crop]
    cut: Tensor = F.crop(frames, top, left, side, side)
    return cut


def augmented_view(
    frames: Tensor,
    given: FrameInput,
    seed: int,
    steps: Sequence[AugmentationSpec],
) -> Tensor:
    """Apply augmentations in order, drawn once a clip from `seed`. (T, 3, H, W) -> (T, 3, S, S)."""
    if given.base_size:
        frames = _resize(frames, given.base_size)
    frames = augmented(frames, given, seed, steps)
    cropped = CROPS.intersection(given.augmentation) or min(frames.shape[-2:]) < given.crop_size
    if given.crop_size and not cropped:
        frames = F.center_crop(frames, [given.crop_size])
    return _square(_resize(frames, given.size), given.size)  # nothing left to do after a crop to S


def augmented(
    frames: Tensor,
    given: FrameInput,
    seed: int,
    steps: Sequence[AugmentationSpec],
) -> Tensor:
    """Apply augmentations in order to bytes (T, 3, H, W), with torch's global generator and one of theirs seeded."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed takes a millisecond, to note who called it
        generator = torch.Generator().manual_seed(seed)
        for step in steps:
            apply: Apply = load_object(step.apply) if isinstance(step.apply, str) else step.apply
            frames = apply(frames, given, generator)
    return frames


def _resize(frames: Tensor, side: int) -> Tensor:
    resized: Tensor = F.resize(
        frames,
        [side],
        BICUBIC,
        antialias=True,
    )
    return resized


def _resize_like_clip(frames: Tensor, side: int) -> Tensor:
    if min(frames.shape[-2:]) == side:
        return frames
    images = (F.to_pil_image(frame) for frame in frames)
    return torch.stack([F.pil_to_tensor(F.resize(image, [side], BICUBIC)) for image in images])


def _square(frames: Tensor, side: int) -> Tensor:
    cut: Tensor = F.center_crop(frames, [side, side])
    return cut
