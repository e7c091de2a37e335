"""A clip as a numbered sequence of frames, be it a folder of images or a video file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from harness.errors import BadSample
from harness.specs import Sample
from harness.video.container import Unreadable
from harness.video.decode import fitted, frame_files, read_frames
from harness.video.seek import read_timeline, read_video

AT_ONCE = 16  # frames held in memory while a clip is checked


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
    """Decode every frame of a clip, whichever training might draw. Raises: BadSample naming one that cannot be."""
    source = open_source(sample)
    for start in range(0, source.count, AT_ONCE):
        source.read(range(start, min(start + AT_ONCE, source.count)))


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


@contextmanager
def _named(sample: Sample) -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        raise BadSample(sample.id, f"{sample.source} {error}") from error
