"""Read the frames of a clip that is a folder of images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from harness.core.dataset_spec import Sample
from harness.core.errors import BadSample
from harness.core.text import natural_key
from harness.video.jpeg import ORIENTATION, read_jpeg

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
# What brings a picture upright, by the orientation that EXIF notes.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
MAX_PIXELS = 64_000_000  # no face crop is larger; a hostile header would ask for terabytes
MAX_CLIP_PIXELS = 512_000_000  # of all frames looked at: 16 of an 8K video would still pass


def is_frame(name: str) -> bool:
    """Return whether a file name is that of a frame: an image, and no hidden file."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122 (of a million)


def without_doubles(names: Sequence[str]) -> Sequence[str]:
    """Return the names of frames; of those that differ in their suffix only, one: they show the same, so JPEG first."""
    if len({name.rpartition(".")[0] for name in names}) == len(names):
        return names
    chosen: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (name.rpartition(".")[2].lower().replace("jpeg", "jpg"), name)):
        chosen.setdefault(name.rpartition(".")[0], name)
    return list(chosen.values())


def frame_files(sample: Sample) -> list[Path]:
    """Return the frame files of a clip in order of time. Raises: BadSample if there are none."""
    try:
        with os.scandir(sample.source) as entries:  # a pipe would block whoever opens it
            names = [e.name for e in entries if is_frame(e.name) and (e.is_file() or e.is_dir())]
    except OSError as error:
        raise BadSample(sample.id, f"cannot read folder {sample.source} ({error.strerror})") from error
    if not names:
        raise BadSample(sample.id, f"no frames in {sample.source}")
    return [sample.source / name for name in sorted(without_doubles(names), key=natural_key)]


def read_frames(sample: Sample, files: Sequence[Path]) -> np.ndarray:
    """Decode frames to (T, H, W, 3) uint8; a frame of another size is resized to that of the first."""
    first = _read(sample, files[0])
    if first.size // 3 * len(files) > MAX_CLIP_PIXELS:
        height, width, _ = first.shape
        raise BadSample(sample.id, f"{files[0]}: {len(files)} frames of {width} x {height} pixels are no face crops")
    frames = np.empty((len(files), *first.shape), np.uint8)
    frames[0] = first
    for place, file in zip(
        frames[1:],
        files[1:],
        strict=True,
    ):
        frame = _read(sample, file, place)
        if frame is not place:
            place[:] = fitted(frame, first)
    return frames


def check_shape(
    sample: Sample,
    frame: np.ndarray,
    side: int,
) -> None:
    """Refuse a frame (H, W, 3) that cannot be resized to have a shorter side of so many pixels.

    The longer side grows with the shorter one: 20,000 pixels by 1 would become gigabytes. Raises: BadSample.
    """
    short, long = sorted(frame.shape[:2])
    if side * side * long // short > MAX_PIXELS:
        raise BadSample(sample.id, f"{sample.source}: frames of {long} by {short} pixels are no face crops")


def fitted(frame: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return a frame (H, W, 3), resized to the height and width of the first if need be."""
    if frame.shape == first.shape:
        return frame
    image = Image.fromarray(frame).resize((first.shape[1], first.shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(image)


def read_image(file: Path, place: np.ndarray | None = None) -> np.ndarray:
    """Return one image as (H, W, 3) uint8: grey, CMYK and palettes become colour, of 16 bits the upper 8 count, alpha
    is left out, and a picture that a camera held sideways is turned upright, as its notes (EXIF) say. `place` becomes
    the pixels if they fit into it.

    Raises:
        Exception: whatever Pillow raises on a broken file, or a ValueError on one too large.
    """
    plain = read_jpeg(file, MAX_PIXELS, place)
    if plain is not None:
        return plain
    with Image.open(file) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"claims {image.width} x {image.height} pixels")
        return np.asarray(upright(_colour(image), image))


def _read(
    sample: Sample,
    file: Path,
    place: np.ndarray | None = None,
) -> np.ndarray:
    try:
        return read_image(file, place)
    except Exception as error:  # a broken file can make Pillow's readers fail in any way
        raise BadSample(sample.id, f"{file} cannot be decoded ({error or type(error).__name__})") from error


def upright(pixels: Image.Image, image: Image.Image) -> Image.Image:
    """Turn and mirror pixels as the notes of the image say; notes that cannot be read say nothing."""
    try:
        turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # of a broken file, in any way
        turn = None
    return pixels if turn is None else pixels.transpose(turn)


def _colour(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits, which Pillow would clip
        image = Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    if image.mode == "P" and "transparency" in image.info:  # Pillow warns unless they take this detour: equal colours
        image = image.convert("RGBA")
    return image.convert("RGB")  # decodes; a truncated file fails here
