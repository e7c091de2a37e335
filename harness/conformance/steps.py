"""What the optimizers of a training see: gradients of what a stage declares, and what moves beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

Tensors = dict[str, Tensor]


@dataclass
class StageSteps:
    """The steps of one stage.

    Attributes:
        optimizer: that takes them.
        names: of the parameters that it moves.
        largest: of each of them the largest gradient of all steps; None where there was none at all.
        before: all other parameters before the first step.
        taken: number of steps.
        after: the same after the last.
    """

    optimizer: torch.optim.Optimizer
    names: list[str]
    largest: dict[str, float | None]
    before: Tensors
    taken: int = 0
    after: Tensors = field(default_factory=dict)

    @property
    def moved(self) -> list[str]:
        """Names of parameters that the stage does not declare, and that moved."""
        both = [name for name in self.before if name in self.after]
        return [name for name in both if not torch.equal(self.before[name], self.after[name])]

    @property
    def ungraded(self) -> list[str]:
        """Names of declared parameters without a gradient."""
        return [name for name, largest in self.largest.items() if largest is None]

    @property
    def flat(self) -> list[str]:
        """Names of declared parameters whose gradient was 0 at every step."""
        return [name for name, largest in self.largest.items() if largest == 0]


def differing(one: Tensors, other: Tensors) -> list[str]:
    """Return names under which two states hold other tensors, or only one of them a tensor."""
    odd = sorted(set(one) ^ set(other))
    return [*odd, *(name for name in one if name in other and not torch.equal(one[name], other[name]))]


@contextmanager
def steps_watched(method: Callable[[], nn.Module | None]) -> Iterator[list[StageSteps]]:
    """Watch every step that an optimizer takes meanwhile; `method` gives the model under training."""
    stages: list[StageSteps] = []

    def before(optimizer: torch.optim.Optimizer, *given: object) -> None:
        model = method()
        if model is None:
            return
        if not stages or stages[-1].optimizer is not optimizer:
            stages.append(_begin(model, optimizer))
        parameters = dict(model.named_parameters())
        for name in stages[-1].names:
            stages[-1].largest[name] = _larger(stages[-1].largest[name], parameters[name].grad)

    def after(optimizer: torch.optim.Optimizer, *given: object) -> None:
        model = method()
        if model is not None and stages:
            stages[-1].taken += 1
            stages[-1].after = _others(model, stages[-1].names)

    handles = [register_optimizer_step_pre_hook(before), register_optimizer_step_post_hook(after)]
    try:
        yield stages
    finally:
        for handle in handles:
            handle.remove()


def _begin(model: nn.Module, optimizer: torch.optim.Optimizer) -> StageSteps:
    declared = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    names = [name for name, parameter in model.named_parameters() if id(parameter) in declared]
    return StageSteps(
        optimizer,
        names,
        dict.fromkeys(names),
        _others(model, names),
    )


def _others(model: nn.Module, names: list[str]) -> Tensors:
    return {name: p.detach().clone() for name, p in model.named_parameters() if name not in names}


def _larger(known: float | None, gradient: Tensor | None) -> float | None:
    if gradient is None:
        return known
    largest = float(gradient.detach().abs().max()) if gradient.numel() else 1.0
    return max(known or 0.0, largest)
