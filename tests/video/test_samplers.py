"""The samplers that ship, each against the loader that it is of, in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.errors import BadOption, HarnessError
from harness.core.frame_input import FrameInput
from harness.core.sampler_spec import SamplerSpec
from harness.video.pipeline import STANDARD
from harness.video.sampling import check_sampler, frame_indices

EST = {"frames": 35, "duration": 5}
SIZES = {name: EST if name == "interpolated-105" else {"frames": 16} for name in STANDARD.samplers}
seeds = st.one_of(st.none(), st.integers(0, 2**32 - 1))


def picks(name: str, count: int, seed: int | None = None, view: int = 0, **changes: Any) -> list[int]:
    seen = FrameInput(sampling=name, **{**SIZES[name], **changes})
    rng = None if seed is None else np.random.RandomState(seed)
    return frame_indices(count, seen, STANDARD.sampler(seen), rng, view).tolist()


def longer(count: int, padding: str, wanted: int = 16) -> list[int]:
    """All frames of a clip, or of a short one as many as are wanted."""
    frames = list(range(count))
    while len(frames) < wanted:
        if padding == "last":
            frames.append(count - 1)
        elif padding == "first":
            frames.insert(0, 0)
        else:
            frames += range(count)
    return frames


@settings(max_examples=400)
@given(st.sampled_from(sorted(STANDARD.samplers)), st.integers(1, 400), seeds)
def test_every_sampler_gives_frames_of_the_clip_in_order_and_the_same_again(name: str, count: int, seed: Any) -> None:
    found = picks(name, count, seed)
    runs = np.reshape(found, (-1, 5 if name == "interpolated-105" else 16))  # EST's windows overlap
    assert (np.diff(runs) >= 0).all()
    assert found == picks(name, count, seed)
    assert len(found) == SIZES[name]["frames"]
    assert {*found} <= {*range(count)}


@pytest.mark.parametrize("name", sorted(STANDARD.samplers))
def test_every_sampler_passes_its_check(name: str) -> None:
    seen = FrameInput(sampling=name, **SIZES[name])
    check_sampler(seen, STANDARD.sampler(seen))


def test_the_three_paddings_of_tsn_legacy() -> None:
    for seed in (None, 1):
        assert picks("tsn-legacy", 3, seed, frames=6) == [0, 1, 2, 2, 2, 2]  # DFER-CLIP
        assert picks("tsn-legacy", 3, seed, frames=6, padding="first") == [0] * 6  # Former-DFER, IAL
        assert picks("tsn-legacy", 3, seed, frames=6, padding="repeat") == [0, 1, 2, 0, 1, 2]  # the DFEW authors' code


@pytest.mark.parametrize(("count", "seed", "first"), [(8, 1, True), (9, 1, False), (9, None, True), (10, None, False)])
def test_former_dfer_pads_up_to_8_frames_in_training_and_9_in_testing(count: int, seed: Any, first: bool) -> None:
    assert (picks("tsn-legacy", count, seed, duration=2, padding="first") == [0, 1] * 8) == first


@given(st.integers(1, 60), seeds, st.sampled_from(["last", "first", "repeat"]))
def test_consecutive_frames(count: int, seed: Any, padding: str) -> None:
    found = picks("consecutive", count, seed, padding=padding)
    if count <= 16:
        assert found == longer(count, padding)[:16]
    elif seed is None:
        assert found == list(range((count - 16) // 2, (count - 16) // 2 + 16))
    else:
        assert found == list(range(found[0], found[0] + 16))
    last = picks("consecutive-last", count, seed, padding=padding)
    assert last == longer(count, padding)[-16:]


def test_consecutive_frames_start_anywhere() -> None:
    starts = {picks("consecutive", 20, seed)[0] for seed in range(100)}
    assert starts == {0, 1, 2, 3, 4}


@given(st.integers(1, 400), st.integers(0, 999))
def test_m3dfels_stride_and_offset(count: int, seed: int) -> None:
    u = np.random.RandomState(seed).random_sample()
    assert picks("stride-offset", count, seed) == [min(count - 1, int(count * i / 16) + int(16 * u)) for i in range(16)]
    assert picks("stride-offset", count) == [min(count - 1, int(count * i / 16)) for i in range(16)]


@given(st.integers(1, 400), st.integers(0, 999), st.sampled_from(["last", "first", "repeat"]))
def test_sorted_random_and_linspace(count: int, seed: int, padding: str) -> None:
    frames = longer(count, padding)
    even = [frames[int(i * (len(frames) - 1) / 15)] for i in range(16)]
    assert picks("sorted-random", count, padding=padding) == even
    drawn = picks("sorted-random", count, seed, padding=padding)
    for frame in {*drawn}:
        assert drawn.count(frame) <= frames.count(frame)
    assert picks("linspace", count, seed) == picks("linspace", count) == [int(i * (count - 1) / 15) for i in range(16)]


@given(st.integers(1, 400), st.integers(0, 999))
def test_est_shows_7_windows_of_the_clip_brought_to_105_frames(count: int, seed: int) -> None:
    rng = np.random.RandomState(seed)
    first, expected = rng.randint(30), []
    for window in range(7):
        places = sorted(rng.choice(15, 5, replace=False))
        expected += [round((first + 10 * window + place) * (count - 1) / 104) for place in places]
    assert picks("interpolated-105", count, seed) == expected
    tested = [15 + 10 * window + place for window in range(7) for place in (0, 3, 6, 9, 12)]
    assert picks("interpolated-105", count) == [round(place * (count - 1) / 104) for place in tested]
    assert picks("interpolated-105", 105) == tested


def test_est_shows_as_many_frames_as_it_does() -> None:
    with pytest.raises(BadOption, match="frames=35, duration=5"):
        picks("interpolated-105", 105, frames=16, duration=1)


def test_test_clips_are_spread_over_the_clip() -> None:
    assert [picks("segments", 40, view=v, frames=4, test_clips=2) for v in (0, 1)] == [[2, 12, 22, 32], [7, 17, 27, 37]]
    assert [picks("tsn-legacy", 40, view=v, frames=4, test_clips=2) for v in (0, 1)] == [
        [2, 12, 22, 32],
        [7, 17, 27, 37],
    ]
    assert [picks("consecutive", 40, view=v, test_clips=3)[0] for v in range(3)] == [0, 12, 24]
    assert [picks("stride-offset", 160, view=v, test_clips=2)[0] for v in (0, 1)] == [0, 8]


def own(pick: Any, reads: tuple[str, ...] = ()) -> SamplerSpec:
    return SamplerSpec("own", "1", pick, reads)


@pytest.mark.parametrize(
    "pick",
    [
        lambda count, seen, rng, view: np.arange(seen.frames),  # beyond a short clip
        lambda count, seen, rng, view: np.full(seen.frames, -1),
        lambda count, seen, rng, view: np.zeros(seen.frames + 1, dtype=int),
        lambda count, seen, rng, view: np.zeros(seen.frames),  # no whole numbers
    ],
)
def test_a_sampler_that_gives_no_frames_of_the_clip_is_refused(pick: Any) -> None:
    with pytest.raises(HarnessError, match=r"sampler 'own' gives .*; it has to give 4 whole numbers in 0\.\."):
        check_sampler(FrameInput(frames=4), own(pick))


@pytest.mark.parametrize("when", ["training", "testing"])
def test_a_sampler_that_draws_from_elsewhere_is_refused(when: str) -> None:
    def pick(count: int, seen: FrameInput, rng: Any, view: int) -> np.ndarray:
        loose = (rng is None) == (when == "testing")
        return np.full(seen.frames, np.random.randint(count) if loose else 0)

    with pytest.raises(HarnessError, match="sampler 'own' picks other frames when it is asked again"):
        check_sampler(FrameInput(frames=4), own(pick))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("segments", {"padding": "first"}),
        ("linspace", {"duration": 2}),
        ("consecutive-last", {"test_clips": 2}),
        ("sorted-random", {"test_clips": 2}),
    ],
)
def test_what_a_sampler_does_not_read_cannot_be_set(name: str, changes: Any) -> None:
    seen = FrameInput(sampling=name, **changes)
    (field,) = changes
    with pytest.raises(BadOption, match=f"{field}=.* means nothing to sampler '{name}'"):
        check_sampler(seen, STANDARD.sampler(seen))


def test_a_sampler_cannot_read_what_there_is_not() -> None:
    with pytest.raises(ValueError, match="duration, padding, test_clips"):
        own(lambda *_: 0, reads=("stride",))


def choosing(select: Any) -> SamplerSpec:
    return SamplerSpec("own", "1", STANDARD.samplers["linspace"].pick, select=select)


@pytest.mark.parametrize(
    "select",
    [
        lambda frames: np.array([], dtype=int),
        lambda frames: np.array([len(frames)]),
        lambda frames: np.array([0, 0]),
        lambda frames: np.array([0.0]),
        lambda frames: np.array([[0]]),
        lambda frames: np.array([-1]),
    ],
)
def test_a_sampler_that_keeps_no_frames_of_the_clip_is_refused(select: Any) -> None:
    with pytest.raises(HarnessError, match=r"sampler 'own' keeps .* it has to keep at least one"):
        check_sampler(FrameInput(frames=4), choosing(select))


def test_a_sampler_that_keeps_others_each_time_is_refused() -> None:
    with pytest.raises(HarnessError, match="sampler 'own' keeps other frames when it is asked again"):
        check_sampler(FrameInput(frames=4), choosing(lambda frames: np.array([np.random.randint(10**9) % len(frames)])))


def test_a_sampler_that_looks_at_the_frames_will_do() -> None:
    check_sampler(FrameInput(frames=4), choosing(lambda frames: np.flatnonzero(frames.mean((1, 2, 3)) > 0)))
