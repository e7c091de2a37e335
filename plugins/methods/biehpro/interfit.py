"""InterFIT: frames exchange what their class tokens know, in every layer (BiEhPro paper, 3.1)."""

from __future__ import annotations

from torch import Tensor, nn

from harness.models import SelfAttention
from harness_plugins.methods.biehpro.initial import initialise


class Interaction(nn.Module):
    """Interaction tokens of one layer, from class tokens (B, T, W): Eq. 2.

    The hidden width W per direction and the linear map 2W -> W behind the LSTM are inferred from the paper's FLOPs.
    `zero_start` lets the tokens start as linear maps of their own frame's class token alone.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        zero_start: bool,
    ) -> None:
        super().__init__()
        self.token = nn.Linear(width, width)
        self.lstm = nn.LSTM(
            width,
            width,
            bidirectional=True,
            batch_first=True,
        )
        self.merge = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, batch_first=True)
        initialise(self)
        if zero_start:
            nn.init.zeros_(self.attention.out_proj.weight)

    def forward(self, classes: Tensor) -> Tensor:
        """Map class tokens (B, T, W) to interaction tokens (B, T, W)."""
        tokens = self.token(classes)
        exchanged = self.merge(self.lstm(tokens)[0])  # (B, T, W)
        told: Tensor = tokens + self.attention(self.norm(exchanged))
        return told


class InterFIT(nn.Module):
    """The interaction of every layer, each with parameters of its own unless they are shared."""

    def __init__(
        self,
        width: int,
        heads: int,
        layers: int,
        *,
        shared: bool,
        zero_start: bool,
    ) -> None:
        super().__init__()
        count = 1 if shared else layers
        self.layers = nn.ModuleList(Interaction(width, heads, zero_start=zero_start) for _ in range(count))

    def forward(
        self,
        layer: int,
        classes: Tensor,
        frames: int,
    ) -> Tensor:
        """Map class tokens (B*T, W) of a layer to interaction tokens (B*T, W)."""
        interaction = self.layers[layer % len(self.layers)]
        tokens: Tensor = interaction(classes.view(-1, frames, classes.shape[-1])).flatten(0, 1)
        return tokens
