"""The order of frames at test time (Table 5)."""

from __future__ import annotations

import torch
from torch import Tensor

SEED = 0


def reordered(features: Tensor, order: str) -> Tensor:
    """Return features (B, T, D) in another order of their frames;
    `shuffled` draws one for each clip, the same each time.
    """
    if order == "reversed":
        return features.flip(1)
    if order == "shuffled":
        draws = torch.rand(features.shape[:2], generator=torch.Generator().manual_seed(SEED))
        index = draws.argsort(1).to(features.device)  # (B, T)
        return features.gather(1, index[..., None].expand_as(features))
    return features
