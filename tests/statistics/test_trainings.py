"""Tests that hold for methods: the spread over trainings, on simulations that know nothing of the estimator's model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from harness.statistics.measure import Measure, war_measure
from harness.statistics.paired import sign_flip
from harness.statistics.resample import Outcomes
from harness.statistics.trainings import Trainings, error_of, repetition_reach, run_to_run, trainings

FILM = 6  # clips of one film
POINT = 0.175  # of accuracy a logit: the density of these difficulties where clips turn
DFEW = (5, 2340)  # folds, and clips of each
FERV39K = (1, 7847)


@dataclass(frozen=True)
class Study:
    """Two methods trained several times on each fold: right (2, S, N), and fold and film of each clip."""

    right: np.ndarray
    folds: np.ndarray
    films: np.ndarray

    def measure(self) -> Measure:
        """WAR as tables have it; with a bootstrap that is of no use to a test."""
        clips = len(self.folds)
        mean = self.right.mean(1).T  # (N, 2)
        hits = self.right.sum(1)
        flipped = sign_flip(np.bincount(self.films, weights=hits[0] - hits[1]).astype(int))
        spreads = [trainings(of_method / clips, self.folds, self.films) for of_method in self.right]
        share = np.bincount(self.folds) / clips
        p = np.array([[1.0, flipped], [flipped, 1.0]])
        bootstrap = np.stack([mean.mean(0), mean.mean(0)])
        return war_measure(Outcomes(np.zeros(clips, int), mean, self.films), bootstrap, p, spreads, share)


def study(
    rng: np.random.Generator,
    size: tuple[int, int],
    tau: float,
    gain: float = 0.0,
    seeds: int = 3,
) -> Study:
    """Draw clips and trainings.

    Clips are of uneven difficulty, which films share, and each method finds others hard. A training shifts a whole
    fold, by `tau` points in the mean over methods and folds: one method by three times as much as the other, and folds
    unequally. It also shifts films, and adds noise to single clips. The second method is better by `gain` points.
    """
    folds = np.repeat(np.arange(size[0]), size[1])
    films = np.arange(len(folds)) // FILM
    draw = rng.standard_normal
    hard = 0.6 + 1.6 * draw(len(folds)) + (0.8 * draw(films.max() + 1))[films]
    uneven = np.array([0.6, 1.4, 1.0, 0.8, 1.2])[: size[0]] if size[0] > 1 else np.ones(1)
    uneven = uneven / np.sqrt((uneven**2).mean())
    right = np.empty((2, seeds, len(folds)), bool)
    for method, share in enumerate((0.45, 1.34)):
        own = hard + 0.7 * draw(len(folds)) + method * gain / 100 / POINT
        for seed in range(seeds):
            shift = draw(size[0]) * uneven * share * tau / 100 / POINT
            of_films = 0.5 * draw(films.max() + 1)
            right[method, seed] = own + shift[folds] + of_films[films] + 0.8 * draw(len(folds)) > 0
    return Study(right, folds, films)


@pytest.mark.slow
@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 1.5])
@pytest.mark.parametrize("size", [DFEW, FERV39K], ids=["dfew", "ferv39k"])
def test_equal_methods_are_seldom_called_different(size: tuple[int, int], tau: float) -> None:
    """At most 6.5 % at a nominal 5 %; fewer where trainings hardly differ, since both tests have to be passed."""
    rng = np.random.default_rng(11)
    found = [study(rng, size, tau).measure().p[0, 1] < 0.05 for _ in range(2000)]
    print(f"{size}, tau {tau}: {np.mean(found):.2%}")
    assert np.mean(found) <= 0.065
    if tau >= 1:
        assert np.mean(found) >= 0.035


@pytest.mark.slow
def test_a_gain_of_two_points_is_seen() -> None:
    """At a spread of one point from training to training, with five folds and three seeds, 95 times in 100."""
    rng = np.random.default_rng(12)
    found = [study(rng, DFEW, 1.0, gain=2.0) for _ in range(600)]
    gains = [one.right[1].mean() - one.right[0].mean() for one in found]
    assert np.mean(gains) == pytest.approx(0.02, abs=0.0005)
    assert np.mean([one.measure().p[0, 1] < 0.05 for one in found]) >= 0.95


@pytest.mark.slow
def test_the_tests_of_trained_models_would_not_do() -> None:
    """What is mended: taken as given, trainings make two equal methods different in far more than 5 % of cases."""
    rng = np.random.default_rng(13)
    found = []
    for _ in range(400):
        one = study(rng, FERV39K, 1.0)
        hits = one.right.sum(1)
        found.append(sign_flip(np.bincount(one.films, weights=hits[0] - hits[1]).astype(int)) < 0.05)
    assert np.mean(found) > 0.2


def test_a_hierarchical_bootstrap_agrees() -> None:
    """Seeds of each fold and films drawn anew: as wide as the error, where there are seeds enough to draw from."""
    rng = np.random.default_rng(14)
    one = study(rng, (3, 900), 1.5, seeds=24)
    found = one.measure()
    clips, films = len(one.folds), one.films.max() + 1
    drawn = []
    for _ in range(1500):
        weights = np.bincount(rng.integers(0, films, films), minlength=films)[one.films]
        scores = []
        for of_method in one.right:
            seeds = np.stack([rng.integers(0, 24, 24) for _ in range(3)])  # (F, S)
            mean = np.stack([of_method[seeds[fold]].mean(0) for fold in range(3)])[one.folds, np.arange(clips)]
            scores.append((mean * weights).sum() / weights.sum())
        drawn.append(scores[0] - scores[1])
    error = (found.differences[1, 0, 1] - found.differences[0, 0, 1]) / 2 / 1.96
    assert np.std(drawn) == pytest.approx(error, rel=0.12)


def test_the_spread_is_that_of_the_fold_less_that_of_single_clips() -> None:
    rng = np.random.default_rng(15)
    right = rng.random((4, 60)) < 0.6
    folds, films = np.repeat([0, 1], 30), np.arange(60) // 4
    found = trainings(right / 60, folds, films)
    for fold in (0, 1):
        inside = folds == fold
        scores = right[:, inside].sum(1) / 60
        assert found.spread[fold] == pytest.approx(scores.var(ddof=1))
        noise = 0.0
        for film in set(films[inside]):
            noise += (right[:, inside & (films == film)].sum(1) / 60).var(ddof=1)
        assert found.noise[fold] == pytest.approx(noise)
    assert found.shared == pytest.approx((found.spread - found.noise).sum() / 4)
    single = trainings(right / 60, folds, None)
    assert single.noise.sum() == pytest.approx((right / 60).var(axis=0, ddof=1).sum())


def test_one_training_tells_nothing_and_no_training_all() -> None:
    right = np.ones((1, 10)) / 10
    once = trainings(right, np.zeros(10, int), None)
    assert (once.seeds, once.known, once.shared) == (1, False, 0.0)
    never = trainings(right, np.zeros(10, int), None, trained=False)
    assert (never.seeds, never.known, never.shared, never.uncertainty) == (0, True, 0.0, 0.0)


def test_without_trainings_the_error_is_that_of_units() -> None:
    never = Trainings(np.zeros(1), np.zeros(1), 0)
    error = error_of(0.0004, 101, [never, never])
    assert (error.size, error.freedom) == (pytest.approx(0.02), pytest.approx(100))
    assert error.p(0.05) == pytest.approx(2 * stats.t.sf(2.5, 100))
    assert error.reach == pytest.approx(0.02 * stats.t.ppf(0.975, 100))
    assert (error_of(0.0, 5, [never]).p(0.0), error_of(0.0, 5, [never]).p(0.1)) == (1.0, 0.0)


def test_of_trainings_alone_it_is_welchs_with_some_caution() -> None:
    spreads = (0.0001, 0.0009)
    methods = [Trainings(np.array([spread]), np.zeros(1), 3) for spread in spreads]
    error = error_of(0.0, 1000, methods)
    assert error.size == pytest.approx(np.sqrt(sum(spreads) / 3))
    welch = (sum(spreads) / 3) ** 2 / sum((spread / 3) ** 2 / 2 for spread in spreads)
    assert error.freedom == pytest.approx(welch / 1.3)


def test_tau_is_found_again() -> None:
    rng = np.random.default_rng(16)
    found = [study(rng, DFEW, 1.5).measure().tau for _ in range(12)]
    assert np.mean(found) * 100 == pytest.approx(1.5, abs=0.25)
    assert np.isnan(run_to_run([Trainings(np.zeros(1), np.zeros(1), 1)], np.ones(1)))


@pytest.mark.slow
@pytest.mark.parametrize("tau", [0.0, 1.0, 1.5])
@pytest.mark.parametrize("size", [DFEW, FERV39K], ids=["dfew", "ferv39k"])
def test_a_faithful_repetition_lies_in_the_interval(size: tuple[int, int], tau: float) -> None:
    """Of four trainings of one method on the same clips three are ours, and the fourth is a paper's: 95 +- 2 %."""
    rng = np.random.default_rng(17)
    found = []
    for _ in range(1500):
        one = study(rng, size, tau, seeds=4)
        ours, paper = one.right[1, :3], one.right[1, 3]
        reach = repetition_reach(trainings(ours / len(one.folds), one.folds, None))
        found.append(abs(paper.mean() - ours.mean()) <= reach)
    print(f"{size}, tau {tau}: {np.mean(found):.2%}")
    assert np.mean(found) == pytest.approx(0.95, abs=0.02)


def test_a_repetition_is_predicted_by_students_interval() -> None:
    """With one fold: the usual interval for one more draw of a normal distribution."""
    scores = np.array([0.61, 0.63, 0.60])
    right = np.zeros((3, 100))
    right[:, 0] = scores  # whatever single clips add, the fold's score counts
    reach = repetition_reach(trainings(right, np.zeros(100, int), None))
    assert reach == pytest.approx(stats.t.ppf(0.975, 2) * scores.std(ddof=1) * np.sqrt(1 + 1 / 3))
    never = trainings(right[:1], np.zeros(100, int), None, trained=False)
    assert repetition_reach(never) == 0
    assert np.isnan(repetition_reach(trainings(right[:1], np.zeros(100, int), None)))
