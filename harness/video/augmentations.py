"""The augmentations that ship: each draws once a clip, from torch's global generator, which is seeded for it."""

from __future__ import annotations

from torch import Generator, Tensor
from torchvision.transforms import InterpolationMode, v2

from harness.core.frame_input import FrameInput
from harness.video.jitter import ScaleJitter


def random_resized_crop(frames: Tensor, given: FrameInput, generator: Generator) -> Tensor:
    """Cut out a part of the area, of `crop_scale`, and resize it."""
    crop = v2.RandomResizedCrop(
        given.crop_size or given.size,
        scale=given.crop_scale,
        interpolation=InterpolationMode.BICUBIC,
        antialias=True,
    )
    cut: Tensor = crop(frames)
    return cut


def scale_jitter(frames: Tensor, given: FrameInput, generator: Generator) -> Tensor:
    """Cut out a part of jittered height and width, and resize it (TSN)."""
    return ScaleJitter(given.crop_size or given.size)(frames)


def flip(frames: Tensor, given: FrameInput, generator: Generator) -> Tensor:
    """Mirror every second clip."""
    flipped: Tensor = v2.RandomHorizontalFlip()(frames)
    return flipped


def colour_jitter(frames: Tensor, given: FrameInput, generator: Generator) -> Tensor:
    """Change brightness, contrast, saturation and hue by up to `colour_jitter`."""
    brightness, contrast, saturation, hue = given.colour_jitter
    changed: Tensor = v2.ColorJitter(brightness, contrast, saturation, hue)(frames)
    return changed


def rotation(frames: Tensor, given: FrameInput, generator: Generator) -> Tensor:
    """Turn by up to `rotation` degrees."""
    turned: Tensor = v2.RandomRotation(given.rotation, interpolation=InterpolationMode.BILINEAR)(frames)
    return turned
