"""A clip as a numbered sequence of frames, be it a folder of images or a video file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from harness.core.dataset_spec import Sample
from harness.core.errors import BadSample
from harness.video.container import Unreadable
from harness.video.decode import check_shape, fitted, frame_files, read_frames
from harness.video.seek import decode_all, read_timeline, read_video

USUAL = 224  # pixels: what the backbones of this field take


@dataclass(frozen=True)
class Source:
    """The frames of a clip: how many there are, and how to read those at ascending, distinct indices."""

    count: int
    read: Callable[[Sequence[int]], np.ndarray]  # -> (len, H, W, 3) uint8


def open_source(sample: Sample) -> Source:
    """Look at a clip without decoding it. Raises: BadSample if it has no frames."""
    if sample.source.is_file():
        return _video(sample)
    files = frame_files(sample)
    return Source(len(files), lambda indices: read_frames(sample, [files[i] for i in indices]))


def check_all(sample: Sample) -> None:
    """Decode every frame of a clip, whichever training might draw.

    Raises: BadSample naming one that cannot be decoded, or that cannot be resized to the usual 224 pixels.
    """
    if sample.source.is_file():
        for frame in all_frames(sample):
            check_shape(sample, frame, USUAL)
        return
    for file in frame_files(sample):
        check_shape(
            sample,
            read_frames(sample, [file])[0],
            USUAL,
        )


def _video(sample: Sample) -> Source:
    with _named(sample):
        timeline = read_timeline(sample.source)

    def read(indices: Sequence[int]) -> np.ndarray:
        frames: list[np.ndarray] = []
        with _named(sample):
            for frame in read_video(sample.source, indices, timeline):
                frames.append(fitted(frame, frames[0]) if frames else frame)
        return np.stack(frames)

    return Source(timeline.count, read)


def all_frames(sample: Sample) -> Iterator[np.ndarray]:
    """Yield every frame of a video (H, W, 3) uint8 in turn, upright. Raises: BadSample if one cannot be decoded."""
    with _named(sample):
        timeline = read_timeline(sample.source)
        number = 0
        for frame in decode_all(sample.source):
            number += 1
            yield frame
        if number < timeline.count:
            raise Unreadable(f"frame {number + 1} of {timeline.count} cannot be decoded")


@contextmanager
def _named(sample: Sample) -> Iterator[None]:
    """Turn what is wrong with a video into an error that names the clip."""
    try:
        yield
    except Unreadable as error:
        raise BadSample(sample.id, f"{sample.source} {error}") from error
