"""Scale jittering, the crop of Temporal Segment Networks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

SCALES = (1.0, 0.875, 0.75, 0.66)


@dataclass(frozen=True)
class ScaleJitter:
    """A crop of jittered height and width anywhere in the frames, resized to `size`.

    Height and width are each one of `SCALES` times the frames' shorter side, at most one step apart (Wang et al.,
    Temporal Segment Networks, ECCV 2016, section 3.2, where the sides are 256, 224, 192 and 168 of 256). There the crop
    lies in a corner or the centre; here it lies anywhere, as A³lign-DFER (4.1) says "random cropping".
    """

    size: int

    def __call__(self, frames: Tensor) -> Tensor:
        """Map (T, C, H, W) to (T, C, size, size), drawn from torch's global generator."""
        height, width = frames.shape[-2:]
        pairs = []
        for i, a in enumerate(SCALES):
            pairs += [(a, b) for j, b in enumerate(SCALES) if abs(i - j) <= 1]
        tall, wide = pairs[_draw(len(pairs))]
        h, w = (max(1, int(scale * min(height, width))) for scale in (tall, wide))
        top, left = _draw(height - h + 1), _draw(width - w + 1)
        crop: Tensor = F.resized_crop(
            frames, top, left, h, w, [self.size, self.size], InterpolationMode.BICUBIC, antialias=True
        )
        return crop


def _draw(count: int) -> int:
    return int(torch.randint(count, ()))
