"""MSTA: frame features pooled over time at three scales, weighed against each other (BiEhPro paper, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_plugins.methods.biehpro.initial import initialise

NOISE = 0.001


class MultiScale(nn.Module):
    """Frame features (B, T, D) to video features (B, D): Eq. 4 to 8.

    Each scale is max-pooled with its kernel and stride and then, by adaptive max pooling, to the length T // 3. With
    the paper's kernels and T = 8 all have that length anyway, and the second pooling changes nothing.

    Args:
        frames: T.
        width: D.
        kernels: of the scales, in frames; one that is longer than the clip is cut to it.
        strides: of the scales, in frames.
        along: what the layers that give the weights connect: the steps of "time" of a channel, or the channels of a
            step. The paper's FLOPs say time.
        near_mean: start as the mean over time steps, so that CLIP's space is kept, with a little noise.
    """

    def __init__(
        self, frames: int, width: int, kernels: Sequence[int], strides: Sequence[int], *, along: str, near_mean: bool
    ) -> None:
        super().__init__()
        self.kernels = [min(kernel, frames) for kernel in kernels]
        self.strides = list(strides)
        self.steps = max(frames // 3, 1)
        self.along = along
        side = self.steps if along == "time" else width
        self.weigh = nn.ModuleList(nn.Linear(side, side) for _ in kernels)
        self.video = nn.Linear(width * self.steps, width)
        initialise(self)
        if near_mean:
            start_as_mean(self.video, self.steps)

    def forward(self, features: Tensor) -> Tensor:
        """Return video features (B, D)."""
        scales = self.scales(features.transpose(1, 2))  # (S, B, D, T/3)
        weights = self.weights(scales.sum(0))  # (S, B, D, T/3)
        weighted = (weights * scales).sum(0)  # (B, D, T/3), Eq. 7
        video: Tensor = self.video(weighted.flatten(1))  # Eq. 8
        return video

    def scales(self, features: Tensor) -> Tensor:
        """Return features (B, D, T) at each scale, (S, B, D, T/3): the summands of Eq. 4."""
        pairs = zip(self.kernels, self.strides, strict=True)
        pooled = [F.max_pool1d(features, kernel, stride) for kernel, stride in pairs]
        even = []
        for scale in pooled:  # (B, D, some of T)
            even.append(scale if scale.shape[-1] == self.steps else F.adaptive_max_pool1d(scale, self.steps))
        return torch.stack(even)

    def weights(self, total: Tensor) -> Tensor:
        """Return how much each scale counts at each channel and step, (S, B, D, T/3): Eq. 5 and 6."""
        if self.along == "time":
            scores = [layer(total) for layer in self.weigh]
        else:
            scores = [layer(total.transpose(1, 2)).transpose(1, 2) for layer in self.weigh]
        return torch.stack(scores).softmax(0)


@torch.no_grad()
def start_as_mean(layer: nn.Linear, steps: int) -> None:
    """Start as a linear map of (D, steps), flattened, that gives the mean over the steps, and noise."""
    mean = torch.eye(layer.out_features).repeat_interleave(steps, dim=1) / steps  # (D, D * steps)
    layer.weight.copy_(mean + NOISE * torch.randn_like(mean))
