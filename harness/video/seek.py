"""Decode chosen frames of a video, and no more of it than they need."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain, dropwhile, islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from harness.video.container import (
    Key,
    Timeline,
    Unreadable,
    opened,
    packets_of,
    pixel_aspect,
    stated_frames,
    timeline_of,
)
from harness.video.decode import MAX_CLIP_PIXELS, MAX_PIXELS


def read_video(
    path: Path,
    indices: Sequence[int],
    timeline: Timeline,
) -> Iterator[np.ndarray]:
    """Yield frames (H, W, 3) uint8 at these ascending, distinct indices, upright; equal to those of a full decode.

    A frame is known by its time, so that neither B-frames nor a variable frame rate shift it. Decoding starts at the
    last key frame that is shown no later: the pictures of an open group that lead its key frame belong to the group
    before. What seeking fails to find is looked for from the start.

    Raises:
        Unreadable: a frame cannot be decoded.
    """
    most = min(MAX_PIXELS, MAX_CLIP_PIXELS // len(indices))
    found: dict[int, np.ndarray] = {}
    if timeline.keys:
        found = _by_seeking(
            path,
            {timeline.times[i]: i for i in indices},
            timeline.keys,
            most,
        )
    missing = [i for i in indices if i not in found]
    if missing:
        found |= _from_the_start(path, missing, timeline, most)
    for i in indices:
        if i not in found:
            raise Unreadable(f"frame {i + 1} of {timeline.count} cannot be decoded")
        yield found[i]


def decode_all(path: Path) -> Iterator[np.ndarray]:
    """Yield every frame that can be decoded, in order, (H, W, 3) uint8, upright.
    Raises: Unreadable if there is no video.
    """
    with opened(path) as stream:
        aspect = pixel_aspect(stream)
        for packet in packets_of(stream):
            yield from (upright(frame, aspect) for frame in _frames(packet) if not frame.is_corrupt)


def read_timeline(path: Path) -> Timeline:
    """Return times of all frames of a file. Raises:
    Unreadable if it cannot be opened, holds no frame or is cut short.
    """
    with opened(path) as stream:
        timeline, stated = timeline_of(stream), stated_frames(stream)
    if timeline.count < max(stated, 1):
        raise Unreadable(f"is cut short: {timeline.count} of {stated} frames" if stated else "holds no frame")
    return timeline


def _by_seeking(
    path: Path,
    wanted: dict[int, int],
    keys: Sequence[Key],
    most_pixels: int,
) -> dict[int, np.ndarray]:
    found = {}
    starts = [key.pts for key in keys]
    with opened(path, most_pixels) as stream:
        aspect = pixel_aspect(stream)
        frames: Iterator[Any] = iter(())
        frame = None
        for time, index in sorted(wanted.items()):
            key = keys[max(bisect_right(starts, time) - 1, 0)]
            if frame is None or frame.pts < min(key.pts, time):
                frames, frame = _decoded_from(stream, key), None
            while (frame is None or frame.pts < time) and (following := next(frames, None)) is not None:
                frame = following
            if frame is not None and frame.pts == time and not frame.is_corrupt:
                found[index] = upright(frame, aspect)
    return found


def _decoded_from(stream: Any, key: Key) -> Iterator[Any]:
    """Yield frames from a key frame on;
    none if the container, which seeks by the one or the other time, cannot go there.
    """
    try:
        for time in (key.pts, key.dts):
            if time is None:
                continue
            stream.container.seek(time, stream=stream, backward=True)
            packets = packets_of(stream)
            first = next((packet for packet in packets if packet.size), None)
            if first is not None and first.pts == key.pts:
                frames = (frame for packet in chain((first,), packets) for frame in _frames(packet))
                yield from _whole(frames, key)
                return
    except av.FFmpegError:
        return


def _whole(frames: Iterator[Any], key: Key) -> Iterator[Any]:
    """Yield the frames shown from the key frame on, if it is a picture of its own and no step of a gradual refresh."""
    frames = dropwhile(lambda frame: frame.pts < key.pts, frames)
    first = next(frames, None)
    if first is not None and first.pts == key.pts and first.pict_type == av.video.frame.PictureType.I:
        yield first
        yield from frames


def _from_the_start(
    path: Path,
    missing: Sequence[int],
    timeline: Timeline,
    most_pixels: int,
) -> dict[int, np.ndarray]:
    found = {}
    places = {time: i for i, time in enumerate(timeline.times)}
    with opened(path, most_pixels) as stream:
        aspect = pixel_aspect(stream)
        frames = (f for packet in packets_of(stream) for f in _frames(packet))
        for number, frame in enumerate(islice(frames, timeline.count)):
            index = places.get(frame.pts, -1) if places else number
            if index in missing and not frame.is_corrupt:
                found[index] = upright(frame, aspect)
                if len(found) == len(missing):
                    break
    return found


def _frames(packet: Any) -> list[Any]:
    """Return the frames that a packet completes; none if it is broken."""
    try:
        return [frame for frame in packet.decode() if frame.pts is not None or packet.pts is None]
    except av.FFmpegError:
        return []


def upright(frame: Any, aspect: float = 1.0) -> np.ndarray:
    """Return a frame as (H, W, 3) uint8 with square pixels, turned and mirrored as the file's display matrix says.

    Where pixels are not square the width is stretched by `aspect`, as players do.

    A player shows the point (x, y) at (a x + c y, b x + d y); `[[a, b, u], [c, d, v], [x, y, w]]` is the matrix.
    """
    pixels = _square(frame.to_ndarray(format="rgb24"), aspect)
    matrix = next((s for s in frame.side_data if s.type.name == "DISPLAYMATRIX"), None)
    if matrix is None:
        return pixels
    a, b, _, c, d, *_ = np.frombuffer(bytes(matrix), "<i4").tolist()
    straight = abs(a) + abs(d) >= abs(b) + abs(c)
    across, down = (a, d) if straight else (c, b)
    if (across, down) == (c, b):
        pixels = pixels.transpose(1, 0, 2)
    return np.ascontiguousarray(pixels[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1])


def _square(pixels: np.ndarray, aspect: float) -> np.ndarray:
    """Return a frame (H, W, 3) as it is shown, (H, W', 3)."""
    height, width, _ = pixels.shape
    shown = max(1, round(width * aspect))
    if shown == width:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((shown, height), Image.Resampling.BICUBIC))
