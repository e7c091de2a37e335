"""The fast JPEG decoder gives Pillow's bits, or leaves the file to Pillow."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.video.jpeg import read_jpeg

Y, X = np.mgrid[:45, :61]
PICTURE = Image.fromarray(np.stack([4 * X, 5 * Y, 127 + 120 * np.sin(X * Y / 50)], -1).astype(np.uint8))
SETTINGS: list[dict[str, Any]] = [
    {"quality": 95},
    {"quality": 60, "subsampling": "4:4:4"},
    {"quality": 80, "subsampling": "4:2:2"},
    {"quality": 75, "progressive": True},
    {"quality": 90, "optimize": True, "restart_marker_blocks": 2},
    {"quality": 90, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0"},
]


def jpeg(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_the_bits_are_pillows(tmp_path: Path, mode: str, options: dict[str, Any]) -> None:
    data = jpeg(PICTURE.convert(mode), **options)
    (tmp_path / "a.jpg").write_bytes(data)
    pixels = read_jpeg(tmp_path / "a.jpg", 10**6)
    assert pixels is not None
    np.testing.assert_array_equal(pixels, by_pillow(data))


def test_pixels_can_be_put_in_place(tmp_path: Path) -> None:
    data = jpeg(PICTURE)
    (tmp_path / "a.jpg").write_bytes(data)
    places = np.zeros((3, 45, 61, 3), np.uint8)
    assert read_jpeg(tmp_path / "a.jpg", 10**6, places[1]) is not None
    np.testing.assert_array_equal(places[1], by_pillow(data))
    assert not places[::2].any()
    other = read_jpeg(tmp_path / "a.jpg", 10**6, places[2][:-1])  # of another shape
    assert other is not None
    np.testing.assert_array_equal(other, by_pillow(data))
    assert not places[2].any()


def test_what_is_not_plain_is_left_to_pillow(tmp_path: Path) -> None:
    contents = {
        "cmyk": jpeg(PICTURE.convert("CMYK")),
        "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        "half": jpeg(PICTURE)[:900],
        "magic": b"\xff\xd8\xff" + b"\0" * 100,
        "empty": b"",
        "large": jpeg(Image.new("L", (2000, 1000))),
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
        assert read_jpeg(tmp_path / name, 10**6) is None, name


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(SETTINGS),
    st.floats(0.3, 1.0),
    st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=3),
)
def test_broken_bytes_never_give_other_pixels_than_pillows(
    tmp_path: Path, options: dict[str, Any], share: float, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(jpeg(PICTURE, **options))
    data = data[: int(share * len(data))]
    for place, value in flips:
        data[place % len(data)] = value
    (tmp_path / "a.jpg").write_bytes(data)
    pixels = read_jpeg(tmp_path / "a.jpg", 10**6)
    if pixels is not None:
        np.testing.assert_array_equal(pixels, by_pillow(bytes(data)))
