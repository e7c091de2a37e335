"""Which frames of a clip are looked at: one from each of T equal segments."""

from __future__ import annotations

import numpy as np


def frame_indices(count: int, frames: int, sampling: str, rng: np.random.RandomState | None) -> np.ndarray:
    """Indices (T,) into a clip of `count` frames, ascending. Random within each segment, centred without `rng`."""
    pick = _tsn_legacy if sampling == "tsn-legacy" else _segments
    return pick(count, frames, rng)


def _segments(count: int, frames: int, rng: np.random.RandomState | None) -> np.ndarray:
    """Segment borders in float, so every frame can be drawn; a short clip repeats its frames evenly."""
    offsets = rng.random_sample(frames) if rng else np.full(frames, 0.5)
    picks = np.floor((np.arange(frames) + offsets) * count / frames).astype(np.int64)
    return np.minimum(picks, count - 1)


def _tsn_legacy(count: int, frames: int, rng: np.random.RandomState | None) -> np.ndarray:
    """As the field's public loaders do: whole-number segments, whose rest at the clip's end training never shows."""
    if rng is None and count > frames:
        tick = count / frames
        return np.array([int(tick / 2.0 + tick * x) for x in range(frames)])
    if rng is not None and count // frames > 0:
        average = count // frames
        return np.arange(frames) * average + rng.randint(average, size=frames)
    return np.pad(np.arange(min(count, frames)), (0, max(0, frames - count)), "edge")
