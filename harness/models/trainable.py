"""Which parameters a stage trains, and in which groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn

from harness.core.errors import HarnessError, suggestion
from harness.core.recipe import Stage


def parameter_groups(model: nn.Module, stage: Stage) -> Iterator[dict[str, Any]]:
    """Yield one group per prefix, or two where vectors are not decayed; `name` and `base_lr` are kept with each."""
    model.requires_grad_(False)
    named = dict(model.named_parameters())
    owners = {name: _owner(name, stage) for name in named}
    for prefix, lr in stage.lr.items():
        members = [named[name] for name, owner in owners.items() if owner == prefix]
        if not members:
            raise HarnessError(f"stage {stage.name!r}: no parameter under {prefix!r}; {suggestion(prefix, named)}")
        for parameter in members:
            parameter.requires_grad_(True)
        for decay, part in _by_decay(members, stage):
            yield {
                "params": part,
                "lr": lr,
                "base_lr": lr,
                "name": prefix,
                "weight_decay": decay,
            }


def _owner(name: str, stage: Stage) -> str | None:
    """Return the longest prefix of the stage that a parameter lies under."""
    fitting = [p for p in stage.lr if name == p or name.startswith(f"{p}.")]
    return max(fitting, key=len, default=None)


def _by_decay(members: list[nn.Parameter], stage: Stage) -> Iterator[tuple[float, list[nn.Parameter]]]:
    if stage.decay_vectors:
        yield stage.weight_decay, members
        return
    for decay, part in (
        (stage.weight_decay, [p for p in members if p.ndim > 1]),
        (0.0, [p for p in members if p.ndim < 2]),
    ):
        if part:
            yield decay, part


def trained_names(model: nn.Module, stages: Iterable[Stage]) -> list[str]:
    """Return names of the parameters that some stage moves."""
    stages = list(stages)
    return [name for name, _ in model.named_parameters() if any(_owner(name, stage) for stage in stages)]
