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

from harness.core.errors import HarnessError
from harness.models.blocks import Block, is_plain

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

    def __init__(
        self,
        visual: nn.Module,
        *,
        checkpointing: bool = False,
    ) -> None:
        super().__init__()
        source: Any = deepcopy(_plain_vit(visual)).requires_grad_(True)
        self.conv1: nn.Conv2d = source.conv1
        self.class_embedding: nn.Parameter = source.class_embedding
        self.positional_embedding: nn.Parameter = source.positional_embedding
        self.ln_pre: nn.Module = source.ln_pre
        self.blocks = nn.ModuleList(Block(block) for block in source.transformer.resblocks)
        self.ln_post: nn.Module = source.ln_post
        self.proj = nn.Linear(
            source.proj.shape[0],
            source.proj.shape[1],
            bias=False,
        )
        self.proj.weight = nn.Parameter(source.proj.detach().T.contiguous())
        self.width = int(self.class_embedding.shape[0])
        self.heads = int(source.transformer.resblocks[0].attn.num_heads)
        self.checkpointing = checkpointing

    def forward(
        self,
        frames: Tensor,
        extra: Extra | None = None,
    ) -> Tensor:
        """Return features (N, D) of frames (N, 3, H, W);
        `extra` gives each layer a token, which leaves before its MLP.
        """
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
        """Return class and patch tokens (N, L, W) with their positions: Eq.
        1 of the BiEhPro paper, and CLIP's first norm.
        """
        maps = self.conv1(frames)  # (N, W, h, w)
        patches = maps.flatten(2).transpose(1, 2)  # (N, L - 1, W)
        start = self.class_embedding.expand(
            len(patches),
            1,
            -1,
        )
        tokens = torch.cat([start, patches], 1)  # (N, L, W)
        x: Tensor = self.ln_pre(tokens + self.positions(*maps.shape[-2:]))
        return x

    def positions(self, height: int, width: int) -> Tensor:
        """Return positions (1 + height width, W) of a grid of patches:
        the tower's own, or resampled to another size.
        """
        start, grid = self.positional_embedding[:1], self.positional_embedding[1:]
        side = math.isqrt(len(grid))
        if (height, width) == (side, side):
            return self.positional_embedding
        square = grid.T.unflatten(1, (side, side))[None]  # type: ignore[no-untyped-call]  # (1, W, side, side)
        resized = F.interpolate(
            square,
            (height, width),
            mode="bicubic",
            antialias=True,
            align_corners=False,
        )
        return torch.cat([start, resized[0].flatten(1).T])


def _plain_vit(visual: nn.Module) -> nn.Module:
    """Return the tower. Raises: HarnessError unless it is a ViT that is read at its class token and projected by a
    matrix.
    """
    parts: Any = visual
    plain = (
        getattr(parts, "pool_type", "") == "tok"
        and isinstance(getattr(parts, "proj", None), nn.Parameter)
        and getattr(parts, "attn_pool", None) is None
        and is_plain(getattr(parts, "transformer", None))
    )
    if not plain:
        raise HarnessError(f"{type(visual).__name__} cannot be trained here: it is no plain ViT with a class token")
    return visual
