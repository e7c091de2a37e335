"""Multiply-adds of a training step: forward and backward, counted while one is taken."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from harness.core.recipe import Stage
from harness.cost.graph import unfused_attention
from harness.cost.layers import count as count_layers
from harness.cost.tally import Convention
from harness.models.batch import Batch
from harness.models.method import Method
from harness.models.text_tower import TextFeatures
from harness.models.trainable import fits, parameter_groups

FLOPS_PER_MAC = 2  # torch counts the multiplication and the addition


def step_macs(
    method: Method,
    clip: tuple[int, ...],
    convention: Convention,
) -> tuple[int, int]:
    """Return multiply-adds of one step of the stage where it costs most, and that stage's batch; 0, 0 if nothing is
    trained.

    Args:
        method: as it is trained, grown modules included. It is left as it was.
        clip: shape of what it is fed of one clip: (T, D), or (T, 3, H, W) without a frozen encoder.
        convention: what is counted.
    """
    return costliest(stage_macs(method, clip, convention))


def costliest(stages: Sequence[tuple[Stage, int]]) -> tuple[int, int]:
    """Return the multiply-adds of the step that costs most, and its batch; 0, 0 if nothing is trained."""
    return max([(0, 0), *((macs, stage.batch_size) for stage, macs in stages)])


def whole_training(stages: Sequence[tuple[Stage, int]]) -> float:
    """Return the multiply-adds that all epochs of all stages spend on one training clip."""
    return sum(stage.epochs * macs / stage.batch_size for stage, macs in stages)


def stage_macs(
    method: Method,
    clip: tuple[int, ...],
    convention: Convention,
) -> list[tuple[Stage, int]]:
    """Return each stage with the multiply-adds of one of its steps, forward and backward.

    Args:
        method: as it is trained, grown modules included. It is left as it was.
        clip: shape of what it is fed of one clip: (T, D), or (T, 3, H, W) without a frozen encoder.
        convention: what is counted.
    """
    found = []
    with restored_afterwards(method):
        for stage in filter(partial(_still_there, method), method.stages()):
            list(parameter_groups(method, stage))  # freezes and thaws
            found.append((stage, _one_step(method, stage, clip, convention)))
    return found


def _still_there(method: Method, stage: Stage) -> bool:
    """Return whether what a stage trains is still part of the method, which may have outgrown it."""
    names = [name for name, _ in method.named_parameters()]
    return all(any(fits(key, name) for name in names) for key in stage.lr)


def _one_step(
    method: Method,
    stage: Stage,
    clip: tuple[int, ...],
    convention: Convention,
) -> int:
    take = _dispatched if convention == "fvcore" else partial(_layers, convention)
    try:
        with on_meta_device(method):
            return take(method, _blank(stage, clip, torch.device("meta")))
    except Exception:  # it reads numbers, so it has to have some
        return take(method, _blank(stage, clip, next(method.parameters()).device))


def _blank(
    stage: Stage,
    clip: tuple[int, ...],
    device: torch.device,
) -> Batch:
    """Return a first batch of the stage, of blank clips of the first class."""
    size = stage.batch_size
    inputs = torch.zeros((size, *clip), device=device)
    labels = torch.zeros(
        size,
        dtype=torch.long,
        device=device,
    )
    return Batch(
        inputs,
        labels,
        None,
        ("",) * size,
        stage.name,
        0,
        0.0,
        torch.Generator().manual_seed(0),
    )


def _layers(
    convention: Convention,
    method: Method,
    batch: Batch,
) -> int:
    _remember_text(method)
    with torch.enable_grad():
        return count_layers(method, batch.inputs, convention=convention).macs


def _dispatched(method: Method, batch: Batch) -> int:
    _remember_text(method)
    with _products_in_the_open(), FlopCounterMode(display=False) as counter, torch.enable_grad():
        loss = method.step(batch)
        loss.backward()  # type: ignore[no-untyped-call]
    return int(counter.get_total_flops()) // FLOPS_PER_MAC


@contextmanager
def _products_in_the_open() -> Iterator[None]:
    """Do without the libraries whose LSTM is one operator, and the kernels whose attention is."""
    with unfused_attention(), sdpa_kernel(SDPBackend.MATH), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of flags that this machine has no use for, set back to what they were
        with torch.backends.mkldnn.flags(enabled=False), torch.backends.cudnn.flags(enabled=False):
            yield


def _remember_text(method: Method) -> None:
    """Compute text features that nothing trains, as is done once a stage and so not in a step."""
    with torch.no_grad():
        for part in method.modules():
            if isinstance(part, TextFeatures):
                part()


@contextmanager
def on_meta_device(module: nn.Module) -> Iterator[None]:
    """Put shapes in the place of a module's numbers (torch's `meta` device): a pass takes no time and no memory."""
    kept = []
    for part in module.modules():
        for name, tensor in (*part._parameters.items(), *part._buffers.items()):
            if tensor is not None:
                kept.append((part, name, tensor))
    empty = {id(tensor): _shape_of(tensor) for _, _, tensor in kept}
    for part, name, tensor in kept:
        setattr(part, name, empty[id(tensor)])  # an LSTM keeps a list of its weights, which this renews
    try:
        yield
    finally:
        for part, name, tensor in kept:
            setattr(part, name, tensor)


def _shape_of(tensor: Tensor) -> Tensor:
    empty = torch.empty_like(tensor, device="meta", requires_grad=False)
    return nn.Parameter(empty, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty


@contextmanager
def restored_afterwards(method: Method) -> Iterator[None]:
    """Put modes, gradients and what needs one back afterwards."""
    modes = [(part, part.training) for part in method.modules()]
    grads = [(p, p.requires_grad, p.grad) for p in method.parameters()]
    method.train()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
        for parameter, needed, grad in grads:
            parameter.requires_grad_(needed)
            parameter.grad = grad
