"""The convention `fvcore`: the traced graph, with fvcore's gaps closed.

Counted are convolutions, matrix products, attention products, LSTM and GRU, in multiply-adds; normalisation is not.
Every operator left out is returned by name; attention is never left out silently.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from fvcore.nn import FlopCountAnalysis
from torch import Tensor, nn

from harness.core.errors import NotCounted
from harness.cost.tally import Tally
from harness.models.text_tower import text_towers

# fvcore counts these by the element. Normalisation is not counted by any paper, and none of them multiplies matrices.
UNCOUNTED = (
    *("layer_norm", "batch_norm", "group_norm", "instance_norm"),
    *("upsample_nearest2d", "upsample_bilinear2d", "adaptive_avg_pool2d", "grid_sampler"),
)
PRODUCTS = ("attention", "baddbmm", "bmm", "matmul", "einsum")  # what attention can be made of, as fvcore names it
FUSED = ("attention", "encoder_layer")  # in the names of operators that hide it


def count(module: nn.Module, *inputs: Tensor) -> Tally:
    """Count one call.

    Raises:
        NotCounted: attention was met that cannot be counted, so that the figure would be far too small.
    """
    left: Counter[str] = Counter()
    logging.getLogger("fvcore").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad(), unfused_attention(), _attention_calls(module) as calls:
        warnings.simplefilter("ignore")  # of the tracer: shapes become constants, as they should here
        analysis = FlopCountAnalysis(module, inputs)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        analysis.set_op_handle(**_handles(left))
        total = int(analysis.total())
        left += Counter(analysis.unsupported_ops())
    _check_attention(analysis, left, calls)
    by_module = analysis.by_module()
    text = sum(int(by_module[analysis.canonical_module_name(name)]) for name in text_towers(module))
    return Tally(total, text, left)


def _handles(left: Counter[str]) -> dict[str, Callable[..., Counter[str]]]:
    """Return handles for what fvcore gets wrong.
    A handle cannot be taken from it, so those left out are told to count nothing.
    """
    return {
        **{f"aten::{name}": partial(_leave_out, f"aten::{name}", left) for name in UNCOUNTED},
        "aten::baddbmm": baddbmm_macs,
        "aten::scaled_dot_product_attention": attention_macs,
        "aten::lstm": recurrent_macs,
        "aten::gru": recurrent_macs,
    }


def _leave_out(
    name: str,
    left: Counter[str],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
) -> Counter[str]:
    left[name] += 1
    return Counter()


def baddbmm_macs(inputs: Sequence[Any], outputs: Sequence[Any]) -> Counter[str]:
    """Count a matrix product on top of a sum, (B, L, E) x (B, E, S): masked `nn.MultiheadAttention` with weights."""
    left, right = (x.type().sizes() for x in inputs[1:3])
    return Counter(baddbmm=math.prod(left) * right[-1])


def attention_macs(inputs: Sequence[Any], outputs: Sequence[Any]) -> Counter[str]:
    """Count the products of softmax(QK')V:
    heads x L x S x (E + Ev), for q (..., L, E), k (..., S, E), v (..., S, Ev).
    """
    query, key, value = (x.type().sizes() for x in inputs[:3])
    return Counter(attention=math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1]))


def recurrent_macs(inputs: Sequence[Any], outputs: Sequence[Any]) -> Counter[str]:
    """Count an LSTM or a GRU: every weight matrix of every layer and direction is applied once a step and sequence."""
    batch_steps = math.prod(inputs[0].type().sizes()[:2])  # (B, T, I) or (T, B, I)
    weights = [w.type().sizes() for w in inputs[2].node().inputs()]
    return Counter(recurrent=batch_steps * sum(math.prod(size) for size in weights if len(size) == 2))


@contextmanager
def unfused_attention() -> Iterator[None]:
    """Keep PyTorch from its fused path, which would hide `nn.MultiheadAttention` from a tracer in evaluation mode."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def _attention_calls(module: nn.Module) -> Iterator[list[str]]:
    """Collect the names of the `nn.MultiheadAttention` that are called meanwhile."""
    calls: list[str] = []
    found = [(name, part) for name, part in module.named_modules() if isinstance(part, nn.MultiheadAttention)]
    hooks = [part.register_forward_pre_hook(lambda *_, name=name: calls.append(name)) for name, part in found]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _check_attention(
    analysis: FlopCountAnalysis,
    left: Counter[str],
    calls: Sequence[str],
) -> None:
    hidden = sorted(name for name in left if any(word in name for word in FUSED))
    if hidden:
        raise NotCounted(f"attention is hidden in {', '.join(hidden)}, which cannot be counted")
    counted = analysis.by_module_and_operator()
    for name in dict.fromkeys(calls):
        found = counted[analysis.canonical_module_name(name)]
        if not any(found.get(product) for product in PRODUCTS):
            raise NotCounted(f"{name or 'the module'} was called, and no attention product of it was counted")
