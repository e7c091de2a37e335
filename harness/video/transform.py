"""Resize, crop and augment the frames of a clip, all alike, on uint8 tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode, v2

from harness.specs import FrameInput

BICUBIC = InterpolationMode.BICUBIC


def test_view(frames: Tensor, size: int) -> Tensor:
    """CLIP's own: shorter side to `size`, centre crop. (T, 3, H, W) -> (T, 3, size, size)."""
    resized = v2.functional.resize(frames, [size], BICUBIC, antialias=True)
    cropped: Tensor = v2.functional.center_crop(resized, [size, size])
    return cropped


def train_view(frames: Tensor, given: FrameInput, seed: int) -> Tensor:
    """The steps of `given.augmentation` in order, drawn once a clip from `seed`. (T, 3, H, W) -> (T, 3, S, S)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for step in given.augmentation:
            frames = STEPS[step](given)(frames)
    return test_view(frames, given.size)  # nothing left to do after a random resized crop


STEPS: Mapping[str, Callable[[FrameInput], Callable[[Tensor], Tensor]]] = {
    "random-resized-crop": lambda given: v2.RandomResizedCrop(
        given.size, scale=given.crop_scale, interpolation=BICUBIC, antialias=True
    ),
    "flip": lambda given: v2.RandomHorizontalFlip(),
    "colour-jitter": lambda given: v2.ColorJitter(brightness=0.5),  # DFER-CLIP on DFEW
    "rotation": lambda given: v2.RandomRotation(4, interpolation=InterpolationMode.BILINEAR),  # DFER-CLIP on FERV39k
}
