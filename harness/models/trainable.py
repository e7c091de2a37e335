"""Which parameters a stage trains, and in which groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from harness.core.errors import HarnessError, suggestion
from harness.core.recipe import Stage

ENCODER = "encoder."
PATTERN = "*?["  # what makes a key of `Stage.lr` a pattern of names


def parameter_groups(model: nn.Module, stage: Stage) -> Iterator[dict[str, Any]]:
    """Yield one group per key of `lr`, or two where vectors are not decayed; `name` and `base_lr` are kept with each.

    Raises:
        HarnessError: there is no key, one fits nothing or what others take, or two patterns fit one parameter.
    """
    if not stage.lr:
        raise HarnessError(f"stage {stage.name!r}: lr is empty, so that it would train nothing")
    model.requires_grad_(False)
    named = dict(model.named_parameters())
    owners = {name: _owner(name, stage) for name in named}
    for key, lr in stage.lr.items():
        members = [named[name] for name, owner in owners.items() if owner == key]
        if not members:
            taken = any(fits(key, name) for name in named)
            why = "what it fits is all under other keys" if taken else suggestion(key, named)
            raise HarnessError(f"stage {stage.name!r}: no parameter under {key!r}; {why}")
        for parameter in members:
            parameter.requires_grad_(True)
        for decay, part in _by_decay(members, stage):
            yield {
                "params": part,
                "lr": lr,
                "base_lr": lr,
                "name": key,
                "weight_decay": decay,
            }


def fits(key: str, name: str) -> bool:
    """Return whether a key of `Stage.lr` fits a parameter: "" fits all, a name all that lies below it, * any text.

    What feeds the method, its `encoder`, is frozen, so that "" and patterns leave it out.
    """
    if name.startswith(ENCODER) and (not key or _is_pattern(key)):
        return False
    if not key:
        return True
    if _is_pattern(key):
        return fnmatchcase(name, key) or fnmatchcase(name, f"{key}.*")
    return name == key or name.startswith(f"{key}.")


def _owner(name: str, stage: Stage) -> str | None:
    """Return the key that a parameter belongs to: a pattern before a name, the longer name before the shorter.

    Raises:
        HarnessError: two patterns fit it.
    """
    fitting = [key for key in stage.lr if fits(key, name)]
    patterns = [key for key in fitting if _is_pattern(key)]
    if len(patterns) > 1:
        raise HarnessError(f"stage {stage.name!r}: {patterns[0]!r} and {patterns[1]!r} both fit parameter {name!r}")
    return patterns[0] if patterns else max(fitting, key=len, default=None)


def _is_pattern(key: str) -> bool:
    return any(character in key for character in PATTERN)


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
    return [name for name, _ in model.named_parameters() if any(_owner(name, stage) is not None for stage in stages)]
