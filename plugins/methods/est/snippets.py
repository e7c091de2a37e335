"""One vector a snippet: attention among its frames, and a mean that weighs them."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

LEAST_WEIGHT = 1e-8


class SnippetAttention(nn.Module):
    """Frames of snippets (N, S, D) to snippets (N, D).

    Frames look at each other; each then weighs as much as it resembles the maximum over all of them, by the cosine.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(
            width,
            heads,
            dropout=dropout,
            batch_first=True,
        )
        self.dropout = nn.Dropout(dropout)
        self.norm1 = nn.LayerNorm(width)

    def forward(self, frames: Tensor) -> Tensor:
        """Return one vector a snippet."""
        seen, _ = self.attn(
            frames,
            frames,
            frames,
            need_weights=False,
        )
        seen = self.norm1(frames + self.dropout(seen))  # (N, S, D)
        whole = seen.amax(1, keepdim=True)  # (N, 1, D)
        weights = F.cosine_similarity(seen, whole, dim=-1)
        weights = weights.clamp(min=LEAST_WEIGHT)[..., None]  # (N, S, 1)
        mean: Tensor = (weights * seen).sum(1) / weights.sum(1)
        return mean
