"""The fast way to decode a frame: plain JPEG files straight into an array, without Pillow's detours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

LARGEST = 64_000_000  # bytes of a file that is read at once
PLAIN = frozenset({"YCbCr", "Gray", "RGB"})
EXIF, ORIENTATION = b"Exif\x00\x00", 0x0112
HEAD = 131_072  # bytes in which a camera's notes stand: a segment has 65,535 at most


def read_jpeg(
    file: Path,
    most_pixels: int,
    place: np.ndarray | None = None,
) -> np.ndarray | None:
    """Return pixels (H, W, 3) uint8 of a grey or colour JPEG, bit for bit those of Pillow; None for whatever is not
    plain.

    Both decode by libjpeg-turbo, with the accurate DCT and smooth chroma. What makes it warn is left to Pillow.

    Args:
        file: the file.
        most_pixels: a larger picture is not plain.
        place: a contiguous array that becomes the pixels if it has their shape.

    Raises:
        OSError: the file cannot be read.
    """
    if file.stat().st_size > LARGEST:
        return None
    data = file.read_bytes()
    if data[:2] != b"\xff\xd8" or is_turned(data):
        return None
    try:
        height, width, space, _ = simplejpeg.decode_jpeg_header(data)
        if space not in PLAIN or width * height > most_pixels:
            return None
        buffer = place if place is not None and place.shape == (height, width, 3) else None
        pixels: np.ndarray = simplejpeg.decode_jpeg(
            data,
            "RGB",
            fastdct=False,
            fastupsample=False,
            buffer=buffer,
        )
    except ValueError:
        return None
    return pixels if buffer is None else buffer


def is_turned(data: bytes) -> bool:
    """Return whether a camera's notes (EXIF) say that the picture has to be turned or mirrored to stand upright."""
    start = data.find(EXIF, 0, HEAD)
    if start < 0:
        return False
    notes = Image.Exif()
    try:
        notes.load(data[start : start + HEAD // 2])
        return bool(notes.get(ORIENTATION, 1) != 1)
    except Exception:  # broken notes can fail in any way; Pillow reads the picture as it is
        return False
