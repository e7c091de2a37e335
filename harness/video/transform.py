"""Resize, crop and augment the frames of a clip, all alike, on uint8 tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode, v2

from harness.specs import FrameInput

BICUBIC = InterpolationMode.BICUBIC


def test_view(frames: Tensor, size: int) -> Tensor:
    """CLIP's own, bit for bit: shorter side to `size`, centre crop. (T, 3, H, W) -> (T, 3, size, size).

    By Pillow, as there: torchvision's kernels for tensors are up to two grey levels off, and differ between CPUs.
    """
    if frames.shape[-2:] == (size, size):
        return frames
    return torch.stack([_fit(frame, size) for frame in frames])


def _fit(frame: Tensor, size: int) -> Tensor:
    image = v2.functional.resize(v2.functional.to_pil_image(frame), [size], BICUBIC)
    fitted: Tensor = v2.functional.pil_to_tensor(v2.functional.center_crop(image, [size, size]))
    return fitted


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
