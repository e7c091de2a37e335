"""The learning rate as a plain function of the step."""

from __future__ import annotations

from math import cos, pi

from harness.core.recipe import Schedule


def learning_rate(
    schedule: Schedule,
    base: float,
    step: int,
    steps_per_epoch: int,
    epochs: int,
) -> float:
    """Return learning rate of optimizer step `step`, counted from 0 over the whole stage.

    With s the step or the epoch (by `schedule.per`), W its warm-up and N the whole:

    - linear warm-up: base (s + 1) / W for s < W (X-CLIP's, used by the BiEhPro paper);
    - constant warm-up: `warmup_lr` for s < W (Dassl's, used by CoOp and CoCoOp);
    - cosine: min + (base - min) (1 + cos(pi (s - W) / P)) / 2, with P = N - W, or N when `period` is `all` as in Dassl;
    - milestones: base gamma^(number of milestones reached).
    """
    unit = steps_per_epoch if schedule.per == "step" else 1
    position = step if schedule.per == "step" else step // steps_per_epoch
    warm, whole = schedule.warmup_epochs * unit, epochs * unit
    if position < warm:
        return schedule.warmup_lr if schedule.warmup == "constant" else base * (position + 1) / warm
    if schedule.kind == "milestones":
        reached = sum(position >= milestone * unit for milestone in schedule.milestones)
        return base * float(schedule.gamma**reached)
    if schedule.kind == "constant":
        return base
    period = whole if schedule.period == "all" else max(whole - warm, 1)
    return schedule.min_lr + (base - schedule.min_lr) * (1 + cos(pi * (position - warm) / period)) / 2
