"""Transformers written out for one sequence: matrix products, exp and loops. Nothing of the project is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]
OF_OPEN_CLIP = {
    "ln_1": "norm1", "ln_2": "norm2", "attn": "self_attn", "mlp.c_fc": "linear1", "mlp.c_proj": "linear2",
}  # fmt: skip


def gelu(x: Tensor) -> Tensor:
    return x * (1 + torch.erf(x / sqrt(2))) / 2


def layer_norm(row: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    mean = row.sum() / len(row)
    spread = ((row - mean) ** 2).sum() / len(row)
    return (row - mean) / (spread + 1e-5) ** 0.5 * weight + bias


def attention(x: Tensor, w: Weights, heads: int, causal: bool) -> Tensor:
    length, width = x.shape
    part = width // heads
    q, k, v = (x @ w["self_attn.in_proj_weight"].T + w["self_attn.in_proj_bias"]).split(width, dim=1)
    out = torch.zeros_like(x)
    for head in range(heads):
        of_head = slice(head * part, (head + 1) * part)
        for i in range(length):
            seen = range(i + 1) if causal else range(length)
            scores = [(q[i, of_head] * k[j, of_head]).sum() / sqrt(part) for j in seen]
            parts = [(score - max(scores)).exp() for score in scores]
            out[i, of_head] = sum(
                (p / sum(parts) * v[j, of_head] for p, j in zip(parts, seen, strict=True)), 0 * q[0, of_head]
            )
    return out @ w["self_attn.out_proj.weight"].T + w["self_attn.out_proj.bias"]


def norms(x: Tensor, w: Weights, name: str) -> Tensor:
    return torch.stack([layer_norm(row, w[f"{name}.weight"], w[f"{name}.bias"]) for row in x])


def layer(x: Tensor, w: Weights, heads: int, causal: bool = False, pre: bool = True) -> Tensor:
    """A transformer layer with GELU; `w` is named as in PyTorch."""

    def mix(rows: Tensor) -> Tensor:
        return attention(rows, w, heads, causal)

    def feed(rows: Tensor) -> Tensor:
        hidden = gelu(rows @ w["linear1.weight"].T + w["linear1.bias"])
        return hidden @ w["linear2.weight"].T + w["linear2.bias"]

    def part(rows: Tensor, name: str, change: Callable[[Tensor], Tensor]) -> Tensor:
        return rows + change(norms(rows, w, name)) if pre else norms(rows + change(rows), w, name)

    return part(part(x, "norm1", mix), "norm2", feed)


def text_tower(sequence: Tensor, place: int, model: Any) -> Tensor:
    """CLIP's text encoder on all the embeddings (L, W) of one prompt, read at one place: (D,)."""
    x = sequence + model.positional_embedding[: len(sequence)]
    for block in model.transformer.resblocks:
        x = layer(
            x, {_renamed(name): value for name, value in block.state_dict().items()}, block.attn.num_heads, causal=True
        )
    return layer_norm(x[place], model.ln_final.weight, model.ln_final.bias) @ model.text_projection


def _renamed(name: str) -> str:
    for theirs, ours in OF_OPEN_CLIP.items():
        if name.startswith(theirs + "."):
            return ours + name[len(theirs) :]
    return name
