"""Freq-HD (Tao et al., ACM MM 2023): the stretches of a clip in which the face moves, found by frequencies.

After the authors' public code, which selects and does not train. Frames are split into a low and a high spatial band.
A window of four frames has a dynamicity in each, the power of its fast temporal frequencies. Where the low band jumps
without the high one, head or camera moved: such windows weigh less.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from harness import FrameInput, SamplerSpec, hookimpl

WINDOW = 4  # frames
RADIUS = 20  # deviation of the Gaussian low-pass filter, in periods a picture
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue
SUPPRESSION = 10  # of outliers, in the softmax
SEED = 123  # of RANSAC, for each clip anew


def windows_of_motion(frames: np.ndarray, wanted: int) -> np.ndarray:
    """Return the frames of the `wanted` windows of largest weight that do not overlap, ascending.

    Args:
        frames: all of a clip, (n, H, W, 3) bytes.
        wanted: windows of four frames; a clip that is shorter than all of them is kept whole.
    """
    count = len(frames)
    if count <= wanted * WINDOW:
        return np.arange(count)
    starts = chosen(weights(*dynamicity(frames)), wanted)
    return np.concatenate([start + np.arange(WINDOW) for start in starts])


def dynamicity(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the dynamicity of each window of frames (n, H, W, 3), (n - 3,): of the low and of the high band."""
    low: list[np.ndarray] = []
    high: list[np.ndarray] = []
    found = []
    for frame in frames:
        grey = frame @ np.array(LUMA)  # (H, W)
        low.append(blurred(grey))
        high.append(grey - low[-1])
        if len(low) == WINDOW:
            found.append((temporal_power(low), temporal_power(high)))
            del low[0], high[0]
    bands = np.array(found)  # (n - 3, 2)
    return bands[:, 0], bands[:, 1]


def blurred(grey: np.ndarray) -> np.ndarray:
    """Return the low band of a picture (H, W): its spectrum times a Gaussian around frequency zero."""
    high, wide = grey.shape
    rows = np.fft.fftfreq(high, 1 / high)[:, None]  # periods a picture
    columns = np.fft.rfftfreq(wide, 1 / wide)
    mask = np.exp(-(rows**2 + columns**2) / (2 * RADIUS**2))
    band: np.ndarray = np.fft.irfft2(np.fft.rfft2(grey) * mask, grey.shape)
    return band


def temporal_power(pictures: Sequence[np.ndarray]) -> float:
    """Return the power of the faster half of the temporal frequencies of N pictures (H, W), over all H W N values."""
    spectrum = np.fft.fft(np.stack(pictures), axis=0)[len(pictures) // 2 :]
    power: float = (np.abs(spectrum) ** 2).sum() / np.size(pictures)
    return power


def weights(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the weight of each window, (n,): its high dynamicity over how far its low one is from what fits it.

    Both are taken as parts of their largest. A line of low over high is fitted robustly; the distances from it, through
    a softmax, are the divisors.
    """
    most_low, most_high = low.max(), high.max()
    if most_low <= 0 or most_high <= 0:  # a still picture
        return high
    expected = line(high / most_high, low / most_low)
    distance = np.abs(low / most_low - expected)
    outlying = np.exp(SUPPRESSION * (distance - distance.max()))
    found: np.ndarray = high / (outlying / outlying.sum())
    return found


def line(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what a line y of x says at each x, (n,), fitted by RANSAC with scikit-learn's defaults.

    Where RANSAC finds no points that agree, by least squares of all.
    """
    from sklearn.linear_model import LinearRegression, RANSACRegressor

    column = x[:, None]
    try:
        fitted = RANSACRegressor(random_state=SEED).fit(column, y)
    except ValueError:
        fitted = LinearRegression().fit(column, y)
    said: np.ndarray = fitted.predict(column)
    return said


def chosen(weights: np.ndarray, wanted: int) -> list[int]:
    """Return the starts of windows, ascending: the heaviest that do not overlap and leave room for those that lack."""
    count = len(weights) + WINDOW - 1  # frames
    starts: list[int] = []
    for start in np.argsort(-weights, kind="stable").tolist():
        with_it = sorted([*starts, start])
        if room(with_it, count) >= wanted - len(with_it):
            starts = with_it
        if len(starts) == wanted:
            break
    return starts


def room(starts: Sequence[int], count: int) -> int:
    """Return how many windows fit beside those that start there; less than none where they overlap."""
    borders = [0, *(border for start in starts for border in (start, start + WINDOW)), count]
    gaps = [after - before for before, after in zip(borders[::2], borders[1::2], strict=True)]
    if min(gaps) < 0:
        return -count
    return sum(gap // WINDOW for gap in gaps)


def pick(
    count: int,
    given: FrameInput,
    rng: np.random.RandomState | None,
    view: int,
) -> np.ndarray:
    """Pick the kept frames in their order: evenly of more than are wanted; the last again for those that lack."""
    if count >= given.frames:
        return np.linspace(0, count - 1, given.frames).astype(np.int64)
    return np.minimum(np.arange(given.frames), count - 1)


@hookimpl
def register_samplers() -> list[SamplerSpec]:
    """Offer it with four windows, for 16 frames, and with two, for 8."""
    return [
        SamplerSpec(
            "freq-hd",
            "1",
            pick,
            select=partial(windows_of_motion, wanted=4),
            summary="the 4 x 4 frames in which the face moves most, by their frequencies",
        ),
        SamplerSpec(
            "freq-hd-2",
            "1",
            pick,
            select=partial(windows_of_motion, wanted=2),
            summary="the 2 x 4 frames in which the face moves most, by their frequencies",
        ),
    ]
