"""The paired tests against statsmodels and brute force, and what they do where nothing, or something, differs."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.statistics.paired import TINY, holm, mcnemar, sign_flip, swap_test
from harness.statistics.power import covariance_of_units, smallest_difference
from harness.statistics.resample import Outcomes, recalls, sign_uar
from harness.statistics.ties import tie_groups
from harness.statistics.trainings import Trainings, error_of

DFEW = np.array([489, 379, 534, 435, 294, 29, 181])  # the official test clips of a fold, about


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_statsmodels_exact_less_half_of_what_was_seen(a: int, b: int) -> None:
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    exact = tables.mcnemar([[7, a], [b, 5]], exact=True).pvalue
    expected = 1.0 if a == b else exact - stats.binom.pmf(min(a, b), a + b, 0.5)
    assert mcnemar(a, b) == pytest.approx(expected, abs=1e-9)


def brute_force(differences: list[int]) -> float:
    """All signs of all differences."""
    sums = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in SIGNS[len(differences)]]
    seen = abs(sum(differences))
    return sum((s > seen) + (s == seen) / 2 * (1 if seen else 2) for s in sums) / len(sums)


SIGNS = {n: list(itertools.product((1, -1), repeat=n)) for n in range(1, 11)}


@settings(max_examples=60)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=10))
def test_the_sign_flip_test_equals_all_signs(differences: list[int]) -> None:
    assert sign_flip(np.array(differences)) == pytest.approx(brute_force(differences), abs=1e-9)


def test_with_one_seed_the_sign_flip_test_is_mcnemars() -> None:
    differences = np.array([1] * 30 + [-1] * 14 + [0] * 200)
    assert sign_flip(differences) == mcnemar(30, 14)


def test_the_sign_flip_test_of_many_clips_is_nearly_normal() -> None:
    differences = np.random.default_rng(0).integers(-5, 6, 11_000) + (np.arange(11_000) % 50 == 0)
    score = abs(differences.sum()) / np.sqrt((differences**2).sum())
    assert sign_flip(differences) == pytest.approx(2 * stats.norm.sf(score), rel=0.01)
    assert sign_flip(np.array([1, 2] * 5000)) == TINY


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_is_statsmodels(p: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    gc.freeze()  # multipletests collects garbage each time, which takes long beside all that the tests import
    try:
        expected = multitest.multipletests(p, method="holm")[1]
    finally:
        gc.unfreeze()
    assert holm(np.array(p)) == pytest.approx(expected)


def test_equal_methods_have_p_one() -> None:
    labels = np.repeat(np.arange(3), 20)
    right = np.repeat(np.random.default_rng(0).integers(0, 2, (60, 1)), 2, axis=1).astype(float)
    assert swap_test(sign_uar(Outcomes(labels, right), 500), recalls(labels, right).mean(0)).tolist() == [
        [1, 1],
        [1, 1],
    ]


def test_far_tails_go_on_beyond_the_resamples() -> None:
    """With 500 resamples the smallest p-value counted is 0.001, too large for Holm among 30 methods."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(7), DFEW)
    right = (rng.random((len(labels), 2)) < [0.6, 0.68]).astype(float)
    p = swap_test(sign_uar(Outcomes(labels, right), 500), recalls(labels, right).mean(0))[0, 1]
    assert 1e-9 < p < 1e-3


@pytest.mark.parametrize(
    ("worse", "ranks"),
    [
        ([], [1, 1, 1, 1]),
        ([(0, 3), (1, 3), (2, 3)], [1, 1, 1, 4]),
        ([(0, 2), (0, 3)], [1, 1, 3, 3]),
        ([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], [1, 2, 3, 4]),
    ],
)
def test_tie_groups(worse: list[tuple[int, int]], ranks: list[int]) -> None:
    p = np.ones((4, 4))
    for pair in worse:
        p[pair] = p[pair[::-1]] = 0.01
    assert tie_groups(p) == ranks


def test_the_smallest_difference_is_found_four_times_in_five() -> None:
    """Planted differences of the size that the power note names, found by McNemar's test at about 80 %."""
    rng = np.random.default_rng(0)
    clips, agree = 2000, 0.8
    right = pair_of(rng, clips, agree, 0.0)
    covariance = covariance_of_units(right / clips)
    never = Trainings(np.zeros(1), np.zeros(1), 0)
    error = error_of(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], clips, [never, never])
    smallest = smallest_difference([error])
    found = [sign_flip(np.subtract(*pair_of(rng, clips, agree, smallest).T)) < 0.05 for _ in range(600)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.06)


def pair_of(rng: np.random.Generator, clips: int, agree: float, gain: float) -> np.ndarray:
    """Two methods right or wrong together on a part of the clips; the first is better by `gain`."""
    together = rng.random(clips) < 0.6
    kind = rng.random(clips)
    split = (1 - agree) / 2 + gain / 2
    first = np.where(kind < agree, together, kind < agree + split)
    second = np.where(kind < agree, together, kind >= agree + split)
    return np.stack([first, second], axis=1).astype(float)


def rejections(simulations: int, seeds: int, gain: float) -> dict[str, float]:
    """How often WAR's and UAR's test find a difference at 5 %, on a test set of the size of one fold of DFEW."""
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(7), DFEW)
    found = {"war": 0, "uar": 0}
    for _ in range(simulations):
        easy = rng.beta(1.2, 0.8, (1, len(labels), 1))  # a clip hard for one method is hard for the other
        chance = np.clip(easy + np.array([0.0, gain]), 0, 1)
        hits = (rng.random((seeds, len(labels), 2)) < chance).sum(0)
        found["war"] += sign_flip(hits[:, 0] - hits[:, 1]) < 0.05
        right = hits / seeds
        found["uar"] += swap_test(sign_uar(Outcomes(labels, right), 200), _uar(labels, right))[0, 1] < 0.05
    return {name: count / simulations for name, count in found.items()}


def _uar(labels: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.asarray(recalls(labels, right).mean(0))


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, 3])
def test_where_nothing_differs_one_test_in_twenty_says_so(seeds: int) -> None:
    found = rejections(2500, seeds, 0.0)
    assert found["war"] == pytest.approx(0.05, abs=0.01)
    assert found["uar"] == pytest.approx(0.05, abs=0.01)


@pytest.mark.slow
def test_the_power_on_planted_differences(record_property: Callable[[str, object], None]) -> None:
    """A gain of 1, 3 and 5 points on 2,341 clips, of which nearly half have the two methods disagree by chance."""
    power = {points: rejections(300, 1, points / 100) for points in (1, 3, 5)}
    for points, found in power.items():
        record_property(f"power_{points}_points", {name: float(share) for name, share in found.items()})
        print(f"{points} points: WAR {found['war']:.0%}, UAR {found['uar']:.0%}")
    assert power[1]["war"] < power[3]["war"] < power[5]["war"]
    assert power[5]["war"] > 0.9
    assert power[5]["uar"] > 0.5
