"""Frames that are damaged, lie, or are of an odd kind."""

from __future__ import annotations

import io
import zipfile

import numpy as np
from PIL import Image

from hostile.entry import Hostile
from hostile.films import CHECK, DEEP, PICTURE, PIXELS, encoded, frame, link, only, pipe, png

JPEG, PNG = encoded(PICTURE, "JPEG", quality=95), encoded(PICTURE, "PNG")
UNDECODABLE = r"error: .*clip happy/bad: .* cannot be decoded .*\[undecodable\]"
SHAPE = r"clip happy/bad: .*no face crops"
WELL = r"no problems$"


def archive() -> bytes:
    """Return a ZIP file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.txt", "a")
    return buffer.getvalue()


def turned(orientation: int) -> Image.Exif:
    """Return notes of a camera that was held so."""
    notes = Image.Exif()
    notes[0x0112] = orientation
    return notes


def flipped(data: bytes, *places: int) -> bytes:
    """Return bytes of which some are others."""
    changed = bytearray(data)
    for place in places:
        changed[place] ^= 0xFF
    return bytes(changed)


SMALL = PICTURE.resize((8, 6))
BROKEN = {
    "empty": ("2.jpg", b""),
    "one byte": ("2.jpg", b"\xff"),
    "half a JPEG": ("2.jpg", JPEG[: len(JPEG) // 2]),
    "a JPEG's header alone": ("2.jpg", JPEG[:20]),
    "a JPEG's first half as PNG": ("2.png", JPEG[: len(JPEG) // 2]),
    "half a PNG": ("2.png", PNG[: len(PNG) // 2]),
    "a PNG's header alone": ("2.png", PNG[:33]),
    "a PNG of zeros": ("2.png", bytes(len(PNG))),
    "a JPEG of zeros behind its start": ("2.jpg", JPEG[:2] + bytes(500)),
    "a text": ("2.jpg", b"not an image\n"),
    "a page of HTML, as a login gives": ("2.jpg", b"<!DOCTYPE html><title>Sign in</title>"),
    "a Git LFS pointer": ("2.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
    "an archive": ("2.jpg", archive()),
    "a program": ("2.png", b"\x7fELF\x02\x01\x01" + bytes(57)),
    "a drawing in SVG": ("2.png", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "a pickle": ("2.png", b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00."),
    "a PNG that claims 60,000 x 60,000": ("2.png", png(60_000, 60_000)),
    "a PNG that claims 2 billion columns": ("2.png", png(2**31 - 1, 1)),
    "a PNG of no columns": ("2.png", png(0, 16)),
    "a PNG whose data end early": ("2.png", png(64, 64)),
    "a PNG of a depth that there is not": ("2.png", png(8, 8, depth=7)),
    "a PNG of a colour that there is not": ("2.png", png(8, 8, colour=5)),
    "a PNG whose header's sum is wrong": ("2.png", flipped(PNG, 30)),
    "a JPEG with broken tables": ("2.jpg", flipped(JPEG, *range(30, 90))),
}
ODD = {
    "an image in grey": ("2.jpg", encoded(PICTURE.convert("L"), "JPEG")),
    "an image in CMYK": ("2.jpg", encoded(PICTURE.convert("CMYK"), "JPEG")),
    "16 bits a pixel": ("2.png", encoded(Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257), "PNG")),
    "one bit a pixel": ("2.png", encoded(PICTURE.convert("1"), "PNG")),
    "a palette": ("2.png", encoded(PICTURE.convert("P"), "PNG")),
    "a palette with a transparent colour": ("2.png", encoded(PICTURE.convert("P"), "PNG", transparency=0)),
    "transparency": ("2.png", encoded(PICTURE.convert("RGBA"), "PNG")),
    "grey with transparency": ("2.png", encoded(PICTURE.convert("LA"), "PNG")),
    "a progressive JPEG": ("2.jpeg", encoded(PICTURE, "JPEG", progressive=True)),
    "an ending in capitals": ("2.JPG", JPEG),
    "an animated PNG": ("2.png", encoded(PICTURE, "PNG", save_all=True, append_images=[PICTURE])),
    "a PNG called JPEG": ("2.jpg", PNG),
    "a GIF called PNG": ("2.png", encoded(PICTURE, "GIF")),
    "a BMP called JPEG": ("2.jpg", encoded(PICTURE, "BMP")),
    "a WebP called JPEG": ("2.jpg", encoded(PICTURE, "WEBP")),
    "a TIFF called PNG": ("2.png", encoded(PICTURE, "TIFF")),
    "another size than the others": ("2.jpg", encoded(SMALL, "JPEG")),
    "bytes behind the end": ("2.jpg", JPEG + b"more" * 100),
    "broken notes of a camera": ("2.jpg", encoded(PICTURE, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")),
    **{f"a camera held so: {n}": ("2.jpg", encoded(PICTURE, "JPEG", exif=turned(n))) for n in (0, 3, 6, 8, 9)},
    "a PNG held sideways": ("2.png", encoded(PICTURE, "PNG", exif=turned(6))),
}
EMPTY = {
    "no file at all": {},
    "a text alone": {"notes.txt": b"a"},
    "hidden frames alone": {".0.jpg": JPEG, "._1.jpg": JPEG},
    "what a file manager leaves": {"Thumbs.db": b"a", "desktop.ini": b"a"},
    "frames without an ending": {"0": JPEG, "1": JPEG},
    "parts of a download": {"0.jpg.part": JPEG, "1.jpg.crdownload": JPEG},
}
BAD_LINKS = {
    "leads nowhere": link("nowhere.jpg"),
    "leads to itself": link("2.jpg"),
    "leads to /dev/zero": link("/dev/zero"),
    "leads to a folder": link("."),
}

ENTRIES = [
    *(Hostile(f"{name}, decoded", DEEP, UNDECODABLE, 1, frame(*held)) for name, held in BROKEN.items()),
    *(Hostile(f"{name}, read", DEEP, WELL, 0, frame(*held)) for name, held in ODD.items()),
    *(
        Hostile(f"a clip of {name}", CHECK, r"clip happy/bad: .* holds no frames", 1, only(held))
        for name, held in EMPTY.items()
    ),
    *(
        Hostile(f"a link that {name}", CHECK, r"clip happy/bad: .*no files \[broken-link\]", 1, frame("2.jpg", to))
        for name, to in BAD_LINKS.items()
    ),
    Hostile("a pipe among frames", CHECK, r"clip happy/bad: .*no files \[broken-link\]", 1, frame("2.jpg", pipe)),
    Hostile(
        "a folder called as a frame",
        CHECK,
        r"clip happy/bad: .*no files \[broken-link\]",
        1,
        frame("2.jpg", lambda place: place.mkdir()),
    ),
    Hostile(
        "one column of 20,000 pixels", DEEP, SHAPE, 1, frame("2.png", encoded(Image.new("RGB", (1, 20_000)), "PNG"))
    ),
    Hostile("one row of 60,000 pixels", DEEP, SHAPE, 1, frame("2.png", encoded(Image.new("RGB", (60_000, 1)), "PNG"))),
    Hostile(
        "names that string order misplaces",
        CHECK,
        "misplaces",
        0,
        only(dict.fromkeys(("1.jpg", "2.jpg", "10.jpg"), JPEG)),
    ),
]
