"""The bootstrap against SciPy's, which knows nothing of counts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.statistics.resample import Outcomes, multinomial_counts, percentiles, recalls, resample_uar, resample_war

SHARES = [0.4, 0.3, 0.25, 0.05]


def drawn(clips: int, skills: list[float], seeds: int = 1, rng: int = 0) -> Outcomes:
    """Methods of these accuracies on clips of four classes; three clips a film."""
    generator = np.random.default_rng(rng)
    labels = generator.choice(len(SHARES), clips, p=SHARES)
    right = (generator.random((seeds, clips, len(skills))) < skills).mean(0)
    return Outcomes(labels, right)


def mean_recall(*classes: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.mean([values.mean(axis=axis) for values in classes], axis=0)


def scipy_interval(samples: list[np.ndarray], statistic: object) -> tuple[float, float]:
    found = stats.bootstrap(samples, statistic, method="percentile", n_resamples=5000, rng=1)
    return found.confidence_interval.low, found.confidence_interval.high


@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_equal_scipys(seeds: int) -> None:
    given = drawn(800, [0.6, 0.75], seeds)
    first = given.right[:, 0]
    war = scipy_interval([first], np.mean)
    assert percentiles(resample_war(given))[:, 0] == pytest.approx(war, abs=0.004)
    uar = scipy_interval([first[given.labels == c] for c in range(len(SHARES))], mean_recall)
    assert percentiles(resample_uar(given))[:, 0] == pytest.approx(uar, abs=0.006)


def test_differences_are_paired_as_in_scipy() -> None:
    given = drawn(600, [0.6, 0.65])
    difference = given.right[:, 1] - given.right[:, 0]
    uar = scipy_interval([difference[given.labels == c] for c in range(len(SHARES))], mean_recall)
    ours = resample_uar(given)
    assert percentiles(ours[:, 1] - ours[:, 0]) == pytest.approx(uar, abs=0.006)
    both = resample_war(given)
    war = scipy_interval([difference], np.mean)
    assert percentiles(both[:, 1] - both[:, 0]) == pytest.approx(war, abs=0.005)


def test_groups_are_drawn_whole() -> None:
    """All clips of a film right or wrong together: the interval is as wide as with one clip a film."""
    films = drawn(200, [0.6])
    clips = Outcomes(np.repeat(films.labels, 9), np.repeat(films.right, 9, axis=0), np.repeat(np.arange(200), 9))
    alone, whole = (np.ptp(percentiles(resample_war(x))[:, 0]) for x in (films, clips))
    assert whole == pytest.approx(alone, rel=0.05)
    naive = np.ptp(percentiles(resample_war(Outcomes(clips.labels, clips.right)))[:, 0])
    assert whole == pytest.approx(3 * naive, rel=0.08)
    uar = resample_uar(clips)[:, 0]
    assert uar.mean() == pytest.approx(recalls(films.labels, films.right).mean(), abs=0.01)


def test_groups_of_one_clip_leave_war_as_it_was() -> None:
    given = drawn(500, [0.7])
    single = Outcomes(given.labels, given.right, np.arange(500))
    assert percentiles(resample_war(single)) == pytest.approx(percentiles(resample_war(given)), abs=0.006)


def test_a_class_without_clips_is_left_out() -> None:
    given = Outcomes(np.array([0, 0, 2, 2]), np.array([[1.0], [0.0], [1.0], [1.0]]))
    assert recalls(given.labels, given.right).ravel().tolist() == [0.5, 1.0]
    assert set(np.round(resample_uar(given, 200).ravel(), 3)) == {0.5, 0.75, 1.0}


def test_counts_are_multinomial_within_strata() -> None:
    counts = multinomial_counts(np.array([3, 5]), 4000, np.random.default_rng(0))
    assert (counts[:, :3].sum(1) == 3).all()
    assert (counts[:, 3:].sum(1) == 5).all()
    assert counts.mean(0) == pytest.approx(np.ones(8), abs=0.06)
    assert counts[:, 3:].var(0) == pytest.approx(np.full(5, 0.8), abs=0.08)


def test_the_same_seed_gives_the_same_bits() -> None:
    given = drawn(900, [0.6, 0.7])
    assert np.array_equal(resample_uar(given, seed=3), resample_uar(given, seed=3))
    assert not np.array_equal(resample_uar(given, seed=3), resample_uar(given, seed=4))
