"""Learning rates, step by step, against numbers worked out from the published code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import cos, pi
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

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


def rates(schedule: Schedule, base: float, epochs: int, steps: int = 7) -> list[float]:
    return [rate for epoch in by_epoch(schedule, base, epochs, steps) for rate in epoch]


def test_m3dfel() -> None:
    """timm's cosine without a shift behind the warm-up, 36 steps an epoch: values of the released scheduler."""
    recipe = Schedule("cosine", per="step", warmup_epochs=20, warmup="from-zero", min_lr=5e-6, period="from-start")
    found = rates(recipe, 5e-4, 300, 36)
    assert found[0] == 0
    assert found[719] == pytest.approx(4.99e-4, rel=2e-3)
    assert found[720] == pytest.approx(4.94e-4, rel=2e-3)
    assert found[150 * 36] == pytest.approx((5e-4 + 5e-6) / 2)
    assert found[-1] == pytest.approx(5e-6, rel=1e-3)


def test_mae_dfer() -> None:
    """From 0 to the whole rate with both ends, then down to a thousandth of each group's own: 97 steps an epoch."""
    recipe = Schedule("cosine", per="step", warmup_epochs=5, warmup="from-zero-inclusive", min_factor=1e-3)
    found = rates(recipe, 3.75e-4, 100, 97)
    assert found[0] == 0
    assert found[1] == pytest.approx(7.748e-7, rel=1e-3)
    assert found[484] == found[485] == pytest.approx(3.75e-4)
    assert found[4850] == pytest.approx(2.0316e-4, rel=1e-4)
    assert found[-1] == pytest.approx(3.7501e-7, rel=1e-4)
    scaled = rates(recipe, 3.75e-4 * 0.75, 100, 97)
    assert scaled == pytest.approx([0.75 * rate for rate in found])


def test_est() -> None:
    """A cosine that runs from the first epoch, times a factor that goes up over ten."""
    found = [epoch[0] for epoch in by_epoch(Schedule("cosine", warmup_epochs=10, warmup="factor"), 1e-4, 160)]
    assert found[:2] == pytest.approx([1e-5, 2e-5], rel=1e-2)
    assert found[9:11] == pytest.approx([9.92e-5, 9.90e-5], rel=1e-3)
    assert found[80] == pytest.approx(5e-5)
    assert found[159] == pytest.approx(9.6e-9, rel=1e-2)


def torchs(make: Callable[[Any], Any], epochs: int, losses: Sequence[float] = ()) -> list[float]:
    """Return the rates of one of torch's own schedulers, stepped each epoch, with these losses if it wants them."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler = make(optimizer)
    found = []
    for epoch in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*losses[epoch : epoch + 1])
    return found


@pytest.mark.parametrize(("length", "factor"), [(10, 1), (3, 2), (1, 3), (1, 1)])
def test_restarts_are_torchs(length: int, factor: int) -> None:
    recipe = Schedule("cosine-restarts", restart_epochs=length, restart_factor=factor, min_lr=0.01)
    found = [epoch[0] for epoch in by_epoch(recipe, 0.4, 40)]
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts
    assert found == pytest.approx(torchs(lambda o: scheduler(o, length, factor, eta_min=0.01), 40))


def test_restarts_per_step_begin_with_an_epoch() -> None:
    found = by_epoch(Schedule("cosine-restarts", per="step", restart_epochs=2), 0.4, 5, 4)
    assert found[0][0] == found[2][0] == found[4][0] == 0.4
    assert found[0] + found[1] == found[2] + found[3] == sorted(found[0] + found[1], reverse=True)
    assert found[1][-1] == pytest.approx(0.4 * (1 + cos(pi * 7 / 8)) / 2)


def test_exponential_is_torchs() -> None:
    found = [epoch[0] for epoch in by_epoch(Schedule("exponential", gamma=0.9), 0.4, 20)]
    assert found == pytest.approx(torchs(lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9), 20))


@given(
    losses=st.lists(st.sampled_from([0.5, 0.50001, 0.4999, 0.4, 0.7, 0.0, 0.3, 0.2]), min_size=30, max_size=30),
    patience=st.integers(0, 4),
    threshold=st.sampled_from([0.0, 1e-4, 0.1]),
)
def test_a_plateau_is_torchs(losses: list[float], patience: int, threshold: float) -> None:
    schedule = Schedule("plateau", gamma=0.2, patience=patience, threshold=threshold, min_lr=1e-3)
    found = [learning_rate(schedule, 0.4, epoch * 5, 5, 30, losses[:epoch]) for epoch in range(30)]
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau
    made = torchs(lambda o: scheduler(o, "min", 0.2, patience, threshold, min_lr=1e-3, eps=0), 30, losses)
    assert found == pytest.approx(made)


def test_a_plateau_does_not_look_at_the_warm_up() -> None:
    schedule = Schedule("plateau", patience=0, warmup_epochs=2)
    assert [learning_rate(schedule, 1.0, epoch, 1, 9, [1.0] * epoch) for epoch in range(6)] == pytest.approx(
        [0.5, 1.0, 1.0, 1.0, 0.1, 0.01]
    )


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("cosin", {}, "kind='cosin' is none of 'constant', 'cosine'"),
        ("cosine", {"gamma": 0.5}, "gamma=0.5 is read with kind='milestones' or 'exponential' or 'plateau' only"),
        ("constant", {"min_lr": 0.1}, "min_lr=0.1 is read with"),
        ("plateau", {"milestones": (3,)}, "milestones"),
        ("cosine", {"patience": 3}, "patience=3"),
        ("milestones", {}, "names no milestones"),
        ("cosine", {"warmup": "linear", "warmup_lr": 0.1}, "warmup_lr=0.1 is read with warmup='constant' only"),
        ("cosine", {"warmup": "lineal"}, "warmup='lineal'"),
        ("cosine", {"min_lr": 0.1, "min_factor": 0.1}, "two floors"),
        ("cosine", {"min_factor": 1.5}, "min_factor"),
        ("cosine-restarts", {"restart_epochs": 0}, "restart_epochs=0"),
        ("cosine", {"warmup_epochs": -1}, "warmup_epochs=-1"),
        ("cosine", {"warmup_epochs": 1, "warmup": "factor", "period": "from-start"}, "runs from the start already"),
    ],
)
def test_what_a_schedule_does_not_read_is_refused(kind: Any, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=f"schedule '{kind}': .*{re.escape(told)}"):
        Schedule(kind, **more)
