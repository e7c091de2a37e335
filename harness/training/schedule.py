"""The learning rate as a plain function of the step."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi

from harness.core.recipe import Schedule


def learning_rate(
    schedule: Schedule,
    base: float,
    step: int,
    steps_per_epoch: int,
    epochs: int,
    losses: Sequence[float] = (),
) -> float:
    """Return learning rate of optimizer step `step`, counted from 0 over the whole stage.

    With s the step or the epoch (by `schedule.per`), W its warm-up, N the whole and floor the least rate:

    - linear warm-up: base (s + 1) / W for s < W (X-CLIP's, used by the BiEhPro paper);
    - constant warm-up: `warmup_lr` for s < W (Dassl's, used by CoOp and CoCoOp);
    - from-zero: base s / W (timm's, used by M3DFEL); from-zero-inclusive: base s / (W - 1) (VideoMAE's, by MAE-DFER);
    - factor: (s + 1) / W of what the schedule gives, which counts from the first step (EST's);
    - cosine: floor + (base - floor) (1 + cos(pi t / P)) / 2, with t = s - W and P = N - W; P = N when `period` is `all`
      as in Dassl; t = s and P = N when it is `from-start` as in timm, or when the warm-up is a factor;
    - cosine-restarts: the same, with t counted from the last restart and P the length of its period;
    - milestones: base gamma^(number of milestones reached);
    - exponential: base gamma^(epochs since the warm-up, or since the start where that is a factor);
    - plateau: base gamma^(plateaus in the mean losses of the epochs that are over since the warm-up), at least floor;
      a plateau is `patience` epochs and one more without a loss below (1 - threshold) of the best.

    Args:
        schedule: what to follow.
        base: rate of the parameter group.
        step: counted from 0 over the stage.
        steps_per_epoch: of the stage.
        epochs: of the stage.
        losses: mean training loss of each epoch of the stage that is over; what a plateau looks at.
    """
    unit = steps_per_epoch if schedule.per == "step" else 1
    position = step if schedule.per == "step" else step // steps_per_epoch
    warm, whole = schedule.warmup_epochs * unit, epochs * unit
    begun = 0 if schedule.warmup == "factor" else warm
    if position >= warm:
        return _after_warmup(schedule, base, position, begun, whole, unit, losses)
    match schedule.warmup:
        case "constant":
            return schedule.warmup_lr
        case "from-zero":
            return base * position / warm
        case "from-zero-inclusive":
            return base * position / max(warm - 1, 1)
        case "factor":
            return _after_warmup(schedule, base, position, begun, whole, unit, losses) * (position + 1) / warm
        case _:
            return base * (position + 1) / warm


def _after_warmup(
    schedule: Schedule,
    base: float,
    position: int,
    begun: int,
    whole: int,
    unit: int,
    losses: Sequence[float],
) -> float:
    floor = schedule.min_lr or base * schedule.min_factor
    match schedule.kind:
        case "milestones":
            reached = sum(position >= milestone * unit for milestone in schedule.milestones)
            return base * float(schedule.gamma**reached)
        case "exponential":
            return base * float(schedule.gamma ** ((position - begun) / unit))
        case "plateau":
            return max(base * float(schedule.gamma ** plateaus(schedule, losses)), floor)
        case "constant":
            return base
        case "cosine-restarts":
            passed, period = _since_restart(
                position - begun,
                schedule.restart_epochs * unit,
                schedule.restart_factor,
            )
        case _ if schedule.period == "from-start":
            passed, period = position, whole
        case _:
            passed, period = position - begun, whole if schedule.period == "all" else max(whole - begun, 1)
    return floor + (base - floor) * (1 + cos(pi * passed / period)) / 2


def _since_restart(
    passed: int,
    period: int,
    factor: int,
) -> tuple[int, int]:
    """Return how far the period under way is, and how long it is."""
    while passed >= period:
        passed, period = passed - period, period * factor
    return passed, period


def plateaus(schedule: Schedule, losses: Sequence[float]) -> int:
    """Return how often the mean losses of epochs stopped falling; those of the warm-up do not count."""
    begun = 0 if schedule.warmup == "factor" else schedule.warmup_epochs
    best, waited, found = float("inf"), 0, 0
    for loss in losses[begun:]:
        waited += 1
        if loss < best * (1 - schedule.threshold):
            best, waited = loss, 0
        if waited > schedule.patience:
            found, waited = found + 1, 0
    return found
