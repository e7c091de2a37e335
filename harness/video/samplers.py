"""The samplers that ship: how T frames are picked of a clip, in training by a seeded generator and in testing without.

Each is `pick(count, given, rng, view)`, see `harness.core.sampler_spec.SamplerSpec`.
"""

from __future__ import annotations

import numpy as np

from harness.core.errors import BadOption
from harness.core.frame_input import FrameInput, Padding
from harness.core.sampler_spec import SamplerSpec

RETIMED = 105  # frames that `interpolated-105` brings a clip to
WINDOWS, WINDOW, SHIFT, SLACK = 7, 15, 10, 30  # of them: windows, their length, from one to the next, starts drawn from


def segments(
    count: int,
    given: FrameInput,
    rng: np.random.RandomState | None,
    view: int,
) -> np.ndarray:
    """Pick one run of each segment, whose borders are float, so every frame can be drawn; a short clip repeats frames
    evenly.
    """
    wanted, starts = given.frames // given.duration, max(count - given.duration + 1, 1)
    offsets = rng.random_sample(wanted) if rng else np.full(wanted, _within(given, view))
    picks = np.floor((np.arange(wanted) + offsets) * starts / wanted).astype(np.int64)
    return _runs(
        np.minimum(picks, starts - 1),
        count,
        given.duration,
    )


def tsn_legacy(
    count: int,
    given: FrameInput,
    rng: np.random.RandomState | None,
    view: int,
) -> np.ndarray:
    """Pick as DFER-CLIP and its kin do: whole-number segments, whose rest at the clip's end training never shows.

    A short clip shows its frames and then the last one again (DFER-CLIP), only its first (`padding` first: Former-DFER,
    IAL, Exp-CLIP), or all of them again and again (the DFEW authors' code). Between S and S + d - 1 frames the first of
    these fails in testing; here the first S are shown. `randint` is called exactly as the public loaders call that of
    `numpy.random`: a generator in the same state gives the same frames, and is left in the same state.
    """
    wanted, duration = given.frames // given.duration, given.duration
    starts = max(count - duration + 1, 1)
    if rng is None and starts > wanted:
        tick = starts / float(wanted)
        firsts = np.array([int(tick * _within(given, view) + tick * x) for x in range(wanted)])
    elif rng is not None and starts // wanted > 0:
        average = starts // wanted
        firsts = np.arange(wanted) * average + rng.randint(average, size=wanted)
    elif rng is not None and count > wanted:
        firsts = np.sort(rng.randint(starts, size=wanted))
    elif given.padding == "first":
        firsts = np.zeros(wanted, dtype=np.int64)
    else:
        firsts = _padded(count, wanted, given.padding)[:wanted]
    return _runs(firsts, count, duration)


def consecutive(
    count: int,
    given: FrameInput,
    rng: np.random.RandomState | None,
    view: int,
) -> np.ndarray:
    """Pick T neighbours: anywhere in training; in testing in the middle, or evenly from the clip's start to its end."""
    room = count - given.frames
    if room <= 0:
        return _padded(count, given.frames, given.padding)[: given.frames]
    if rng is not None:
        start = int(rng.randint(room + 1))
    elif given.test_clips == 1:
        start = room // 2
    else:
        start = round(view * room / (given.test_clips - 1))
    return start + np.arange(given.frames)


def consecutive_last(
    count: int,
    given: FrameInput,
    rng: np.random.RandomState | None,
    view: int,
) -> np.ndarray:
    """Pick the last T frames, in training, too (loaders of A3lign-DFER's authors: facts of UMBEnet and OUS)."""
    return _padded(count, given.frames, given.padding)[-given.frames :]


def stride_offset(
    count: int,
    given: FrameInput,
    rng: np.random.RandomState | None,
    view: int,
) -> np.ndarray:
    """Pick frame min(n - 1, int(n i / T) + offset), the offset drawn below T whatever the length (M3DFEL's loader).

    That one draws in testing, too; here the offset is 0 there, or spread over 0..T-1 by the test clips.
    """
    wanted = given.frames
    offset = int(wanted * rng.random_sample()) if rng else wanted * view // given.test_clips
    return np.minimum(np.arange(wanted) * count // wanted + offset, count - 1)


def linspace(
    count: int,
    given: FrameInput,
    rng: np.random.RandomState | None,
    view: int,
) -> np.ndarray:
    """Pick evenly from the first frame to the last, rounded down, in training, too."""
    return np.linspace(0, count - 1, given.frames).astype(np.int64)


def sorted_random(
    count: int,
    given: FrameInput,
    rng: np.random.RandomState | None,
    view: int,
) -> np.ndarray:
    """Pick T different frames in their order; in testing evenly from first to last (the DFEW authors' code).

    A short clip is made long enough first; that code repeats all of its frames (`padding` repeat).
    """
    frames = _padded(count, given.frames, given.padding)
    if rng is None:
        return frames[np.linspace(0, len(frames) - 1, given.frames).astype(np.int64)]
    return frames[np.sort(rng.choice(len(frames), given.frames, replace=False))]


def interpolated_105(
    count: int,
    given: FrameInput,
    rng: np.random.RandomState | None,
    view: int,
) -> np.ndarray:
    """Pick 7 x 5 frames of the clip brought to 105 (EST; T-ESFL from the same group).

    Windows of 15 frames start every 10, the first within the first 30; each shows 5 different frames in their order.
    In testing the first starts at 15, and every third frame of a window is shown. Frame j of the 105 is frame
    round(j (n - 1) / 104) of the clip.

    Raises:
        BadOption: other numbers of frames are asked for.
    """
    if (given.frames, given.duration) != (35, 5):
        raise BadOption("interpolated-105 shows 7 windows of 5 frames: frames=35, duration=5")
    first = SLACK // 2 if rng is None else int(rng.randint(SLACK))
    shown = []
    for window in range(WINDOWS):
        within = np.arange(0, WINDOW, 3) if rng is None else np.sort(rng.choice(WINDOW, given.duration, replace=False))
        shown.append(first + SHIFT * window + within)
    picks: np.ndarray = np.rint(np.concatenate(shown) * (count - 1) / (RETIMED - 1)).astype(np.int64)
    return picks


def _within(given: FrameInput, view: int) -> float:
    """Return where in each segment a test view looks, in 0..1: the middle if there is one view."""
    return (view + 0.5) / given.test_clips


def _runs(
    firsts: np.ndarray,
    count: int,
    duration: int,
) -> np.ndarray:
    """Return the frames from each first one on (T,); where the clip ends, its last frame is repeated."""
    runs = firsts[:, None] + np.arange(duration)  # (T / d, d)
    picks: np.ndarray = np.minimum(runs, count - 1).reshape(-1)
    return picks


def _padded(
    count: int,
    wanted: int,
    padding: Padding,
) -> np.ndarray:
    """Return all frames of a clip (n,), or of a short one at least as many as are wanted."""
    lacking = max(wanted - count, 0)
    if padding == "repeat":
        return np.tile(np.arange(count), max(-(-wanted // count), 1))
    if padding == "first":
        return np.concatenate([np.zeros(lacking, dtype=np.int64), np.arange(count)])
    return np.concatenate([np.arange(count), np.full(lacking, count - 1)])


SAMPLERS = (
    SamplerSpec(
        "segments",
        "1",
        segments,
        ("duration", "test_clips"),
        summary="a frame, or a run, of each of T / d equal segments",
    ),
    SamplerSpec(
        "tsn-legacy",
        "1",
        tsn_legacy,
        ("duration", "padding", "test_clips"),
        summary="as DFER-CLIP and its kin do, with their flaw",
    ),
    SamplerSpec(
        "consecutive", "1", consecutive, ("padding", "test_clips"), summary="T neighbours anywhere, or in the middle"
    ),
    SamplerSpec("consecutive-last", "1", consecutive_last, ("padding",), summary="the last T frames"),
    SamplerSpec(
        "stride-offset", "1", stride_offset, ("test_clips",), summary="every n / T-th frame, shifted by up to T"
    ),
    SamplerSpec("linspace", "1", linspace, (), summary="evenly from the first frame to the last"),
    SamplerSpec("sorted-random", "1", sorted_random, ("padding",), summary="T different frames; evenly in testing"),
    SamplerSpec(
        "interpolated-105", "1", interpolated_105, ("duration",), summary="7 windows of 5 of 105 frames (EST, T-ESFL)"
    ),
)
