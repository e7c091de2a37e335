"""Networks that see frames, built small or counted, without data."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from harness import FrameInput, Method, MethodSpec, Task
from harness.cost.graph import unfused_attention
from harness.models import Batch
from harness.models.backbone import MissingBackbone
from harness.plugin import registry

SEVEN = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
ELEVEN = (*SEVEN, "contempt", "anxiety", "helplessness", "disappointment")

M = TypeVar("M", bound=nn.Module)


def spec_of(name: str) -> MethodSpec:
    return registry.method(name).spec


def pixel_task(classes: int = 7, frames: int = 16, size: int = 112) -> Task:
    return Task(ELEVEN[:classes], MissingBackbone(), FrameInput(frames=frames, size=size, normalisation="none"))


def built(name: str, classes: int = 7, **options: Any) -> Method:
    """A method with its own input; options of the spec are as on the command line."""
    spec = spec_of(name)
    values, given = spec.settle(options)
    return spec.construct(Task(ELEVEN[:classes], MissingBackbone(), given), values)


def parameters_of(name: str, classes: int = 7, **options: Any) -> int:
    """How many parameters the whole network has, none of them held in memory."""
    with torch.device("meta"):
        return sum(p.numel() for p in built(name, classes, **options).parameters())


def at_random(method: M) -> M:
    """The network in float64, with values drawn for all that starts at zero or one."""
    method.double()
    for parameter in method.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    for part in method.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            part.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    return method


def batch_of(inputs: Tensor, labels: Tensor, stage: str = "all") -> Batch:
    ids = tuple(map(str, range(len(labels))))
    return Batch(inputs, labels, None, ids, stage, 0, 0.0, torch.Generator().manual_seed(1))


def macs_of(name: str, classes: int = 7, **options: Any) -> int:
    """Multiply-adds of one clip of the whole network, followed through without a number being computed."""
    _, given = spec_of(name).settle(options)
    with torch.device("meta"):
        method = built(name, classes, **options).eval().requires_grad_(False)
        clip = torch.empty(1, given.frames, 3, given.size, given.size)
    with unfused_attention(), FlopCounterMode(display=False) as counted:
        method(clip)
    return counted.get_total_flops() // 2
