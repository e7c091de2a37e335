"""AEN's losses: classes and groups of both heads, and what a static network says of the frames."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor
from torch.nn import functional as F

from harness_plugins.methods.aen import Options


@dataclass(frozen=True)
class Views:
    """Logits of a batch: classes (B, C) and groups (B, 3) as a whole and locally, frames (B, T, C)."""

    whole_classes: Tensor
    whole_groups: Tensor
    local_classes: Tensor
    local_groups: Tensor
    frames: Tensor

    @property
    def logits(self) -> Tensor:
        """Log of the mean of what both class heads hold for likely, (B, C)."""
        whole = self.whole_classes.log_softmax(-1)
        local = self.local_classes.log_softmax(-1)
        return torch.logaddexp(whole, local) - log(2)


def guided_loss(
    views: Views,
    static: Tensor,
    groups: Tensor,
    options: Options,
) -> Tensor:
    """Return the loss beside that of the classes.

    Args:
        views: of the network.
        static: probabilities of each frame by the frozen network, (B, T, C).
        groups: of the clips, (B,).
        options: with the weights.
    """
    grouped = F.cross_entropy(views.whole_groups, groups) + F.cross_entropy(views.local_groups, groups)
    frames = divergence(static, views.frames)
    clip = divergence(static.mean(1), views.local_classes)
    return options.group_weight * grouped + options.frame_weight * frames + options.clip_weight * clip


def divergence(probabilities: Tensor, logits: Tensor) -> Tensor:
    """Return KL(p | softmax(logits)), both (..., C), mean over all but the classes."""
    terms = F.kl_div(logits.log_softmax(-1), probabilities, reduction="none")
    return terms.sum(-1).mean()
