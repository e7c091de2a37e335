"""Pre-norm transformer layers of Former-DFER, DFER-CLIP, IAL and their kin, under the names of their public files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F


class PreNorm(nn.Module):
    """Layers x += W_o MHSA(LN(x)); x += W_2 GELU(W_1 LN(x)), with GELU's tanh form and no last norm: `layers.i.…`.

    Queries, keys and values are one matrix without a bias, in this order and then by head; the inner width of the
    attention, heads times `head_width`, need not be that of the tokens.

    Args:
        width: D, of the tokens.
        depth: layers.
        heads: of the attention.
        head_width: of each.
        hidden: width of the feed-forward part.
    """

    def __init__(
        self,
        width: int,
        depth: int,
        heads: int,
        head_width: int,
        hidden: int,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    prenorm_attention(width, heads, head_width),
                    Residual(width, FeedForward(width, hidden)),
                ]
            )
            for _ in range(depth)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Map sequences (N, L, D) to sequences (N, L, D)."""
        for layer in self.layers:
            for part in cast(Sequence[nn.Module], layer):
                tokens = part(tokens)
        return tokens


def prenorm_attention(
    width: int,
    heads: int,
    head_width: int,
) -> Residual:
    """Return the first part of such a layer alone: x + W_o MHSA(LN(x))."""
    return Residual(width, Attention(width, heads, head_width))


class Residual(nn.Module):
    """x + f(LN(x)), with the norm under the name `fn.norm` and f under `fn.fn`."""

    def __init__(self, width: int, fn: nn.Module) -> None:
        super().__init__()
        self.fn = nn.ModuleDict({"norm": nn.LayerNorm(width), "fn": fn})

    def forward(self, tokens: Tensor) -> Tensor:
        """Map sequences (N, L, D) to sequences (N, L, D)."""
        added: Tensor = self.fn["fn"](self.fn["norm"](tokens))
        return tokens + added


class Attention(nn.Module):
    """Self-attention by `heads` heads of `head_width` channels."""

    def __init__(
        self,
        width: int,
        heads: int,
        head_width: int,
    ) -> None:
        super().__init__()
        inner = heads * head_width
        self.heads = heads
        self.to_qkv = nn.Linear(width, 3 * inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Map sequences (N, L, D) to sequences (N, L, D)."""
        packed = self.to_qkv(tokens).unflatten(-1, (3, self.heads, -1))  # (N, L, 3, h, D/h)
        query, key, value = packed.permute(2, 0, 3, 1, 4)  # (N, h, L, D/h) each
        mixed = F.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.to_out(mixed.transpose(1, 2).flatten(2))
        return out


class FeedForward(nn.Module):
    """Two linear maps with GELU between them, as `net.0` and `net.3`; their dropouts drop nothing in public code."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(width, hidden),
            nn.GELU(approximate="tanh"),
            nn.Identity(),
            nn.Linear(hidden, width),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Map sequences (N, L, D) to sequences (N, L, D)."""
        out: Tensor = self.net(tokens)
        return out
