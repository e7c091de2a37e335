"""The conventions `paper` and `thop`: layers that are called as modules.

`paper` counts convolutions, `nn.Linear` and LSTM. So counts what the BiEhPro paper got its figures by. It sees neither
`nn.MultiheadAttention`, whose projections and products are functions, nor products with a matrix that is a parameter of
its own: 8 frames of ViT-B/32 come to 23.57 GFLOPs instead of 35.27.

`thop` is named after the counter that it follows, with which the GFLOPs of the Former-DFER paper come out. It adds one
for each element that a convolution adds its bias to, two for each element that a batch normalisation is given, and GRU.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from harness.cost.tally import Convention, Tally
from harness.models.text_tower import text_towers

# Multiply-adds of one call of a layer, of what it is given and gives; None for what is no layer that counts.
Rule = Callable[[nn.Module, tuple[Any, ...], Any], int | None]


def count(
    module: nn.Module,
    *inputs: Tensor,
    convention: Convention = "paper",
) -> Tally:
    """Count one call; where gradients are enabled, with the backward pass behind it.

    A layer's backward pass costs as much again for its weights and for its input, each if a gradient of it is needed.
    """
    macs: Counter[str] = Counter()
    left: Counter[str] = Counter()
    rule: Rule = _thop if convention == "thop" else _paper

    def note(
        name: str,
        part: nn.Module,
        given: tuple[Any, ...],
        output: Any,
    ) -> None:
        found = rule(part, given, output)
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


def _paper(
    part: nn.Module,
    given: tuple[Any, ...],
    output: Any,
) -> int | None:
    if isinstance(part, nn.Linear):
        return int(output.numel()) * part.in_features
    if isinstance(part, _ConvNd):
        places = given[0] if isinstance(part, _ConvTransposeNd) else output
        return int(math.prod((places.shape[0], *places.shape[2:])) * part.weight.numel())
    return _recurrent(part, given) if isinstance(part, nn.LSTM) else None


def _thop(
    part: nn.Module,
    given: tuple[Any, ...],
    output: Any,
) -> int | None:
    if isinstance(part, _BatchNorm):
        return 2 * int(given[0].numel())
    if isinstance(part, nn.GRU):
        return _recurrent(part, given)
    found = _paper(part, given, output)
    if found is not None and isinstance(part, _ConvNd) and part.bias is not None:
        found += int(output.numel())
    return found


def _recurrent(part: nn.RNNBase, given: tuple[Any, ...]) -> int:
    steps = int(math.prod(given[0].shape[:-1]))
    return steps * sum(w.numel() for w in part.parameters() if w.ndim == 2)


def _passes(part: nn.Module, given: Tensor) -> int:
    return 1 + given.requires_grad + any(w.requires_grad for w in part.parameters())


def _owns_weights(part: nn.Module) -> bool:
    return any(True for _ in part.parameters(recurse=False))


def _within(name: str, tower: str) -> bool:
    return not tower or name == tower or name.startswith(f"{tower}.")
