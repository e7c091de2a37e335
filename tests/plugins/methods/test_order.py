"""Which orders of frames a network can tell apart at all, at random weights: what it cannot, it never learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from harness import Method, Task
from harness.models import evaluation, own_parameters
from harness.models.backbone import Backbone, MissingBackbone
from harness.models.batch import logits_of
from harness.plugin import registry
from helpers.pixels import SEVEN, at_random, spec_of
from helpers.towers import tiny_backbone

PAIR = 2  # frames of an EST snippet on the demo, and of P3D's first pooling
ORDERS: dict[str, Callable[[Tensor], Tensor]] = {
    "reversed": lambda clips: clips.flip(1),
    "rotated": lambda clips: clips.roll(1, 1),
    "swapped": lambda clips: clips.unflatten(1, (-1, PAIR)).flip(2).flatten(1, 2),  # the two frames of each pair
}
NONE = ()
ALL = tuple(ORDERS)
BUT_PAIRS = ("reversed", "rotated")

# The orders that change the logits of each method. All others leave them as they are, up to rounding.
HEEDED = {
    "a3lign": ALL,
    "aen": ALL,
    "biehpro": ALL,
    "biehpro-baseline": NONE,
    "c3d": ALL,
    "cocoop": NONE,
    "coop": NONE,
    "dpcnet-sketch": ALL,
    "ec-stfl": ALL,
    "est": BUT_PAIRS,
    "former-dfer": ALL,
    "freq-hd": ALL,
    "i3d": ALL,
    "ial": ALL,
    "logo-former": ALL,
    "lstpnet": ALL,
    "m3dfel": ALL,
    "mscm-sketch": ALL,
    "nr-dfernet": ALL,
    "p3d": BUT_PAIRS,
    "r2plus1d18": ALL,
    "r3d18": ALL,
    "resnet18-lstm": ALL,
    "resnet18-vit": ALL,
    "stt": ALL,
    "t-esfl": BUT_PAIRS,
    "vgg13-lstm": ALL,
    "zero-shot-clip": NONE,
}


def test_every_method_is_listed() -> None:
    assert sorted(registry.methods()) == sorted(HEEDED)


@pytest.mark.parametrize("name", HEEDED)
def test_logits_change_with_the_orders_that_are_listed_and_no_others(name: str) -> None:
    torch.manual_seed(0)
    method, clips = drawn(name)
    with evaluation(method):
        in_order = logits_of(method(clips))
        moved = {order: logits_of(method(change(clips))) - in_order for order, change in ORDERS.items()}
    changed = [order for order, by in moved.items() if by.abs().max() > 1e-4 * in_order.std()]
    assert changed == list(HEEDED[name])


def drawn(name: str) -> tuple[Method, Tensor]:
    """A small form of a method with nothing of its own at zero or one, and two clips as it is fed them."""
    spec = spec_of(name)
    values, given = spec.settle({**spec.demo, **spec.small})
    alone = spec.backbone == "none"
    backbone: Backbone = MissingBackbone() if alone else tiny_backbone()
    task = Task(SEVEN, backbone, replace(given, size=given.size or 32))
    method = spec.construct(task, values)
    for stage in method.stages():
        if stage.before is not None:  # it may add layers
            stage.before()
    if alone:
        at_random(method)
    else:  # the backbone is shared with other tests
        for parameter in own_parameters(method, backbone).values():
            parameter.data += 0.1 * torch.randn_like(parameter)
    return method, clips_for(method, task)


def clips_for(method: Method, task: Task) -> Tensor:
    """Features (2, T, D) of a method that says which encoder makes them, else frames (2, T, 3, H, W)."""
    dtype = next(method.parameters()).dtype
    frames, size = task.input.frames, task.input.size
    if method.encoder is not None:
        return torch.randn(2, frames, task.backbone.width, dtype=dtype)
    return torch.rand(2, frames, 3, size, size, dtype=dtype)
