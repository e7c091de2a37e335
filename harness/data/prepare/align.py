"""Bring a face upright to the middle of a square crop."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from harness.data.prepare.faces import Face

# Where ArcFace (Deng et al., 2019) puts eyes, nose and corners of the mouth in its 112 pixels, as shares of the side.
ARCFACE = np.array([[38.29, 51.70], [73.53, 51.50], [56.03, 71.74], [41.55, 92.37], [70.73, 92.20]]) / 112


def align(
    frame: np.ndarray,
    face: Face,
    size: int,
    margin: float,
) -> Image.Image:
    """Return a crop (size, size) turned, scaled and shifted so that the face's five points lie where they belong.

    Args:
        frame: (H, W, 3) uint8; what lies outside of it is black.
        face: the face, by its points.
        size: side of the crop in pixels.
        margin: share of the side that is added on each side of ArcFace's tight crop.
    """
    target = (ARCFACE * (1 - 2 * margin) + margin) * size
    a, b, x, y = similarity(target, np.array(face.points))  # crop -> frame, as Pillow wants it
    shrink = max(1, int(math.hypot(a, b)))  # a large face is averaged down first, or fine lines would flicker
    image = Image.fromarray(frame)
    if shrink > 1:
        image = image.reduce(shrink)
    coefficients = tuple(value / shrink for value in (a, -b, x, b, a, y))
    return image.transform(
        (size, size),
        Image.Transform.AFFINE,
        coefficients,
        Image.Resampling.BICUBIC,
    )


def similarity(source: np.ndarray, target: np.ndarray) -> tuple[float, float, float, float]:
    """Return (a, b, x, y) of the map (u, v) -> (a u - b v + x, b u + a v + y) that brings `source` closest to `target`.

    Least squares over points (N, 2): rotation, scale and shift, no mirroring.
    """
    u, v = (source - source.mean(0)).T
    p, q = (target - target.mean(0)).T
    spread = float((u * u + v * v).sum()) or 1.0
    a = float((u * p + v * q).sum()) / spread
    b = float((u * q - v * p).sum()) / spread
    (u0, v0), (p0, q0) = source.mean(0), target.mean(0)
    return a, b, float(p0 - a * u0 + b * v0), float(q0 - b * u0 - a * v0)
