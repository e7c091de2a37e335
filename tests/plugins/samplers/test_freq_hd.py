"""Freq-HD against its description, written out slowly, and what it makes of clips."""

from __future__ import annotations

import cmath
from math import exp, pi

import numpy as np
import pytest

from harness import FrameInput
from harness.planning.frame_inputs import checked_input
from harness_plugins.samplers import freq_hd

SIDE = 8


def clip(count: int, seed: int = 0, side: int = SIDE) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, (count, side, side, 3), dtype=np.uint8)


def slow_low(grey: np.ndarray) -> np.ndarray:
    """The centred spectrum times its mask, sum by sum."""
    high, wide = grey.shape
    out = np.zeros((high, wide), dtype=complex)
    for u in range(-(high // 2), high - high // 2):
        for v in range(-(wide // 2), wide - wide // 2):
            wave = np.array(
                [[cmath.exp(-2j * pi * (u * i / high + v * j / wide)) for j in range(wide)] for i in range(high)]
            )
            coefficient = (grey * wave).sum() * exp(-0.5 * (u * u + v * v) / 20**2)
            out += coefficient * wave.conj() / (high * wide)
    return out.real


def slow_power(window: np.ndarray) -> float:
    total = 0.0
    for k in (2, 3):
        spectrum = sum(picture * cmath.exp(-2j * pi * k * n / 4) for n, picture in enumerate(window))
        total += float((abs(spectrum) ** 2).sum())
    return total / window.size


def test_both_bands_equal_a_slow_reference() -> None:
    frames = clip(6)
    grey = 0.299 * frames[..., 0] + 0.587 * frames[..., 1] + 0.114 * frames[..., 2]
    low = np.stack([slow_low(picture) for picture in grey])
    expected = [[slow_power(band[start : start + 4]) for start in range(3)] for band in (low, grey - low)]
    np.testing.assert_allclose(freq_hd.dynamicity(frames), expected)


def test_the_bands_are_the_picture() -> None:
    grey = np.random.RandomState(1).rand(10, 7)
    assert freq_hd.blurred(np.full((10, 7), 3.0)) == pytest.approx(np.full((10, 7), 3.0))
    assert np.abs(freq_hd.blurred(grey)).max() <= np.abs(grey).max()


def test_weights_are_high_dynamicity_over_the_softmax_of_distances() -> None:
    random = np.random.RandomState(2)
    high, low = random.rand(20) + 1, random.rand(20) + 1
    x, y = high / high.max(), low / low.max()
    distance = np.abs(y - freq_hd.line(x, y))
    parts = np.exp(10 * distance)
    np.testing.assert_allclose(freq_hd.weights(low, high), high / (parts / parts.sum()))


def test_the_line_does_not_heed_outliers() -> None:
    x = np.linspace(0.1, 1, 30)
    y = 0.5 * x + 0.1
    y[[3, 17]] += 2
    np.testing.assert_allclose(freq_hd.line(x, y), 0.5 * x + 0.1, atol=1e-9)


def test_where_no_points_agree_the_line_is_that_of_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("no consensus")

    monkeypatch.setattr("sklearn.linear_model.RANSACRegressor.fit", refuse)
    x = np.array([0.0, 1.0, 2.0, 3.0])
    np.testing.assert_allclose(freq_hd.line(x, 2 * x + 1), 2 * x + 1)


def test_a_jump_of_the_camera_weighs_less_than_a_face_that_moves() -> None:
    """Smooth light and shade jumps once, a fine pattern flickers elsewhere: the flicker is kept."""
    side, count = 32, 40
    rows, columns = np.mgrid[:side, :side]
    random = np.random.RandomState(3)
    smooth = 128 + 60 * np.sin(2 * np.pi * rows / side)
    frames = np.stack([smooth + random.randn(side, side) for _ in range(count)])
    frames[10:] += 50 * np.cos(2 * np.pi * columns / side)  # the camera
    frames[25:29:2] += 10 * (-1.0) ** (rows + columns)  # the face
    shown = np.repeat(frames.clip(0, 255).astype(np.uint8)[..., None], 3, 3)
    kept = freq_hd.windows_of_motion(shown, 1)
    assert set(kept) & {25, 27}
    low, high = freq_hd.dynamicity(shown)
    assert freq_hd.weights(low, high)[7:10].max() < np.median(freq_hd.weights(low, high))


CHOICES: list[tuple[list[float], int, list[int]]] = [
    ([1, 5, 4, 3, 2, 1, 1, 1, 1], 2, [1, 5]),
    ([1, 1, 1, 9, 1, 1, 1, 1, 1], 2, [3, 7]),
    ([1, 1, 9, 1, 1, 1, 1, 1, 1], 3, [0, 4, 8]),  # 2 would leave room for one more only
    ([0, 0, 0, 0, 0, 0, 0, 0, 0], 2, [0, 4]),
]


@pytest.mark.parametrize(("weights", "wanted", "starts"), CHOICES)
def test_windows_do_not_overlap_and_leave_room(weights: list[float], wanted: int, starts: list[int]) -> None:
    assert freq_hd.chosen(np.array(weights), wanted) == starts


@pytest.mark.parametrize("count", [1, 3, 8, 15, 16, 17, 18, 19, 20, 33])
@pytest.mark.parametrize("wanted", [2, 4])
def test_as_many_frames_are_kept_as_windows_hold(count: int, wanted: int) -> None:
    for seed in range(3):
        kept = freq_hd.windows_of_motion(clip(count, seed), wanted)
        assert len(kept) == min(count, 4 * wanted)
        assert (np.diff(kept) > 0).all()
        assert 0 <= kept[0] <= kept[-1] < count


def test_a_still_clip_is_no_error() -> None:
    assert freq_hd.windows_of_motion(np.full((20, 4, 4, 3), 7, dtype=np.uint8), 4).tolist() == [*range(16)]


PICKS = [(16, 16, [*range(16)]), (8, 16, [0, 2, 4, 6, 8, 10, 12, 15]), (8, 3, [0, 1, 2, 2, 2, 2, 2, 2])]


@pytest.mark.parametrize(("frames", "kept", "picked"), PICKS)
def test_kept_frames_are_seen_in_their_order(frames: int, kept: int, picked: list[int]) -> None:
    assert freq_hd.pick(kept, FrameInput(frames=frames), None, 0).tolist() == picked


@pytest.mark.parametrize("name", ["freq-hd", "freq-hd-2"])
def test_the_harness_takes_it(name: str) -> None:
    given = FrameInput(frames=8, size=32, sampling=name)
    assert checked_input(given, "x") == given
