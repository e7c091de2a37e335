"""Small videos of every kind that matters: written by FFmpeg's own encoders, or bent afterwards."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

QUIET = "log-level=none"
KINDS: dict[str, dict[str, Any]] = {
    "b-frames.mp4": {"options": {"bf": "3", "g": "12"}},
    "open-gop.mp4": {"options": {"bf": "3", "g": "12", "x264-params": "open-gop=1"}},
    "open-gop-hevc.mp4": {"codec": "libx265", "options": {"x265-params": f"open-gop=1:keyint=12:bframes=3:{QUIET}"}},
    "variable-rate.mkv": {"options": {"bf": "2", "g": "10"}, "variable": True},
    "variable-rate.mp4": {"options": {"bf": "2", "g": "10"}, "variable": True},
    "gradual-refresh.mp4": {"options": {"g": "20", "x264-params": "intra-refresh=1"}},
    "edit-list.mp4": {"options": {"bf": "3", "g": "12"}, "cut": 400},
    "fragmented.mp4": {"options": {"bf": "2", "g": "12"}, "container": {"movflags": "frag_keyframe+empty_moov"}},
    "packed.avi": {"codec": "mpeg4", "options": {"g": "12", "bf": "2"}},
    "plain.avi": {"codec": "mpeg4", "options": {"g": "12"}},
    "broadcast.ts": {"options": {"bf": "3", "g": "12"}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"g": "12"}},
    "raw.h264": {"options": {"bf": "3", "g": "12"}},
    "flash.flv": {"options": {"bf": "3", "g": "12"}},
}


def write_video(
    path: Path,
    frames: int = 40,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    variable: bool = False,
    cut: int = 0,
    container: dict[str, str] | None = None,
    size: tuple[int, int] = (64, 48),
    aspect: tuple[int, int] = (1, 1),
) -> Path:
    """Frames that all differ, in milliseconds; `cut` hides the first so many by an edit list; `aspect` of a pixel."""
    width, height = size
    with av.open(str(path), "w", options=container or {}) as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.sample_aspect_ratio = Fraction(*aspect)
        time = -cut
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, width, height), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            time += 13 + number * number % 70 if variable else 40
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def picture(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    """Frame `number`: one colour on the left, one on the right, and a line that moves down."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = number * 5 % 256
    pixels[:, : width // 2, 1] = 255 - number * 5 % 256
    pixels[number % height, :, 2] = 255
    return pixels


def full_decode(path: Path) -> list[np.ndarray]:
    """Every frame, by the plain loop that everybody writes."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def turn(path: Path, a: int, b: int, c: int, d: int) -> None:
    """Write a display matrix into the track header of an MP4, as a phone does."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 44
    unit = 1 << 16
    data[place : place + 36] = struct.pack(">9i", a * unit, b * unit, 0, c * unit, d * unit, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def write_sound(path: Path) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path
