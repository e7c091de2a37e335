"""Learning rates, step by step, against numbers worked out from the published code."""

from __future__ import annotations

from math import cos, pi

import pytest

from harness.core.recipe import Schedule
from harness.training.schedule import learning_rate

DASSL = Schedule("cosine", warmup_epochs=1, warmup="constant", warmup_lr=1e-5, period="all")
BIEHPRO = Schedule("cosine", per="step", warmup_epochs=5, min_lr=2e-7)
# CoCoOp's ten epochs, from running Dassl's own scheduler.
COCOOP = (1e-5, 2.000e-3, 1.951e-3, 1.809e-3, 1.588e-3, 1.309e-3, 1.000e-3, 6.910e-4, 4.122e-4, 1.910e-4)


def by_epoch(schedule: Schedule, base: float, epochs: int, steps: int = 7) -> list[list[float]]:
    """Rates of every step of every epoch."""
    rates = [learning_rate(schedule, base, step, steps, epochs) for step in range(epochs * steps)]
    return [rates[epoch * steps : (epoch + 1) * steps] for epoch in range(epochs)]


def test_cocoop() -> None:
    rates = by_epoch(DASSL, 0.002, 10)
    assert all(len(set(epoch)) == 1 for epoch in rates)
    for epoch, expected in zip(rates, COCOOP, strict=True):
        assert epoch[0] == pytest.approx(expected, rel=5e-4)


@pytest.mark.parametrize("epochs", [1, 10, 50, 200])
def test_coop(epochs: int) -> None:
    rates = [epoch[0] for epoch in by_epoch(DASSL, 0.002, epochs)]
    assert rates[0] == 1e-5
    assert rates[1:] == pytest.approx([0.001 * (1 + cos(pi * (e - 1) / epochs)) for e in range(1, epochs)])
    if epochs == 200:
        assert rates[-1] == pytest.approx(4.93e-7, rel=1e-3)


@pytest.mark.parametrize(("steps", "epochs"), [(3, 100), (41, 20), (1, 6)])
def test_biehpro(steps: int, epochs: int) -> None:
    warm, whole = 5 * steps, epochs * steps
    expected = [
        2e-5 * (s + 1) / warm if s < warm else 2e-7 + 0.5 * (2e-5 - 2e-7) * (1 + cos(pi * (s - warm) / (whole - warm)))
        for s in range(whole)
    ]
    rates = [rate for epoch in by_epoch(BIEHPRO, 2e-5, epochs, steps) for rate in epoch]
    assert rates == pytest.approx(expected, rel=1e-12)
    assert rates[warm - 1] == rates[warm] == pytest.approx(2e-5)


def test_milestones() -> None:
    rates = by_epoch(Schedule("milestones", milestones=(2, 4), gamma=0.1), 1.0, 6, 3)
    expected = [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]
    assert [r for epoch in rates for r in epoch] == pytest.approx([e for e in expected for _ in range(3)])


def test_milestones_per_step_and_after_a_warm_up() -> None:
    schedule = Schedule("milestones", per="step", warmup_epochs=1, milestones=(2,), gamma=0.5)
    assert by_epoch(schedule, 1.0, 3, 4) == [[0.25, 0.5, 0.75, 1.0], [1.0] * 4, [0.5] * 4]


def test_constant() -> None:
    assert by_epoch(Schedule("constant"), 0.3, 2, 2) == [[0.3, 0.3], [0.3, 0.3]]


def test_cosine_per_epoch_reaches_towards_its_floor() -> None:
    rates = [epoch[0] for epoch in by_epoch(Schedule("cosine", min_lr=0.1), 1.0, 4)]
    assert rates == pytest.approx([1.0, 0.1 + 0.45 * (1 + cos(pi / 4)), 0.55, 0.1 + 0.45 * (1 - cos(pi / 4))])


def test_a_stage_that_is_all_warm_up() -> None:
    assert by_epoch(Schedule("cosine", warmup_epochs=2), 1.0, 2) == [[0.5] * 7, [1.0] * 7]
