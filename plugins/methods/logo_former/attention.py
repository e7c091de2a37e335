"""Attention and feed-forward parts of the two transformers."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

HEADS = 8
FEED_FORWARD = 4  # times D


class Attention(nn.Module):
    """Tokens (N, L, D) look at tokens (N, S, D); queries, keys and values without a bias."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, seen: Tensor | None = None) -> Tensor:
        """Return what tokens see of `seen`, or of one another: (N, L, D)."""
        query = by_head(self.query(tokens))
        key, value = self.key_value(tokens if seen is None else seen).chunk(2, dim=-1)
        mixed = F.scaled_dot_product_attention(
            query,
            by_head(key),
            by_head(value),
            dropout_p=self.dropout.p if self.training else 0.0,
        )  # (N, h, L, D/h)
        out: Tensor = self.dropout(self.out(mixed.transpose(1, 2).flatten(2)))
        return out


def by_head(tokens: Tensor) -> Tensor:
    """Return tokens (N, L, D) by head: (N, h, L, D/h)."""
    return tokens.view(*tokens.shape[:2], HEADS, -1).transpose(1, 2)


def feed_forward(width: int, dropout: float) -> nn.Sequential:
    """Return the feed-forward part, its norm in front."""
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, FEED_FORWARD * width),
        nn.GELU(),
        nn.Linear(FEED_FORWARD * width, width),
        nn.Dropout(dropout),
    )
