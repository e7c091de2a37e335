"""Parameter groups and optimizers, from what a stage declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from harness.core.errors import HarnessError
from harness.core.recipe import MakeOptimizer, Stage
from harness.models.trainable import parameter_groups

KEPT = ("params", "base_lr", "name")  # of a parameter group: what the loop goes by


def make_optimizer(model: nn.Module, stage: Stage) -> torch.optim.Optimizer:
    """Freeze everything, thaw what the stage trains, and group it by learning rate.

    Raises:
        HarnessError: a key in `stage.lr` fits no parameter, or a callable makes no optimizer of the groups it got.
    """
    groups = list(parameter_groups(model, stage))
    decay = stage.weight_decay
    match stage.optimizer:
        case "adamw":
            return torch.optim.AdamW(groups, betas=stage.betas, weight_decay=decay)
        case "adam":  # whose decay is L2, a part of the gradient
            return torch.optim.Adam(groups, betas=stage.betas, weight_decay=decay)
        case "sgd":
            return torch.optim.SGD(
                groups,
                lr=0.0,
                momentum=stage.momentum,
                weight_decay=decay,
            )
        case own:
            return _made_by(own, groups, stage)


def _made_by(
    make: MakeOptimizer,
    groups: Sequence[dict[str, Any]],
    stage: Stage,
) -> torch.optim.Optimizer:
    optimizer = make([dict(group) for group in groups])
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise HarnessError(
            f"stage {stage.name!r}: its optimizer is a {type(optimizer).__name__}; it has to be a torch.optim.Optimizer"
        )
    kept = [{name: group.get(name) for name in KEPT} for group in optimizer.param_groups]
    if not _same(kept, groups):
        raise HarnessError(
            f"stage {stage.name!r}: its optimizer has other parameter groups than the stage: it has to be made of the "
            f"groups that it is given, all of them as they are, as torch.optim.AdamW(groups) is"
        )
    return optimizer


def _same(kept: Sequence[dict[str, Any]], groups: Sequence[dict[str, Any]]) -> bool:
    if len(kept) != len(groups):
        return False
    for found, given in zip(kept, groups, strict=True):
        named = (found["base_lr"], found["name"]) == (given["base_lr"], given["name"])
        if not named or list(map(id, found["params"])) != list(map(id, given["params"])):
            return False
    return True
