"""What a method costs: multiply-adds and parameters, counted from the built module, never from a formula.

1 GFLOP here is 1e9 multiply-adds, as the field's papers count. See `harness.cost.tally` for what is counted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from harness.cost import graph, layers
from harness.cost.step import costliest, stage_macs, whole_training
from harness.cost.tally import Convention, Tally
from harness.models.backbone import Backbone, FrameEncoder, encode_clips
from harness.models.batch import logits_of
from harness.models.compile import uncompiled
from harness.models.method import Method, Task, own_parameters
from harness.models.text_tower import TextFeatures
from harness.models.trainable import trained_names

GIGA = 1e9


def cost_of(
    method: Method,
    task: Task,
    convention: Convention = "fvcore",
) -> dict[str, Any]:
    """Return multiply-adds of one clip, of the text side and of a training step; parameters; operators left uncounted.

    `gflops` is one clip in all of its test views, from pixels to logits, without the text side. `gflops_text` is that
    of all classes, once and for all where `text` is "cached", for each clip where it is "per sample". `gflops_train` is
    a step on `batch` clips, forward and backward, from what the method is fed: cached features if its encoder is
    frozen. `gflops_trained` is what all epochs of all stages spend on one training clip.

    Raises:
        NotCounted: attention is hidden from the counter.
    """
    method.eval()
    with uncompiled(method):
        with torch.no_grad():
            written = _written(method, convention)
            clip = _clip(method, task, convention).times(task.input.test_views)
        stages = stage_macs(
            method,
            _shape(method, task),
            convention,
        )
    train, batch = costliest(stages)
    return {
        "gflops": (clip.macs - clip.text) / GIGA,
        "gflops_text": (clip.text or written.macs) / GIGA,
        "text": "per sample" if clip.text else "cached",
        "gflops_train": train / GIGA,
        "batch": batch,
        "gflops_trained": whole_training(stages) / GIGA,
        **parameters(method, task.backbone),
        "uncounted": dict(sorted((clip + written).uncounted.items())),
    }


def parameters(method: Method, backbone: Backbone) -> dict[str, int]:
    """Return parameters in all; those that some stage trains;
    those that a checkpoint has to hold beside the backbone.
    """
    named = dict(method.named_parameters())
    return {
        "params_total": sum(p.numel() for p in named.values()),
        "params_trainable": sum(named[name].numel() for name in trained_names(method, method.stages())),
        "params_stored": sum(p.numel() for p in own_parameters(method, backbone).values()),
    }


def encoder_gflops(method: Method, task: Task) -> float:
    """Return the multiply-adds of the backbone's encoder on one clip, the least that a method costs which it feeds.

    They are counted once a process. 0 for a method that has no encoder, or another one.
    """
    if method.encoder is None or not task.backbone.owns(method.encoder):
        return 0.0
    with uncompiled(method):
        return _encoded(method.encoder, task, "fvcore").times(task.input.test_views).macs / GIGA


def count(
    module: nn.Module,
    *inputs: Tensor,
    convention: Convention = "fvcore",
) -> Tally:
    """Return multiply-adds of one call of a module, which runs on its own device. Raises: NotCounted."""
    there = [x.to(_device(module)) for x in inputs]
    with torch.no_grad():
        if convention == "fvcore":
            return graph.count(module, *there)
        return layers.count(module, *there, convention=convention)


class LogitsOnly(nn.Module):
    """A method whose extras are left out, since a tracer follows tensors only."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (B, C)."""
        return logits_of(self.method(inputs))


def _shape(method: Method, task: Task) -> tuple[int, ...]:
    """Return what the method is fed of one clip: features (T, D) of its frozen encoder, or frames (T, 3, S, S)."""
    frames, size = task.input.frames, task.input.size
    if method.encoder is None:
        return frames, 3, size, size
    if task.backbone.owns(method.encoder):
        return task.backbone.features_shape(frames)
    blank = torch.zeros(
        1,
        frames,
        3,
        size,
        size,
        device=_device(method.encoder),
    )
    return tuple(encode_clips(method.encoder, blank).shape[1:])


def _clip(
    method: Method,
    task: Task,
    convention: Convention,
) -> Tally:
    """Count one clip: an encoder that sees each frame alone is counted on one frame, which is taken T times."""
    rest = count(
        LogitsOnly(method),
        torch.zeros(1, *_shape(method, task)),
        convention=convention,
    )
    if method.encoder is None:
        return rest
    return _encoded(method.encoder, task, convention) + rest


def _encoded(
    encoder: FrameEncoder,
    task: Task,
    convention: Convention,
) -> Tally:
    size, frames = task.input.size, task.input.frames
    if getattr(encoder, "sees", "frames") == "clips":
        return _encoder(encoder, (1, frames, 3, size, size), convention)
    return _encoder(encoder, (1, 3, size, size), convention).times(frames)


@lru_cache(maxsize=4)
def _encoder(
    encoder: FrameEncoder,
    shape: tuple[int, ...],
    convention: Convention,
) -> Tally:
    """Count one frame or clip; an encoder is shared by all methods of a process, so it is counted once."""
    return count(
        encoder,
        torch.zeros(shape),
        convention=convention,
    )


def _written(method: Method, convention: Convention) -> Tally:
    """Return text features that do not depend on the clip.
    They are remembered, so that they are not in the clip's count.
    """
    total = Tally()
    for part in method.modules():
        if isinstance(part, TextFeatures):
            total += count(part.prompts, convention=convention)
            part()
    return total


def _device(module: nn.Module) -> torch.device:
    return next((p.device for p in module.parameters()), torch.device("cpu"))
