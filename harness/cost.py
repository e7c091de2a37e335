"""What a method costs: multiply-adds and parameters, counted from the built module, never from a formula.

Counted are convolutions, matrix products, attention products and LSTM, in multiply-adds; 1 GFLOP here is 1e9 of them,
as the field's papers count. Normalisation is not counted. Every operator left out is returned by name.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import torch
from fvcore.nn import FlopCountAnalysis
from torch import Tensor, nn

from harness.backbones import Backbone, FrameEncoder
from harness.method import Method, Task, own_parameters
from harness.prompts import TextFeatures
from harness.training.optimizer import trained_names

# fvcore counts these by the element. Normalisation is not counted by any paper, and none of them multiplies matrices.
UNCOUNTED = (
    *("layer_norm", "batch_norm", "group_norm", "instance_norm"),
    *("upsample_nearest2d", "upsample_bilinear2d", "adaptive_avg_pool2d", "grid_sampler"),
)


def cost_of(method: Method, task: Task) -> dict[str, Any]:
    """Multiply-adds of one clip and of the text side, parameters, and the operators left uncounted."""
    method.eval()
    with torch.no_grad():
        clip, left = _clip_flops(method, task)
        text, text_left = _text_flops(method)
    return {
        "gflops": clip / 1e9,
        "gflops_text": text / 1e9,
        "text": "cached",
        **parameters(method, task.backbone),
        "uncounted": dict(sorted((left + text_left).items())),
    }


def parameters(method: Method, backbone: Backbone) -> dict[str, int]:
    """Parameters in all; those that some stage trains; those that a checkpoint has to hold beside the backbone."""
    named = dict(method.named_parameters())
    return {
        "params_total": sum(p.numel() for p in named.values()),
        "params_trainable": sum(named[name].numel() for name in trained_names(method, method.stages())),
        "params_stored": sum(p.numel() for p in own_parameters(method, backbone).values()),
    }


def _clip_flops(method: Method, task: Task) -> tuple[int, Counter[str]]:
    """A frozen encoder sees each frame alone, so one frame is traced and multiplied by T."""
    frames, size = task.input.frames, task.input.size
    if method.encoder is None:
        return count(method, torch.zeros(1, frames, 3, size, size))
    features = torch.zeros(1, frames, task.backbone.width, device=_device(method))
    method(features)  # text features are computed now, outside the count
    frame, left = _frame_flops(method.encoder, size)
    rest, more = count(method, features)
    return frames * frame + rest, left + more


@lru_cache(maxsize=4)
def _frame_flops(encoder: FrameEncoder, size: int) -> tuple[int, Counter[str]]:
    """An encoder is shared by all methods of a process, so it is traced once."""
    return count(encoder, torch.zeros(1, 3, size, size))


def _text_flops(method: Method) -> tuple[int, Counter[str]]:
    counts = [count(module.prompts) for module in method.modules() if isinstance(module, TextFeatures)]
    return sum(flops for flops, _ in counts), sum((left for _, left in counts), Counter())


def count(module: nn.Module, *inputs: Tensor) -> tuple[int, Counter[str]]:
    """Multiply-adds of one call, and how often each operator was met that is not counted."""
    device = _device(module)
    left: Counter[str] = Counter()
    logging.getLogger("fvcore").setLevel(logging.ERROR)
    with warnings.catch_warnings(), _attention_in_the_open():
        warnings.simplefilter("ignore")  # of the tracer: shapes become constants, as they should here
        analysis = FlopCountAnalysis(module, tuple(x.to(device) for x in inputs))
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        analysis.set_op_handle(**_handles(left))
        total = int(analysis.total())
        return total, left + Counter(analysis.unsupported_ops())


def _device(module: nn.Module) -> torch.device:
    return next((p.device for p in module.parameters()), torch.device("cpu"))


def _handles(left: Counter[str]) -> dict[str, Callable[..., Counter[str]]]:
    """What fvcore gets wrong. A handle cannot be taken from it, so those left out are told to count nothing."""
    return {
        **{f"aten::{name}": partial(_leave_out, f"aten::{name}", left) for name in UNCOUNTED},
        "aten::baddbmm": baddbmm_macs,
        "aten::scaled_dot_product_attention": attention_macs,
        "aten::lstm": lstm_macs,
    }


def _leave_out(name: str, left: Counter[str], inputs: Sequence[Any], outputs: Sequence[Any]) -> Counter[str]:
    left[name] += 1
    return Counter()


def baddbmm_macs(inputs: Sequence[Any], outputs: Sequence[Any]) -> Counter[str]:
    """A matrix product on top of a sum, (B, L, E) x (B, E, S): masked `nn.MultiheadAttention` with weights."""
    left, right = (x.type().sizes() for x in inputs[1:3])
    return Counter(baddbmm=math.prod(left) * right[-1])


def attention_macs(inputs: Sequence[Any], outputs: Sequence[Any]) -> Counter[str]:
    """Products of softmax(QK')V: heads x L x S x (E + Ev), for q (..., L, E), k (..., S, E), v (..., S, Ev)."""
    query, key, value = (x.type().sizes() for x in inputs[:3])
    return Counter(attention=math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1]))


def lstm_macs(inputs: Sequence[Any], outputs: Sequence[Any]) -> Counter[str]:
    """Every weight matrix of every layer and direction is applied once a step and sequence."""
    batch_steps = math.prod(inputs[0].type().sizes()[:2])  # (B, T, I) or (T, B, I)
    weights = [w.type().sizes() for w in inputs[2].node().inputs()]
    return Counter(lstm=batch_steps * sum(math.prod(size) for size in weights if len(size) == 2))


@contextmanager
def _attention_in_the_open() -> Iterator[None]:
    """In evaluation mode PyTorch's fused path would hide `nn.MultiheadAttention` from the tracer."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
