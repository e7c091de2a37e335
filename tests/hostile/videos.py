"""Videos that are damaged, lie, or are of an odd kind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.videos import turn, write_sound, write_video
from hostile.entry import Hostile
from hostile.films import CHECK, DEEP, PICTURE, bytes_of, encoded, link, pipe, video

UNREADABLE = r"clip happy/bad: .*cannot be opened, or holds no video \[unreadable-clip\]"
CUT = r"clip happy/bad: .*(cannot be decoded|cut short|holds no frame|cannot be read)"
WELL = r"no problems$"
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1/a.ts\n#EXT-X-ENDLIST\n"


def film(frames: int = 3, keep: Callable[[bytes], bytes] = bytes, **settings: Any) -> Callable[[Path], None]:
    """Write a video, and keep of its bytes what `keep` gives."""

    def write(place: Path) -> None:
        write_video(place, frames, **settings)
        place.write_bytes(keep(place.read_bytes()))

    return write


def half(data: bytes) -> bytes:
    """Return the first half."""
    return data[: len(data) // 2]


def lying(old: bytes, new: bytes, offset: int) -> Callable[[bytes], bytes]:
    """Put other bytes some places behind a mark."""

    def change(data: bytes) -> bytes:
        place = data.index(old) + offset
        return data[:place] + new + data[place + len(new) :]

    return change


def renamed(suffix: str, **settings: Any) -> Callable[[Path], None]:
    """Write a video of one kind under the name of another."""

    def write(place: Path) -> None:
        write_video(place.with_suffix(suffix), 3, **settings).rename(place)

    return write


def phone(place: Path) -> None:
    """Write a video that a phone took upright."""
    turn(write_video(place, 3), 0, 1, -1, 0)


def sound(place: Path) -> None:
    """Write sound without a picture."""
    write_sound(place.with_suffix(".mp4")).rename(place)


def hole(place: Path) -> None:
    """Make a file that claims 3 GB and holds nothing."""
    with place.open("wb") as file:
        os.truncate(file.fileno(), 3_000_000_000)


NOT_VIDEOS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "an empty file": ("bad.mp4", bytes_of(b"")),
    "a text": ("bad.mp4", bytes_of(b"not a video\n")),
    "a page of HTML, as a login gives": ("bad.avi", bytes_of(b"<!DOCTYPE html><title>Sign in</title>")),
    "a Git LFS pointer": ("bad.mkv", bytes_of(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")),
    "a playlist that names an address": ("bad.mp4", bytes_of(PLAYLIST)),
    "a playlist that names a file": ("bad.ts", bytes_of(b"ffconcat version 1.0\nfile /etc/passwd\n")),
    "a still": ("bad.mp4", bytes_of(encoded(PICTURE, "JPEG"))),
    "an animated GIF": ("bad.mov", bytes_of(encoded(PICTURE, "GIF", save_all=True, append_images=[PICTURE] * 2))),
    "zeros": ("bad.webm", bytes_of(bytes(10_000))),
    "a hole of 3 GB": ("bad.mp4", hole),
    "sound alone": ("bad.mp4", sound),
    "the head of an MP4": ("bad.mp4", film(keep=lambda data: data[:24])),
    "the half of an MP4": ("bad.mp4", film(40, keep=half)),
    "the head of a Matroska": ("bad.mkv", film(keep=lambda data: data[:40])),
    "the head of an AVI": ("bad.avi", film(codec="mpeg4", keep=lambda data: data[:100])),
    "pixels of 20:1": ("bad.mkv", film(aspect=(20, 1))),
    "pixels of 1:20": ("bad.mp4", film(aspect=(1, 20))),
    "a folder called as a video": ("bad.mp4", lambda place: place.with_suffix("").mkdir()),
}
DAMAGED: dict[str, tuple[str, Callable[[Path], object]]] = {
    "frames of zeros": ("bad.mp4", film(40, keep=lying(b"mdat", bytes(1500), 8))),
    "a Matroska of zeros": ("bad.mkv", film(40, keep=lambda data: data[:900] + bytes(len(data) - 900))),
}
ODD: dict[str, tuple[str, Callable[[Path], object]]] = {
    "one frame": ("bad.mp4", film(1)),
    "anamorphic": ("bad.mp4", film(aspect=(4, 3))),
    "narrow pixels": ("bad.mkv", film(aspect=(1, 2))),
    "a phone held upright": ("bad.mp4", phone),
    "WebM called MP4": ("bad.mp4", renamed(".webm", codec="libvpx-vp9")),
    "Matroska called AVI": ("bad.avi", renamed(".mkv")),
    "an ending in capitals": ("bad.MP4", lambda place: write_video(place.with_suffix(".mp4"), 3).rename(place)),
    "a variable rate": ("bad.mkv", film(6, variable=True)),
    "hidden frames at its start": ("bad.mp4", film(10, cut=200, options={"bf": "2", "g": "6"})),
    "fragments": ("bad.mp4", film(6, container={"movflags": "frag_keyframe+empty_moov"})),
    "an index in what counts as free": ("bad.mp4", film(keep=lying(b"moov", b"free", 0))),
    "two pixels": ("bad.mp4", film(size=(2, 2))),
}

ENTRIES = [
    *(
        Hostile(f"{name}, in place of a video", CHECK, "bad", 1, video(*held), own_process=False)
        for name, held in NOT_VIDEOS.items()
    ),
    *(Hostile(f"{name}, decoded", DEEP, CUT, 1, video(*held)) for name, held in DAMAGED.items()),
    *(Hostile(f"{name}, read", DEEP, WELL, 0, video(*held)) for name, held in ODD.items()),
    Hostile(
        "a link to a video that is gone",
        CHECK,
        "bad.mp4 is neither a folder nor a file",
        0,
        video("bad.mp4", link("no.mp4")),
    ),
    Hostile("a link to /dev/zero as a video", CHECK, "bad.mp4 is neither", 0, video("bad.mp4", link("/dev/zero"))),
    Hostile("a pipe as a video", CHECK, "bad.mp4 is neither", 0, video("bad.mp4", pipe)),
]
