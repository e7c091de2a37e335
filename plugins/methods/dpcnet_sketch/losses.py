"""What brings the two paths together."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor
from torch.nn import functional as F


def frames_apart(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean of 1 - cos over all pairs of a frame of one path and one of the other, both (B, T, D)."""
    cosines = F.normalize(first, dim=-1) @ F.normalize(second, dim=-1).transpose(1, 2)  # (B, T, T)
    return (1 - cosines).mean()


def paths_apart(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean of (KL(p | q) + KL(q | p)) / 2 of two logits (B, C)."""
    log_p, log_q = first.log_softmax(-1), second.log_softmax(-1)
    return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(-1).mean() / 2


def together(first: Tensor, second: Tensor) -> Tensor:
    """Return the log of the mean of both probabilities, (B, C)."""
    both = torch.logaddexp(first.log_softmax(-1), second.log_softmax(-1))
    return both - log(2)
