"""A canvas that draws in face units, and the shapes for it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from math import cos, sin
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from harness.demo.camera import CameraView
from harness.demo.identity import Colour
from harness.demo.randomness import generator

SIZE = 64
OVERSAMPLING = 3
CURVED = -1.0  # a depth that no flat shape has: the shape follows the curve of the head
RAMP = np.linspace(
    -1,
    1,
    SIZE,
    dtype=np.float32,
)
Points = NDArray[np.float64]

_T = np.linspace(0, 1, 11)
_PARABOLA = np.stack(  # (11, 3)
    [
        (1 - _T) * (1 - 2 * _T),
        4 * _T * (1 - _T),
        _T * (2 * _T - 1),
    ],
    1,
)


def points(*pairs: Sequence[float]) -> Points:
    """Return the pairs as an array (N, 2)."""
    return np.asarray(pairs, dtype=np.float64)


def mirror(shape: Points, side: int) -> Points:
    """Return `shape`, which is given for x > 0, on `side` (1 or -1) of the face."""
    flipped: Points = shape * np.array([side, 1.0])
    return flipped


def arc(
    left: Sequence[float],
    middle: Sequence[float],
    right: Sequence[float],
) -> Points:
    """Return the points (11, 2) of the parabola from `left` through `middle` to `right`."""
    curve: Points = _PARABOLA @ np.array((left, middle, right))
    return curve


class _Shape(NamedTuple):
    """A polygon, or a line where `width` (pixels) is positive."""

    points: Points
    colour: Colour
    width: int
    depth: float


class Canvas:
    """An over-sampled picture of shapes that are drawn in face units and seen from `view`.

    Shapes are kept and projected together: one pass over all points is several times faster.
    """

    def __init__(self, view: CameraView) -> None:
        self.view = view
        self.unit = 0.42 * SIZE * OVERSAMPLING * view.scale
        self._shapes: list[_Shape] = []

    def fill(
        self,
        points: Points,
        colour: Colour,
        depth: float = CURVED,
    ) -> None:
        """Fill the polygon `points` (N, 2), which lies on the curved head or at a fixed `depth`."""
        self._shapes.append(_Shape(points, colour, 0, depth))

    def stroke(
        self,
        points: Points,
        colour: Colour,
        width: float,
    ) -> None:
        """Draw a line of `width` face units; one that would be thinner than a pixel is left out."""
        pixels = round(width * self.unit)
        if pixels > 0:
            self._shapes.append(_Shape(points, colour, pixels, CURVED))

    def develop(self, rng: np.random.Generator) -> Image.Image:
        """Return the picture at `SIZE`, lit, blurred and noisy."""
        small = self._paint().reduce(OVERSAMPLING)
        if self.view.blur > 0.2:
            small = small.filter(ImageFilter.BoxBlur(self.view.blur))
        light = 1 + self.view.slope[0] * RAMP[None, :] + self.view.slope[1] * RAMP[:, None]  # (H, W)
        pixels = np.asarray(small, dtype=np.float32) * np.asarray(self.view.gain, np.float32)
        pixels *= light[..., None]
        pixels += _grain(rng, pixels.size).reshape(pixels.shape) * np.float32(self.view.noise)
        return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))

    def _paint(self) -> Image.Image:
        side = SIZE * OVERSAMPLING
        top, bottom = self.view.background
        image = Image.new(
            "RGB",
            (side, side),
            _whole(top),
        )
        pen = ImageDraw.Draw(image)
        pen.polygon([0, side, side, side * 0.55, side, side], fill=_whole(bottom))
        for shape, pixels in zip(
            self._shapes,
            self._project(),
            strict=True,
        ):
            if shape.width:
                pen.line(
                    pixels,
                    fill=_whole(shape.colour),
                    width=shape.width,
                )
            else:
                pen.polygon(pixels, fill=_whole(shape.colour))
        return image

    def _project(self) -> list[list[float]]:
        """Return the pixel positions x, y, x, y, ... of every shape."""
        sizes = [len(shape.points) for shape in self._shapes]
        x, y = np.concatenate([shape.points for shape in self._shapes]).T
        z = np.repeat([shape.depth for shape in self._shapes], sizes)
        z = np.where(
            z == CURVED,
            np.sqrt(np.maximum(1 - 0.75 * x * x - 0.4 * y * y, 0)),
            z,
        )
        view = self.view
        x = x * cos(view.yaw) + z * sin(view.yaw)
        y = y * cos(view.pitch) + z * sin(view.pitch)
        x, y = (
            x * cos(view.roll) - y * sin(view.roll),
            x * sin(view.roll) + y * cos(view.roll),
        )
        across, down = view.shift
        pixels = np.stack([x + across, y + down], 1) * self.unit + SIZE * OVERSAMPLING / 2
        flat, ends = pixels.ravel().tolist(), np.cumsum(sizes).tolist()
        return [flat[2 * (end - size) : 2 * end] for size, end in zip(sizes, ends, strict=True)]


@functools.cache
def _grain_bank() -> NDArray[np.float32]:
    return generator("grain").standard_normal(1 << 18, dtype=np.float32)


def _grain(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Return a stretch of a fixed bank of normal numbers: drawing them anew would double the cost of a frame."""
    bank = _grain_bank()
    start = rng.integers(len(bank) - size)
    return bank[start : start + size]


def _whole(colour: Colour) -> tuple[int, int, int]:
    return (int(colour[0]), int(colour[1]), int(colour[2]))
