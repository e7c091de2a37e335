"""Read the frames of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from harness.errors import BadSample
from harness.specs import Sample
from harness.splits import natural_key

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
MAX_PIXELS = 64_000_000  # no face crop is larger; a hostile header would ask for terabytes


def is_frame(name: str) -> bool:
    """Whether a file name is that of a frame: an image, and no hidden file."""
    return not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES


def frame_files(sample: Sample) -> list[Path]:
    """The frame files of a clip in order of time. Raises: BadSample if there are none."""
    try:
        names = [entry.name for entry in sample.source.iterdir() if is_frame(entry.name)]
    except OSError as error:
        raise BadSample(sample.id, f"cannot read folder {sample.source} ({error.strerror})") from error
    if not names:
        raise BadSample(sample.id, f"no frames in {sample.source}")
    return [sample.source / name for name in sorted(names, key=natural_key)]


def read_frames(sample: Sample, files: Sequence[Path]) -> np.ndarray:
    """Decode frames to (T, H, W, 3) uint8; a frame of another size is resized to that of the first."""
    images = [_read(sample, file) for file in files]
    size = images[0].size
    same = [im if im.size == size else im.resize(size, Image.Resampling.BILINEAR) for im in images]
    return np.stack([np.asarray(image) for image in same])


def _read(sample: Sample, file: Path) -> Image.Image:
    try:
        with Image.open(file) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BadSample(sample.id, f"{file} claims {image.width} x {image.height} pixels")
            return _opaque(image).convert("RGB")  # decodes; a truncated file fails here
    except BadSample:
        raise
    except Exception as error:  # a broken file can make Pillow's readers fail in any way
        raise BadSample(sample.id, f"{file} cannot be decoded ({error or type(error).__name__})") from error


def _opaque(image: Image.Image) -> Image.Image:
    """Pillow warns of palettes with transparency unless they take this detour, which gives the same colours."""
    return image.convert("RGBA") if image.mode == "P" and "transparency" in image.info else image
