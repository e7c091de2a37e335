"""LSTPNet's transformer: convolutions over time instead of positions."""

from __future__ import annotations

from torch import Tensor, nn

from harness.models import prenorm_attention

HEADS, HEAD_WIDTH = 8, 64


class ConvolvedFeedForward(nn.Module):
    """Feed-forward part with a convolution of each inner channel over time: (B, T, D) to (B, T, D)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.before = nn.LayerNorm(width)
        self.linear1 = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.LayerNorm(inner))
        self.TC = nn.Conv1d(
            inner,
            inner,
            3,
            padding=1,
            groups=inner,
        )
        self.gelu = nn.GELU()
        self.norm = nn.LayerNorm(inner)
        self.linear2 = nn.Sequential(nn.Linear(inner, width), nn.LayerNorm(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the part with its input added."""
        hidden = self.linear1(self.before(x))  # (B, T, F)
        hidden = over_time(self.TC, hidden) + hidden
        out: Tensor = x + self.linear2(self.norm(self.gelu(hidden)))
        return out


class Layer(nn.Module):
    """Attention, then the feed-forward part."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.attention = prenorm_attention(width, HEADS, HEAD_WIDTH)
        self.feed_forward = ConvolvedFeedForward(width, inner)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, D)."""
        out: Tensor = self.feed_forward(self.attention(x))
        return out


class TemporalFormer(nn.Module):
    """Layers over frames (B, T, D); before each stands the same convolution over time, with the same norm."""

    def __init__(
        self,
        width: int,
        inner: int,
        layers: int,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, 3, padding=1)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(Layer(width, inner) for _ in range(layers))

    def forward(self, frames: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, D)."""
        for layer in self.layers:
            frames = self.norm(over_time(self.conv, frames) + frames)
            frames = layer(frames)
        return frames


def over_time(conv: nn.Conv1d, frames: Tensor) -> Tensor:
    """Return a convolution of sequences (B, T, D) along T."""
    out: Tensor = conv(frames.transpose(1, 2)).transpose(1, 2)
    return out
