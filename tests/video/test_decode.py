"""Frames from disk: their order, and files that are no frames."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from harness.core.dataset_spec import Sample
from harness.core.errors import BadSample
from harness.core.frame_input import FrameInput
from harness.video.decode import frame_files, is_frame, read_frames, read_image
from harness.video.load import load_clip

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


JPEG = encoded(Image.fromarray(PIXELS), "JPEG", quality=95)
PNG = encoded(Image.fromarray(PIXELS), "PNG")


def clip(folder: Path, **files: bytes) -> Sample:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return Sample("clip/7", folder, 0)


def read(sample: Sample) -> np.ndarray:
    return read_frames(sample, frame_files(sample))


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def test_frames_are_in_order_of_time(tmp_path: Path) -> None:
    names = ["10.jpg", "2.jpg", "1.jpg", "0003.jpg", "11.PNG", "09.jpeg"]
    sample = clip(tmp_path / "a", **{name.replace(".", "_"): JPEG for name in names})
    assert [f.name for f in frame_files(sample)] == ["1.jpg", "2.jpg", "0003.jpg", "09.jpeg", "10.jpg", "11.PNG"]


def test_what_is_no_frame_is_passed_over(tmp_path: Path) -> None:
    sample = clip(tmp_path / "a", **{"1_jpg": JPEG, "Thumbs_db": b"x", "notes_txt": b"x"})
    (tmp_path / "a" / "._1.jpg").write_bytes(b"resource fork")
    assert [f.name for f in frame_files(sample)] == ["1.jpg"]
    assert [is_frame(n) for n in ("a.JPG", ".a.jpg", "a.jpg.txt", "jpg", "a.png")] == [True, False, False, False, True]


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_clip_without_frames_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSample, match="clip clip/7: .*" + name) as caught:
        frame_files(Sample("clip/7", tmp_path / name, 0))
    assert caught.value.sample_id == "clip/7"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="zero bytes"),
        pytest.param(JPEG[: len(JPEG) // 2], id="half a JPEG"),
        pytest.param(JPEG[:30], id="header of a JPEG"),
        pytest.param(PNG[: len(PNG) // 2], id="half a PNG"),
        pytest.param(PNG[:20], id="header of a PNG"),
        pytest.param(b"<html>not found</html>", id="a web page"),
        pytest.param(b"\xff\xd8\xff" + b"\0" * 500, id="magic of a JPEG"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * 500, id="magic of a PNG"),
        pytest.param(png_that_claims(2**31 - 1, 2**31 - 1), id="exabytes"),
        pytest.param(png_that_claims(60_000, 60_000), id="gigabytes"),
        pytest.param(png_that_claims(10_000, 10_000), id="beyond Pillow's warning"),
        pytest.param(png_that_claims(8_001, 8_000), id="beyond our limit"),
        pytest.param(png_that_claims(0, 10), id="no width"),
    ],
)
def test_a_frame_that_cannot_be_decoded_is_named(tmp_path: Path, data: bytes) -> None:
    sample = clip(tmp_path / "a", **{"1_jpg": JPEG, "2_jpg": data})
    with pytest.raises(BadSample, match=r"clip clip/7: .*a/2\.jpg"):
        read(sample)


def test_a_folder_that_is_called_like_a_frame_is_named(tmp_path: Path) -> None:
    sample = clip(tmp_path / "a", **{"1_jpg": JPEG})
    (tmp_path / "a" / "2.jpg").mkdir()
    with pytest.raises(BadSample, match=r"clip/7: .*2\.jpg"):
        read(sample)


def test_a_wrong_suffix_is_no_matter(tmp_path: Path) -> None:
    assert np.array_equal(read(clip(tmp_path / "a", **{"1_jpg": PNG}))[0], PIXELS)


flips = st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([JPEG, PNG]), st.floats(0.01, 1.0), flips)
def test_broken_bytes_give_an_image_or_a_named_error(
    tmp_path: Path, data: bytes, share: float, flips: list[tuple[int, int]]
) -> None:
    broken = bytearray(data[: max(1, int(share * len(data)))])
    for place, value in flips:
        broken[place % len(broken)] = value
    sample = clip(tmp_path / "a", **{"1_jpg": bytes(broken)})
    try:
        frames = read(sample)
    except BadSample as error:
        message = str(error)
    else:
        message = ""
        assert frames.dtype == np.uint8
        assert frames.shape[-1] == 3
    assert not message or ("clip clip/7: " in message and "1.jpg" in message)


def palette() -> bytes:
    image = Image.fromarray(PIXELS).quantize(16)
    return encoded(image, "PNG", transparency=bytes(range(0, 256, 16)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            encoded(Image.fromarray(PIXELS).convert("L"), "PNG"), Image.fromarray(PIXELS).convert("L"), id="grey"
        ),
        pytest.param(
            encoded(Image.fromarray(PIXELS).convert("LA"), "PNG"), Image.fromarray(PIXELS).convert("L"), id="LA"
        ),
        pytest.param(
            encoded(Image.fromarray(PIXELS).convert("1"), "PNG"), Image.fromarray(PIXELS).convert("1"), id="bits"
        ),
        pytest.param(encoded(Image.fromarray(PIXELS).convert("RGBA"), "PNG"), Image.fromarray(PIXELS), id="RGBA"),
        pytest.param(palette(), Image.fromarray(PIXELS).quantize(16), id="palette with alpha"),
    ],
)
def test_other_modes_become_colour(tmp_path: Path, data: bytes, expected: Image.Image) -> None:
    frames = read(clip(tmp_path / "a", **{"1_png": data}))
    assert frames.shape == (1, 24, 20, 3)
    np.testing.assert_array_equal(frames[0], np.asarray(expected.convert("RGB")))


def test_the_upper_half_of_16_bits_counts(tmp_path: Path) -> None:
    deep = np.arange(16 * 16, dtype=np.uint16).reshape(16, 16) * 257
    frames = read(clip(tmp_path / "a", **{"1_png": encoded(Image.fromarray(deep), "PNG")}))
    np.testing.assert_array_equal(frames[0], np.repeat((deep >> 8)[..., None], 3, -1))


def test_a_pipe_is_passed_over(tmp_path: Path) -> None:
    """Whoever opened it would wait for ever."""
    sample = clip(tmp_path / "a", **{"1_png": PNG})
    os.mkfifo(tmp_path / "a" / "2.png")
    assert len(read(sample)) == 1


@pytest.mark.parametrize("size", [(20_000, 3), (3, 20_000), (20_000, 4_000)])
def test_frames_of_no_faces_shape_are_refused_before_they_fill_memory(tmp_path: Path, size: tuple[int, int]) -> None:
    data = encoded(Image.new("L", size), "JPEG")
    sample = clip(tmp_path / "a", **{f"{i}_jpg": data for i in range(8)})
    with pytest.raises(BadSample, match=r"clip clip/7: .*(face crops|pixels)"):
        load_clip(sample, FrameInput(frames=8, size=224), None)


def test_wide_frames_are_still_read(tmp_path: Path) -> None:
    sample = clip(tmp_path / "a", **{"1_jpg": encoded(Image.new("L", (20_000, 100)), "JPEG")})
    assert load_clip(sample, FrameInput(frames=2, size=32), None).shape == (2, 3, 32, 32)


def test_cmyk_becomes_colour(tmp_path: Path) -> None:
    plain = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    data = encoded(Image.fromarray(plain).convert("CMYK"), "JPEG", quality=95)
    found = read(clip(tmp_path / "a", **{"1_jpg": data}))[0]
    assert np.abs(found.astype(int) - plain).max() <= 4


def test_one_pixel(tmp_path: Path) -> None:
    data = encoded(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG")
    assert read(clip(tmp_path / "a", **{"1_png": data})).tolist() == [[[[9, 8, 7]]]]


def test_a_frame_of_another_size_is_fitted_to_the_first(tmp_path: Path) -> None:
    other = encoded(Image.new("RGB", (64, 48), (10, 20, 30)), "PNG")
    frames = read(clip(tmp_path / "a", **{"1_png": PNG, "2_png": other}))
    assert frames.shape == (2, 24, 20, 3)
    assert (frames[1] == (10, 20, 30)).all()


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_still_that_a_camera_held_sideways_is_turned(tmp_path: Path, orientation: int, suffix: str) -> None:
    notes = Image.Exif()
    notes[0x0112] = orientation
    file = tmp_path / f"1.{suffix}"
    Image.fromarray(np.arange(24 * 16, dtype=np.uint8).reshape(8, 16, 3)).save(file, exif=notes)
    with Image.open(file) as image:
        expected = ImageOps.exif_transpose(image)
        np.testing.assert_array_equal(read_image(file), np.asarray(expected))
    assert read_image(file).shape == ((16, 8, 3) if orientation > 4 else (8, 16, 3))


@pytest.mark.parametrize("notes", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0" + bytes(300)])
def test_notes_that_are_broken_say_nothing(tmp_path: Path, notes: bytes) -> None:
    picture = Image.new("RGB", (16, 8), "red")
    picture.save(tmp_path / "1.jpg", exif=notes)
    picture.save(tmp_path / "2.jpg")
    np.testing.assert_array_equal(read_image(tmp_path / "1.jpg"), read_image(tmp_path / "2.jpg"))
