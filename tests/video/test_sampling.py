"""Which frames are looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.core.frame_input import FrameInput
from harness.video import sampling
from harness.video.pipeline import STANDARD

counts = st.integers(1, 400)
wanted = st.integers(1, 32)
durations = st.integers(1, 4)
seeds = st.one_of(st.none(), st.integers(0, 2**32 - 1))
samplers = st.sampled_from(["segments", "tsn-legacy"])


def frame_indices(
    count: int, frames: int, name: str, rng: np.random.RandomState | None, duration: int = 1, **changes: Any
) -> np.ndarray:
    view = changes.pop("view", 0)
    given = FrameInput(frames=frames, sampling=name, duration=duration, **changes)
    return sampling.frame_indices(count, given, STANDARD.sampler(given), rng, view)


def drawn(count: int, frames: int, sampling: str, seed: int | None) -> list[int]:
    rng = None if seed is None else np.random.RandomState(seed)
    return [int(i) for i in frame_indices(count, frames, sampling, rng)]


def published(n: int, S: int, d: int, randint: Any) -> list[int]:  # noqa: N803
    """The loaders of DFER-CLIP and its kin, as the facts on this field describe them; frame by frame, in plain Python.

    `randint` None means testing; otherwise it is called as they call that of `numpy.random`.
    """
    if randint is not None:
        avg = (n - d + 1) // S
        if avg > 0:
            offsets = [x * avg + int(r) for x, r in zip(range(S), randint(avg, size=S), strict=True)]
        elif n > S:
            offsets = sorted(int(r) for r in randint(n - d + 1, size=S))
        else:
            offsets = [*range(n), *[n - 1] * (S - n)]
    elif n > S + d - 1:
        tick = (n - d + 1) / S
        offsets = [int(tick / 2 + tick * x) for x in range(S)]
    else:
        offsets = [*range(min(n, S)), *[n - 1] * (S - n)]
    shown = []
    for p in offsets:
        for _ in range(d):
            shown.append(p)
            p = min(p + 1, n - 1)
    return shown


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
@given(counts, wanted, durations, seeds)
def test_tsn_legacy_is_the_published_code_bit_for_bit(count: int, segments: int, duration: int, seed: Any) -> None:
    """The published code draws from numpy's global generator; ours is left in the same state as that one."""
    assume(count >= duration)  # or the published code fails
    before = np.random.get_state()
    try:
        np.random.seed(seed or 0)
        expected = published(count, segments, duration, None if seed is None else np.random.randint)
        after = np.random.get_state()
    finally:
        np.random.set_state(before)
    rng = np.random.RandomState(seed or 0)
    drawing = None if seed is None else rng
    assert frame_indices(count, segments * duration, "tsn-legacy", drawing, duration).tolist() == expected
    for ours, theirs in zip(rng.get_state(), after, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_every_branch_of_the_published_code_is_met() -> None:
    """The middle one, clips with more frames than segments and yet no whole segment, only with three frames a run."""
    for count, segments, duration in ((40, 8, 2), (9, 8, 3), (8, 8, 2), (3, 8, 1), (10, 8, 1), (9, 8, 1)):
        for seed in range(5):
            given = frame_indices(
                count, segments * duration, "tsn-legacy", np.random.RandomState(seed), duration
            ).tolist()
            assert given == published(count, segments, duration, np.random.RandomState(seed).randint)


def test_former_dfers_eight_runs_of_two() -> None:
    assert frame_indices(33, 16, "tsn-legacy", None, 2).tolist() == [
        *(2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31)
    ]  # fmt: skip


@given(counts, wanted, durations, st.sampled_from(["segments", "tsn-legacy"]), seeds)
def test_runs_are_of_neighbours(count: int, segments: int, duration: int, kind: str, seed: Any) -> None:
    rng = None if seed is None else np.random.RandomState(seed)
    runs = frame_indices(count, segments * duration, kind, rng, duration).reshape(segments, duration)
    assert (runs == np.minimum(runs[:, :1] + np.arange(duration), count - 1)).all()
    assert (np.diff(runs[:, 0]) >= 0).all()


def test_the_last_frame_of_a_run_is_reached() -> None:
    rng = np.random.RandomState(0)
    seen = {int(i) for _ in range(400) for i in frame_indices(23, 16, "segments", rng, 2)}
    assert seen == set(range(23))


def test_segments_draw_every_frame_equally_often() -> None:
    """31 frames in 16 segments: each is drawn with probability 16/31, whichever borders it straddles."""
    rng = np.random.RandomState(0)
    draws = np.concatenate([frame_indices(31, 16, "segments", rng) for _ in range(6000)])
    shares = np.bincount(draws, minlength=31) / 6000
    np.testing.assert_allclose(shares, 16 / 31, atol=0.035)


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
