"""Parameter groups and optimizers, from what a stage declares."""

from __future__ import annotations

import torch
from torch import nn

from harness.core.recipe import Stage
from harness.models.trainable import parameter_groups


def make_optimizer(model: nn.Module, stage: Stage) -> torch.optim.Optimizer:
    """Freeze everything, thaw what the stage trains, and group it by learning rate.

    Raises:
        HarnessError: a prefix in `stage.lr` matches no parameter.
    """
    groups = list(parameter_groups(model, stage))
    if stage.optimizer == "adamw":
        return torch.optim.AdamW(
            groups,
            betas=stage.betas,
            weight_decay=stage.weight_decay,
        )
    return torch.optim.SGD(
        groups,
        lr=0.0,
        momentum=stage.momentum,
        weight_decay=stage.weight_decay,
    )
