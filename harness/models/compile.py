"""`--compile`: the layers of towers that are trained, made faster by torch.compile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from harness.core.errors import HarnessError
from harness.models.visual_tower import VisualTower


def compile_layers(method: nn.Module, device: torch.device) -> int:
    """Compile every layer of the visual towers that a method trains, in place; the same numbers to about 1e-5.

    Layer by layer, so that an LSTM between two layers is no hindrance, and what compiles once serves all of them.

    Returns:
        How many there are.

    Raises:
        HarnessError: on a CPU, there is no C++ compiler to do it with.
    """
    towers = [part for part in method.modules() if isinstance(part, VisualTower)]
    layers = [layer for tower in towers for layer in tower.blocks]
    if layers and device.type == "cpu" and shutil.which(os.environ.get("CXX", "g++")) is None:
        raise HarnessError("--compile needs a C++ compiler: install g++, or name one in the variable CXX")
    for layer in layers:
        layer.compile()
    return len(layers)


@contextmanager
def uncompiled(module: nn.Module) -> Iterator[None]:
    """Take the module as it was written, for those who have to see into it."""
    kept = [(part, part._compiled_call_impl) for part in module.modules()]
    for part, _ in kept:
        part._compiled_call_impl = None
    try:
        yield
    finally:
        for part, implementation in kept:
            part._compiled_call_impl = implementation
