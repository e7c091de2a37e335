"""A video file's container: when each of its frames is shown, and where decoding can start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from harness.video.decode import MAX_PIXELS

# Formats that hold a video themselves: a playlist called .mp4 would make FFmpeg open other files and addresses.
FORMATS = "mov,matroska,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg,h264,hevc,m4v"

MOST_ASPECT = 8  # width by height of a pixel, or height by width; anamorphic lenses and broadcasts stay below 2


class Unreadable(Exception):
    """Reason why a video cannot be read."""


@dataclass(frozen=True)
class Key:
    """A frame from which decoding can start: when it is shown, and when decoded."""

    pts: int
    dts: int | None


@dataclass(frozen=True)
class Timeline:
    """Times of the frames in the order in which they are shown, in units of the stream's time base.

    `times` and `keys` are empty where the container tells no times, or no two different ones.
    """

    count: int
    times: tuple[int, ...]
    keys: tuple[Key, ...]


@contextmanager
def opened(path: Path, most_pixels: int = MAX_PIXELS) -> Iterator[Any]:
    """Open the first video stream of a file, to be decoded by one thread.

    Raises:
        Unreadable: no such file, no video, or frames too large to decode.
    """
    if path.exists() and not path.is_file():
        raise Unreadable("is no file")  # a pipe would block whoever opens it
    try:
        options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
        with av.open(f"file:{path}", options=options, metadata_errors="replace") as container:
            stream = next((s for s in container.streams.video if not s.disposition & s.disposition.attached_pic), None)
            if stream is None:
                raise Unreadable("has no video stream")
            if stream.codec_context is None:
                raise Unreadable("is in a codec that FFmpeg does not know")
            if stream.width * stream.height * max(pixel_aspect(stream), 1) > most_pixels:
                raise Unreadable(f"claims {stream.width} x {stream.height} pixels, too many to be decoded")
            stream.codec_context.thread_count = 1
            stream.codec_context.options = {"max_pixels": str(most_pixels)}
            yield stream
    except (av.FFmpegError, OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"cannot be read ({getattr(error, 'strerror', None) or error})") from error


def pixel_aspect(stream: Any) -> float:
    """Return width by height of a pixel as the file states it: 1 but for anamorphic video.

    Raises:
        Unreadable: no camera has pixels of that form.
    """
    stated = stream.sample_aspect_ratio
    if not stated:  # none, or 0:1, which means that nobody knows
        return 1.0
    if not 1 / MOST_ASPECT <= stated <= MOST_ASPECT:
        raise Unreadable(f"states pixels of {stated.numerator}:{stated.denominator}, which no camera has")
    return float(stated)


def stated_frames(stream: Any) -> int:
    """Return frames by the sample table of an MP4 or MOV file, without those that its edit list hides; 0 elsewhere.

    Other containers do not know, or guess: AVI states a duration.
    """
    if "mov" not in stream.container.format.name.split(","):
        return 0
    entries = stream.index_entries
    if len(entries) != stream.frames:  # fragmented
        return 0
    return sum(not entry.is_discard for entry in entries)


def timeline_of(stream: Any) -> Timeline:
    """Read all packets of a stream, which costs little: nothing is decoded."""
    packets = [packet for packet in packets_of(stream) if packet.size]
    times = [packet.pts for packet in packets if not packet.is_discard]
    if None in times or len(set(times)) < len(times):
        return Timeline(len(times), (), ())
    keys = (Key(p.pts, p.dts) for p in packets if p.is_keyframe and p.pts is not None)
    return Timeline(
        len(times),
        tuple(sorted(times)),
        tuple(sorted(keys, key=lambda key: key.pts)),
    )


def packets_of(stream: Any) -> Iterator[Any]:
    """Yield packets from where the container stands; the last one is empty, which makes a decoder give what it kept
    back.

    A file that is broken at some place ends there.
    """
    try:
        yield from stream.container.demux(stream)
    except (av.FFmpegError, IndexError):  # the latter when a broken file seems to hold yet another stream
        return
