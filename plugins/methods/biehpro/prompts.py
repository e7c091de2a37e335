"""Bidirectional enhanced prompts: text from video and video from text, for each class (BiEhPro paper, 3.3)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

from harness_plugins.methods.biehpro.initial import initialise

HEAD_WIDTH = 64  # CLIP's
START = 0.1  # of alpha and beta, as X-CLIP's


class QuickGELU(nn.Module):
    """The activation of OpenAI's CLIP."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x sigmoid(1.702 x)."""
        return x * torch.sigmoid(1.702 * x)


class Direction(nn.Module):
    """One line of Eq. 10: a prompt attends to the other side and goes through a feed-forward net, both with residual.

    With one key the attention's softmax is 1, so that what the prompt gets is a linear map of the other side.
    """

    def __init__(
        self,
        width: int,
        *,
        norm: bool,
    ) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(
            width,
            max(width // HEAD_WIDTH, 1),
            batch_first=True,
        )
        self.norm = nn.LayerNorm(width) if norm else nn.Identity()
        layers: dict[str, Any] = {
            "widen": nn.Linear(width, 4 * width),
            "act": QuickGELU(),
            "narrow": nn.Linear(4 * width, width),
        }
        self.feed = nn.Sequential(OrderedDict(layers))

    def forward(
        self,
        prompt: Tensor,
        query: Tensor,
        other: Tensor,
    ) -> Tensor:
        """Map prompts (N, L, D), the same as queries, and the other side (N, S, D) to prompts (N, L, D)."""
        prompt = (
            prompt
            + self.attention(
                query,
                other,
                other,
                need_weights=False,
            )[0]
        )
        fed: Tensor = prompt + self.feed(self.norm(prompt))
        return fed


class Block(nn.Module):
    """One block of Eq. 10; both directions read what the block before gave.

    Each side is normalised once, as query of its own direction and as key and value of the other. Where there is no
    visual prompt the text's norm would do nothing, so there is none.
    """

    def __init__(
        self,
        width: int,
        *,
        visual: bool,
        norm: bool,
    ) -> None:
        super().__init__()
        self.to_text = Direction(width, norm=norm)
        self.to_video = Direction(width, norm=norm) if visual else None
        self.norm_text = nn.LayerNorm(width) if norm and visual else nn.Identity()
        self.norm_video = nn.LayerNorm(width) if norm else nn.Identity()

    def forward(
        self,
        text: Tensor,
        video: Tensor,
        shared: bool,
    ) -> tuple[Tensor, Tensor]:
        """Return text prompts (B, C, D) and visual prompts (B, C, D), or (B, 1, D) where all classes share one."""
        seen_text, seen_video = self.norm_text(text), self.norm_video(video)
        one = seen_video.expand_as(text)
        told = _pairwise(self.to_text, text, seen_text, one)
        if self.to_video is None:
            return told, video
        if shared:
            return told, self.to_video(video, seen_video, seen_text)
        return told, _pairwise(self.to_video, video, seen_video, seen_text)


class Prompts(nn.Module):
    """M blocks, and what their prompts add to both sides: Eq. 10 and 11.

    Args:
        width: D.
        blocks: M.
        visual: whether there are visual prompts.
        shared: one visual prompt a video, which attends to the text of all classes, instead of one a class.
        scalar: one number as alpha and one as beta, instead of one a channel.
        norm: normalise before attention and feed-forward, which Eq. 10 does not show.
    """

    def __init__(
        self,
        width: int,
        blocks: int,
        *,
        visual: bool,
        shared: bool,
        scalar: bool,
        norm: bool,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, visual=visual, norm=norm) for _ in range(blocks))
        initialise(self)
        self.shared = shared
        self.alpha = nn.Parameter(torch.full((1 if scalar else width,), START))
        self.beta = nn.Parameter(torch.full((1 if scalar else width,), START)) if visual else None

    def forward(
        self,
        text: Tensor,
        video: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Map text (C, D) and video (B, D) features to enhanced ones, each (B, C, D)."""
        text_prompt = text.expand(
            len(video),
            -1,
            -1,
        )  # (B, C, D)
        video_prompt = video[:, None]  # (B, 1, D)
        if not self.shared and self.beta is not None:
            video_prompt = video_prompt.expand_as(text_prompt)
        for block in self.blocks:
            text_prompt, video_prompt = block(text_prompt, video_prompt, self.shared)
        enhanced = text + self.alpha * text_prompt
        seen = video[:, None] if self.beta is None else video[:, None] + self.beta * video_prompt
        return enhanced, seen.expand_as(enhanced)


def _pairwise(
    direction: Direction,
    prompt: Tensor,
    query: Tensor,
    other: Tensor,
) -> Tensor:
    """Return each class with its own counterpart only: sequences of one token, (B * C, 1, D)."""
    parts = (x.flatten(0, 1)[:, None] for x in (prompt, query, other))
    pairs: Tensor = direction(*parts)
    return pairs.view_as(prompt)
