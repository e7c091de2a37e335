"""The convention `paper`: convolutions, `nn.Linear` and LSTM that are called as modules.

So counts what the BiEhPro paper got its figures by. It sees neither `nn.MultiheadAttention`, whose projections and
products are functions, nor products with a matrix that is a parameter of its own: 8 frames of ViT-B/32 come to 23.57
GFLOPs instead of 35.27.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from harness.cost.tally import Tally
from harness.models.text_tower import text_towers


def count(module: nn.Module, *inputs: Tensor) -> Tally:
    """Count one call; where gradients are enabled, with the backward pass behind it.

    A layer's backward pass costs as much again for its weights and for its input, each if a gradient of it is needed.
    """
    macs: Counter[str] = Counter()
    left: Counter[str] = Counter()

    def note(
        name: str,
        part: nn.Module,
        given: tuple[Any, ...],
        output: Any,
    ) -> None:
        found = _macs(part, given, output)
        if found is None:
            left[type(part).__name__] += _owns_weights(part)
        else:
            macs[name] += found * (_passes(part, given[0]) if torch.is_grad_enabled() else 1)

    hooks = [
        part.register_forward_hook(lambda part, given, output, name=name: note(name, part, given, output))
        for name, part in module.named_modules()
    ]
    try:
        module(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    towers = text_towers(module)
    text = sum(found for name, found in macs.items() if any(_within(name, tower) for tower in towers))
    return Tally(macs.total(), text, +left)


def _macs(
    part: nn.Module,
    given: tuple[Any, ...],
    output: Any,
) -> int | None:
    """Return multiply-adds of one call of a layer; None for what is no such layer."""
    if isinstance(part, nn.Linear):
        return int(output.numel()) * part.in_features
    if isinstance(part, _ConvNd):
        places = given[0] if isinstance(part, _ConvTransposeNd) else output
        return int(math.prod((places.shape[0], *places.shape[2:])) * part.weight.numel())
    if isinstance(part, nn.LSTM):
        steps = int(math.prod(given[0].shape[:-1]))
        return steps * sum(w.numel() for w in part.parameters() if w.ndim == 2)
    return None


def _passes(part: nn.Module, given: Tensor) -> int:
    return 1 + given.requires_grad + any(w.requires_grad for w in part.parameters())


def _owns_weights(part: nn.Module) -> bool:
    return any(True for _ in part.parameters(recurse=False))


def _within(name: str, tower: str) -> bool:
    return not tower or name == tower or name.startswith(f"{tower}.")
