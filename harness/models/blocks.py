"""Layers of CLIP's towers on the parameters of open_clip's, with less copying, further tokens and a mask."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def is_plain(transformer: Any) -> bool:
    """Return whether each layer of an open_clip transformer is one that `Block` can take: the usual one."""
    blocks = getattr(transformer, "resblocks", [])
    return len(blocks) > 0 and all(isinstance(getattr(block, "attn", None), nn.MultiheadAttention) for block in blocks)


class Blocks(nn.Module):
    """The layers of an open_clip transformer that is plain, one after the other."""

    def __init__(self, transformer: Any) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(block) for block in transformer.resblocks)

    def forward(
        self,
        x: Tensor,
        attn_mask: Tensor | None = None,
    ) -> Tensor:
        """Map sequences (N, L, W) to sequences (N, L, W)."""
        for block in self.blocks:
            x = block(x, mask=attn_mask)
        return x


class Block(nn.Module):
    """One layer: attention over the tokens and, where there is one, a further token; then the MLP over the tokens.

    It takes open_clip's modules as they are, and shares their parameters.
    """

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.ln_1: nn.Module = block.ln_1
        self.attn = SelfAttention.of(block.attn)
        self.ls_1: nn.Module = block.ls_1
        self.ln_2: nn.Module = block.ln_2
        self.mlp: nn.Module = block.mlp
        self.ls_2: nn.Module = block.ls_2

    def forward(
        self,
        x: Tensor,
        token: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Map tokens (N, L, W), and the further token (N, W), to tokens (N, L, W);
        `mask` (L, L) is added to the scores.
        """
        seen = x if token is None else torch.cat([x, token[:, None]], 1)
        x = x + self.ls_1(self.attn(self.ln_1(seen), x.shape[1], mask))
        x = x + self.ls_2(self.mlp(self.ln_2(x)))
        return x


class SelfAttention(nn.MultiheadAttention):
    """`nn.MultiheadAttention` of a sequence with itself, for its first tokens only: the others are looked at.

    Sequences stay as they lie in memory. The original turns them around first, and then multiplies them position by
    position instead of all at once, which costs a third of a training step on a CPU.
    """

    @classmethod
    def of(cls, attention: nn.MultiheadAttention) -> SelfAttention:
        """Return a layer with the same parameters."""
        own = cls(
            attention.embed_dim,
            attention.num_heads,
            batch_first=True,
            device="meta",
        )
        for name in ("in_proj_weight", "in_proj_bias", "out_proj"):
            setattr(own, name, getattr(attention, name))
        return own

    def forward(  # type: ignore[override]
        self, x: Tensor, first: int | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Map sequences (N, L, W) to (N, first, W), all without `first`; `mask` (first, L) is added to the scores."""
        query, key, value = self._heads(x)
        added = None if mask is None else mask.to(query.dtype)
        mixed = F.scaled_dot_product_attention(
            query[:, :, :first],
            key,
            value,
            added,
        )  # (N, h, first, W/h)
        return F.linear(
            mixed.transpose(1, 2).flatten(2),
            self.out_proj.weight,
            self.out_proj.bias,
        )

    def weights(
        self,
        x: Tensor,
        first: int | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Return how much each of the first tokens looks at each token, mean over heads: (N, first, L)."""
        query, key, _ = self._heads(x)
        scores = query[:, :, :first] @ key.transpose(-2, -1) / self.head_dim**0.5  # (N, h, first, L)
        if mask is not None:
            scores = scores + mask
        mean: Tensor = scores.softmax(-1).mean(1)
        return mean

    def _heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return queries, keys and values, each (N, h, L, W/h)."""
        packed = F.linear(x, self.in_proj_weight, self.in_proj_bias)  # (N, L, 3W)
        return (
            packed.view(
                *x.shape[:2],
                3,
                self.num_heads,
                -1,
            )
            .permute(2, 0, 3, 1, 4)
            .unbind()
        )
