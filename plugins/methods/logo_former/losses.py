"""Losses that keep a class together. The papers' own formulas are not public; docs/methods say what these are after."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

GAMMA_POSITIVE, GAMMA_NEGATIVE, SMOOTHING = 1, 2, 0.1


def pair_divergence(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean symmetric divergence of two clips of one label, (KL(p|q) + KL(q|p)) / 2, over all pairs.

    0 where no two clips of the batch have one label.
    """
    log_p = logits.log_softmax(-1)  # (B, C)
    differences = log_p[:, None] - log_p  # (B, B, C)
    divergence = (log_p.exp()[:, None] * differences).sum(-1)  # (B, B), KL of each with each
    pairs = (labels[:, None] == labels).triu(1)
    symmetric = (divergence + divergence.T) / 2
    return (symmetric * pairs).sum() / pairs.sum().clamp(min=1)


def class_divergence(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean divergence KL(p_i | mean of p over the clips of its label) of a batch."""
    log_p = logits.log_softmax(-1)  # (B, C)
    own = (labels[:, None] == labels).to(log_p.dtype)  # (B, B)
    log_own = (own / own.sum(1, keepdim=True)).log()  # -inf for clips of other labels
    log_mean = torch.logsumexp(log_own[..., None] + log_p, 1)  # (B, C)
    return (log_p.exp() * (log_p - log_mean)).sum(-1).mean()


def asymmetric(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the asymmetric single-label loss (Ben-Baruch et al., ICCV 2021), smoothed, mean over clips (B,).

    What is sure already weighs less: (1 - p)^1 at the label, p^2 elsewhere.
    """
    log_p = logits.log_softmax(-1)  # (B, C)
    target = F.one_hot(labels, logits.shape[-1]).to(log_p.dtype)
    p = log_p.exp()
    weight = target * (1 - p) ** GAMMA_POSITIVE + (1 - target) * p**GAMMA_NEGATIVE
    smoothed = (1 - SMOOTHING) * target + SMOOTHING / logits.shape[-1]
    return -(smoothed * weight * log_p).sum(-1).mean()
