"""Which frames of a clip are looked at: T / d equal segments, and d consecutive frames of each."""

from __future__ import annotations

import numpy as np


def frame_indices(
    count: int, frames: int, sampling: str, rng: np.random.RandomState | None, duration: int = 1
) -> np.ndarray:
    """Return indices (T,) of frames of a clip.

    A segment's first frame is drawn by `rng`, or its middle without one. The duration - 1 frames after it follow; where
    the clip ends, its last frame is repeated.

    Args:
        count: frames that the clip has, at least 1.
        frames: T, a multiple of `duration`.
        sampling: `segments` or `tsn-legacy`.
        rng: numpy's legacy generator, MT19937. `tsn-legacy` calls its `randint` exactly as the public loaders call that
            of `numpy.random`, so a generator in the same state gives the same frames and is left in the same state.
        duration: d, consecutive frames a segment.
    """
    pick = _tsn_legacy if sampling == "tsn-legacy" else _segments
    firsts = pick(count, frames // duration, duration, rng)  # (T / d,)
    runs = firsts[:, None] + np.arange(duration)  # (T / d, d)
    picks: np.ndarray = np.minimum(runs, count - 1).reshape(-1)
    return picks


def _segments(
    count: int,
    segments: int,
    duration: int,
    rng: np.random.RandomState | None,
) -> np.ndarray:
    """Place segment borders in float, so every frame can be drawn; a short clip repeats its frames evenly."""
    starts = max(count - duration + 1, 1)
    offsets = rng.random_sample(segments) if rng else np.full(segments, 0.5)
    picks = np.floor((np.arange(segments) + offsets) * starts / segments).astype(np.int64)
    return np.minimum(picks, starts - 1)


def _tsn_legacy(
    count: int,
    segments: int,
    duration: int,
    rng: np.random.RandomState | None,
) -> np.ndarray:
    """Sample as DFER-CLIP and its kin do: whole-number segments, whose rest at the clip's end training never shows.

    A clip shorter than the segments shows each of its frames, and then the last one again and again. (Between S and
    S + d - 1 frames the public code fails in testing; here the first S are shown.)
    """
    starts = max(count - duration + 1, 1)
    if rng is None and starts > segments:
        tick = starts / float(segments)
        return np.array([int(tick / 2.0 + tick * x) for x in range(segments)])
    if rng is not None and starts // segments > 0:
        average = starts // segments
        return np.arange(segments) * average + rng.randint(average, size=segments)
    if rng is not None and count > segments:
        return np.sort(rng.randint(starts, size=segments))
    return np.minimum(np.arange(segments), count - 1)
