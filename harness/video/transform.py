"""Resize, crop and augment the frames of a clip, all alike, on uint8 tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as F

from harness.core.frame_input import FrameInput
from harness.video.jitter import ScaleJitter

Step: TypeAlias = Callable[[Tensor], Tensor]
BICUBIC = InterpolationMode.BICUBIC


def centre_view(frames: Tensor, given: FrameInput) -> Tensor:
    """Apply CLIP's own preprocessing, bit for bit: shorter side to S, centre crop. (T, 3, H, W) -> (T, 3, S, S).

    With `base_size` the shorter side is brought to that first, and the centre of `crop_size` cut out. By Pillow, as
    CLIP does: torchvision's kernels for tensors are up to two grey levels off, and differ between CPUs.
    """
    if given.base_size:
        frames = _resize_like_clip(frames, given.base_size)
    if given.crop_size:
        frames = F.center_crop(frames, [given.crop_size])
    return _square(_resize_like_clip(frames, given.size), given.size)


def augmented_view(
    frames: Tensor,
    given: FrameInput,
    seed: int,
) -> Tensor:
    """Apply the steps of `given.augmentation` in order, drawn once a clip from `seed`. (T, 3, H, W) -> (T, 3, S, S)."""
    if given.base_size:
        frames = _resize(frames, given.base_size)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed takes a millisecond, to note who called it
        for step in given.augmentation:
            frames = STEPS[step](given)(frames)
    if given.crop_size and not CROPS.intersection(given.augmentation):
        frames = F.center_crop(frames, [given.crop_size])
    return _square(_resize(frames, given.size), given.size)  # nothing left to do after a crop to S


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


def _random_resized_crop(given: FrameInput) -> Step:
    size = given.crop_size or given.size
    crop: Step = v2.RandomResizedCrop(
        size,
        scale=given.crop_scale,
        interpolation=BICUBIC,
        antialias=True,
    )
    return crop


def _colour_jitter(given: FrameInput) -> Step:
    brightness, contrast, saturation, hue = given.colour_jitter
    jitter: Step = v2.ColorJitter(brightness, contrast, saturation, hue)
    return jitter


STEPS: Mapping[str, Callable[[FrameInput], Step]] = {
    "random-resized-crop": _random_resized_crop,
    "scale-jitter": lambda given: ScaleJitter(given.crop_size or given.size),
    "flip": lambda given: v2.RandomHorizontalFlip(),
    "colour-jitter": _colour_jitter,
    "rotation": lambda given: v2.RandomRotation(given.rotation, interpolation=InterpolationMode.BILINEAR),
}
CROPS = frozenset({"random-resized-crop", "scale-jitter"})
