"""CLIP's visual tower for methods that train it: a copy whose layers can be given further tokens."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from harness.errors import HarnessError

Extra = Callable[[int, Tensor], Tensor]  # (layer, class tokens (N, W)) -> a further token (N, W) for that layer


class VisualTower(nn.Module):
    """A trainable copy of open_clip's ViT, frame by frame: frames (N, 3, H, W) -> features (N, D), not normalised.

    The same numbers as the original with less copying. The projection is an `nn.Linear`. Frames may have another size
    than the original's.

    Attributes:
        width: W, of the tokens.
        heads: of each layer's attention.
        checkpointing: compute activations again in the backward pass instead of keeping them.

    Raises:
        HarnessError: the tower is no plain ViT with a class token.
    """

    def __init__(self, visual: nn.Module, *, checkpointing: bool = False) -> None:
        super().__init__()
        source: Any = deepcopy(_plain_vit(visual)).requires_grad_(True)
        self.conv1: nn.Conv2d = source.conv1
        self.class_embedding: nn.Parameter = source.class_embedding
        self.positional_embedding: nn.Parameter = source.positional_embedding
        self.ln_pre: nn.Module = source.ln_pre
        self.blocks = nn.ModuleList(Block(block) for block in source.transformer.resblocks)
        self.ln_post: nn.Module = source.ln_post
        self.proj = nn.Linear(source.proj.shape[0], source.proj.shape[1], bias=False)
        self.proj.weight = nn.Parameter(source.proj.detach().T.contiguous())
        self.width = int(self.class_embedding.shape[0])
        self.heads = int(source.transformer.resblocks[0].attn.num_heads)
        self.checkpointing = checkpointing

    def forward(self, frames: Tensor, extra: Extra | None = None) -> Tensor:
        """Features (N, D) of frames (N, 3, H, W); `extra` gives each layer a token, which leaves before its MLP."""
        x = self.embed(frames)
        for layer, block in enumerate(self.blocks):
            token = None if extra is None else extra(layer, x[:, 0])
            if self.checkpointing and torch.is_grad_enabled():
                x = checkpoint(block, x, token, use_reentrant=False)
            else:
                x = block(x, token)
        features: Tensor = self.proj(self.ln_post(x[:, 0]))
        return features

    def embed(self, frames: Tensor) -> Tensor:
        """Class and patch tokens (N, L, W) with their positions: Eq. 1 of the BiEhPro paper, and CLIP's first norm."""
        maps = self.conv1(frames)  # (N, W, h, w)
        patches = maps.flatten(2).transpose(1, 2)  # (N, L - 1, W)
        start = self.class_embedding.expand(len(patches), 1, -1)
        x: Tensor = self.ln_pre(torch.cat([start, patches], 1) + self.positions(*maps.shape[-2:]))
        return x

    def positions(self, height: int, width: int) -> Tensor:
        """Positions (1 + height width, W) of a grid of patches: the tower's own, or resampled to another size."""
        start, grid = self.positional_embedding[:1], self.positional_embedding[1:]
        side = math.isqrt(len(grid))
        if (height, width) == (side, side):
            return self.positional_embedding
        square = grid.T.unflatten(1, (side, side))[None]  # type: ignore[no-untyped-call]  # (1, W, side, side)
        resized = F.interpolate(square, (height, width), mode="bicubic", antialias=True, align_corners=False)
        return torch.cat([start, resized[0].flatten(1).T])


class Block(nn.Module):
    """One layer: attention over the tokens and, where there is one, a further token; then the MLP over the tokens."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.ln_1: nn.Module = block.ln_1
        self.attn = SelfAttention.of(block.attn)
        self.ls_1: nn.Module = block.ls_1
        self.ln_2: nn.Module = block.ln_2
        self.mlp: nn.Module = block.mlp
        self.ls_2: nn.Module = block.ls_2

    def forward(self, x: Tensor, token: Tensor | None = None) -> Tensor:
        """Tokens (N, L, W), and the further token (N, W), to tokens (N, L, W)."""
        seen = x if token is None else torch.cat([x, token[:, None]], 1)
        x = x + self.ls_1(self.attn(self.ln_1(seen), x.shape[1]))
        x = x + self.ls_2(self.mlp(self.ln_2(x)))
        return x


class SelfAttention(nn.MultiheadAttention):
    """`nn.MultiheadAttention` of a sequence with itself, for its first tokens only: the others are looked at."""

    @classmethod
    def of(cls, attention: nn.MultiheadAttention) -> SelfAttention:
        """The same parameters."""
        own = cls(attention.embed_dim, attention.num_heads, batch_first=True, device="meta")
        for name in ("in_proj_weight", "in_proj_bias", "out_proj"):
            setattr(own, name, getattr(attention, name))
        return own

    def forward(self, x: Tensor, first: int | None = None) -> Tensor:  # type: ignore[override]
        """Sequences (N, L, W) to (N, first, W); all of them without `first`."""
        query, key, value = self._heads(x)
        mixed = F.scaled_dot_product_attention(query[:, :, :first], key, value)  # (N, h, first, W/h)
        return F.linear(mixed.transpose(1, 2).flatten(2), self.out_proj.weight, self.out_proj.bias)

    def weights(self, x: Tensor, first: int | None = None) -> Tensor:
        """How much each of the first tokens looks at each token, mean over heads: (N, first, L)."""
        query, key, _ = self._heads(x)
        scores = query[:, :, :first] @ key.transpose(-2, -1) / self.head_dim**0.5  # (N, h, first, L)
        mean: Tensor = scores.softmax(-1).mean(1)
        return mean

    def _heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Queries, keys and values, each (N, h, L, W/h)."""
        packed = F.linear(x, self.in_proj_weight, self.in_proj_bias)  # (N, L, 3W)
        return packed.view(*x.shape[:2], 3, self.num_heads, -1).permute(2, 0, 3, 1, 4).unbind()


def _plain_vit(visual: nn.Module) -> nn.Module:
    """Raises: HarnessError unless it is a ViT that is read at its class token and projected by a matrix."""
    parts: Any = visual
    blocks = getattr(getattr(parts, "transformer", None), "resblocks", [])
    plain = (
        getattr(parts, "pool_type", "") == "tok"
        and isinstance(getattr(parts, "proj", None), nn.Parameter)
        and getattr(parts, "attn_pool", None) is None
        and len(blocks) > 0
        and all(isinstance(getattr(block, "attn", None), nn.MultiheadAttention) for block in blocks)
    )
    if not plain:
        raise HarnessError(f"{type(visual).__name__} cannot be trained here: it is no plain ViT with a class token")
    return visual
