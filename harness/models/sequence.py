"""What makes one vector of the frame features of a clip: a transformer with a class token, or a recurrent network."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from harness.models.prenorm import PreNorm

Cell = Literal["lstm", "gru"]
ReadOut = Literal["last", "mean", "all"]
CELLS: dict[Cell, type[nn.LSTM] | type[nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}


class ClassTokenTransformer(nn.Module):
    """The temporal transformer of Former-DFER and of DFER-CLIP: frame features (B, T, D) to clip features (B, D).

    A class token stands before the frames, positions are added to all, and the token is read after the last layer, or
    the mean of the frames. Token and positions start from N(0, 1).

    Args:
        frames: T.
        width: D; a layer has 8 heads of D / 8 channels and a feed-forward part twice as wide as D.
        depth: layers.
        positions: whether positions are added.
        read_out: what is read.
    """

    def __init__(
        self,
        frames: int,
        width: int,
        depth: int,
        positions: bool = True,
        read_out: Literal["class", "mean"] = "class",
    ) -> None:
        super().__init__()
        self.read_out = read_out
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        self.pos_embedding = nn.Parameter(torch.randn(1, frames + 1, width)) if positions else None
        self.transformer = eight_heads(width, depth)

    def forward(self, frames: Tensor) -> Tensor:
        """Map frame features (B, T, D), of at most as many frames as it was made for, to clip features (B, D)."""
        start = self.cls_token.expand(len(frames), -1, -1)
        tokens: Tensor = torch.cat([start, frames], 1)  # (B, T + 1, D)
        if self.pos_embedding is not None:
            tokens = tokens + self.pos_embedding[:, : tokens.shape[1]]
        tokens = self.transformer(tokens)
        return tokens[:, 0] if self.read_out == "class" else tokens[:, 1:].mean(1)


def eight_heads(width: int, depth: int) -> PreNorm:
    """Return pre-norm layers of 8 heads, whose inner width is the outer one, with a feed-forward part twice as wide."""
    return PreNorm(
        width,
        depth,
        heads=8,
        head_width=width // 8,
        hidden=2 * width,
    )


class Recurrent(nn.Module):
    """An LSTM or a GRU over frame features (B, T, D): the states of its last layer, read out to (B, `channels`).

    Args:
        width: D.
        hidden: of each layer.
        cell: of which kind.
        layers: one upon the other.
        read_out: the last state, the mean of all, or all of them one after the other.
        frames: T, which the width of `all` depends on.
    """

    def __init__(
        self,
        width: int,
        hidden: int,
        cell: Cell = "lstm",
        layers: int = 1,
        read_out: ReadOut = "last",
        frames: int = 1,
    ) -> None:
        super().__init__()
        self.read_out = read_out
        self.channels = hidden * frames if read_out == "all" else hidden
        self.cells = CELLS[cell](
            width,
            hidden,
            layers,
            batch_first=True,
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Map frame features (B, T, D) to clip features (B, channels)."""
        states: Tensor = self.cells(frames)[0]  # (B, T, H)
        if self.read_out == "all":
            return states.flatten(1)
        return states[:, -1] if self.read_out == "last" else states.mean(1)
