"""Which frames are looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.video.sampling import frame_indices

counts = st.integers(1, 400)
wanted = st.integers(1, 32)
seeds = st.one_of(st.none(), st.integers(0, 2**32 - 1))
samplers = st.sampled_from(["segments", "tsn-legacy"])


def drawn(count: int, frames: int, sampling: str, seed: int | None) -> list[int]:
    rng = None if seed is None else np.random.RandomState(seed)
    return [int(i) for i in frame_indices(count, frames, sampling, rng)]


def published(n: int, S: int, rng: np.random.RandomState | None) -> list[int]:  # noqa: N803
    """The loaders of Former-DFER, DFER-CLIP, IAL and Exp-CLIP with one frame a segment, line by line."""
    d = 1
    if rng is not None:
        avg = (n - d + 1) // S
        if avg > 0:
            offsets = np.arange(S) * avg + rng.randint(avg, size=S)
        elif n > S:
            offsets = np.sort(rng.randint(n - d + 1, size=S))
        else:
            offsets = np.pad(np.arange(n), (0, S - n), "edge")
    elif n > S + d - 1:
        tick = (n - d + 1) / float(S)
        offsets = np.array([int(tick / 2.0 + tick * x) for x in range(S)])
    else:
        offsets = np.pad(np.arange(n), (0, S - n), "edge")
    return [int(i) for i in offsets]


@given(counts, wanted, samplers, seeds)
def test_indices_are_in_range_ascending_and_as_many_as_asked_for(count: int, frames: int, kind: str, seed: Any) -> None:
    picks = drawn(count, frames, kind, seed)
    assert len(picks) == frames
    assert picks == sorted(picks)
    assert picks[0] >= 0
    assert picks[-1] < count


@given(counts, wanted, samplers, st.integers(0, 2**32 - 1))
def test_draws_are_repeatable(count: int, frames: int, kind: str, seed: int) -> None:
    assert drawn(count, frames, kind, seed) == drawn(count, frames, kind, seed)
    assert drawn(count, frames, kind, None) == drawn(count, frames, kind, None)


@settings(max_examples=300)
@given(counts, wanted, seeds)
def test_tsn_legacy_is_the_published_code_bit_for_bit(count: int, frames: int, seed: Any) -> None:
    rng = None if seed is None else np.random.RandomState(seed)
    assert drawn(count, frames, "tsn-legacy", seed) == published(count, frames, rng)


@pytest.mark.parametrize("count", [16, 17, 24, 31])
def test_tsn_legacy_keeps_its_flaw(count: int) -> None:
    """Training on 17 to 31 frames always yields the first sixteen, while testing spans the clip."""
    assert {tuple(drawn(count, 16, "tsn-legacy", seed)) for seed in range(20)} == {tuple(range(16))}
    if count == 31:
        assert drawn(count, 16, "tsn-legacy", None)[-1] == 30


@pytest.mark.parametrize("count", [5, 16, 17, 24, 31, 32, 90])
def test_segments_reach_every_frame(count: int) -> None:
    rng = np.random.RandomState(0)
    seen = {int(i) for _ in range(600) for i in frame_indices(count, 16, "segments", rng)}
    assert seen == set(range(count))


@given(counts, wanted, seeds)
def test_segments_take_one_frame_of_each(count: int, frames: int, seed: Any) -> None:
    for segment, pick in enumerate(drawn(count, frames, "segments", seed)):
        start, stop = segment * count / frames, (segment + 1) * count / frames
        assert int(start) <= pick < max(stop, int(start) + 1) + 1e-9


def test_test_views_look_at_the_middle_of_each_segment() -> None:
    assert drawn(16, 4, "segments", None) == [2, 6, 10, 14]
    assert drawn(10, 4, "segments", None) == [1, 3, 6, 8]
    assert drawn(10, 4, "tsn-legacy", None) == [1, 3, 6, 8]


def test_short_clips_repeat_frames() -> None:
    assert drawn(3, 6, "segments", None) == [0, 0, 1, 1, 2, 2]
    for seed in (None, 1):
        assert drawn(3, 6, "tsn-legacy", seed) == [0, 1, 2, 2, 2, 2]
        assert drawn(1, 4, "segments", seed) == [0, 0, 0, 0]
    assert {tuple(drawn(2, 4, "segments", seed)) for seed in range(9)} == {(0, 0, 1, 1)}
