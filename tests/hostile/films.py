"""Folders of clips of one's own, most of them sound, and the files that are not."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hostile.entry import Prepare

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
PICTURE = Image.fromarray(PIXELS)
CHECK = ("data", "check", "folder", "--root", "films", "--frames", "3", "--workers", "1")
DEEP = (*CHECK, "--deep")
Write = Callable[[Path], object]


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return an image file as bytes."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def films(folder: Path, clips: int = 4, classes: tuple[str, ...] = ("happy", "sad")) -> Path:
    """Write sound clips of three frames; returns their root."""
    root = folder / "films"
    for label in classes:
        for number in range(clips):
            clip = root / label / f"c{number}"
            clip.mkdir(parents=True)
            for frame in range(3):
                shade = 40 * number + 10 * frame + (120 if label == "sad" else 0)
                Image.new("RGB", (24, 32), (shade, 255 - shade, 90)).save(clip / f"{frame}.jpg")
    return root


def frame(name: str, data: bytes | Write) -> Prepare:
    """Put one frame of that name into a clip `happy/bad` beside sound clips."""

    def prepare(folder: Path) -> None:
        clip = films(folder) / "happy" / "bad"
        clip.mkdir()
        for number in (0, 1):
            (clip / f"{number}.jpg").write_bytes(encoded(PICTURE, "JPEG"))
        place = clip / name
        place.write_bytes(data) if isinstance(data, bytes) else data(place)

    return prepare


def only(names: Mapping[str, bytes]) -> Prepare:
    """Put a clip that holds nothing but these files beside sound ones."""

    def prepare(folder: Path) -> None:
        clip = films(folder) / "happy" / "bad"
        clip.mkdir()
        for name, data in names.items():
            (clip / name).write_bytes(data)

    return prepare


def video(name: str, write: Write) -> Prepare:
    """Put a video of that name beside sound clips."""

    def prepare(folder: Path) -> None:
        write(films(folder) / "happy" / name)

    return prepare


def png(width: int, height: int, *, data: bytes = b"\0", depth: int = 8, colour: int = 2, crc: int = 0) -> bytes:
    """Return a PNG file that claims a size, whatever it holds."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content) ^ crc)

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def link(target: str) -> Write:
    """Make a link to some place."""
    return lambda place: place.symlink_to(target)


def pipe(place: Path) -> None:
    """Make a pipe, which blocks whoever opens it."""
    os.mkfifo(place)


def bytes_of(data: bytes) -> Write:
    """Write bytes."""
    return lambda place: place.write_bytes(data)
