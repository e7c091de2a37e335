"""How new parts start."""

from __future__ import annotations

from torch import nn

STD = 0.02  # X-CLIP's, whose layout the model follows


def initialise(module: nn.Module) -> None:
    """Draw matrices from a truncated normal of deviation 0.02; biases are zero, and norms stay as they are."""
    norm_layers = [part for part in module.modules() if isinstance(part, nn.LayerNorm)]
    norms = {id(p) for part in norm_layers for p in part.parameters()}
    for parameter in module.parameters():
        if id(parameter) in norms:
            continue
        if parameter.ndim > 1:
            nn.init.trunc_normal_(parameter, std=STD)
        else:
            nn.init.zeros_(parameter)
