"""What M3DFEL does with the instances of a bag: attention among them, and a normalisation over them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPS = 1e-5


class BagAttention(nn.Module):
    """Self-attention (N instances to N) of 8 heads with one bias-free projection before, and none behind."""

    heads = 8

    def __init__(self, width: int) -> None:
        super().__init__()
        self.to_qkv = nn.Linear(width, 3 * width, bias=False)

    def forward(self, instances: Tensor) -> Tensor:
        """Map instances (B, N, D) to as many, with no residual around it."""
        q, k, v = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.to_qkv(instances).chunk(3, dim=2)
        )  # (B, heads, N, D / heads)
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class BagNorm(nn.Module):
    """Dynamic multi-instance normalisation (M3DFEL, section 3.4).

    Each channel is normed by a mean of its own statistics over the instances and of the whole bag's over channels;
    two learned pairs of numbers weigh them, by their softmax.

    Args:
        width: D, channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, width, 1))
        self.bias = nn.Parameter(torch.zeros(1, width, 1))
        self.mean_weight = nn.Parameter(torch.ones(2))
        self.var_weight = nn.Parameter(torch.ones(2))

    def forward(self, channels: Tensor) -> Tensor:
        """Norm the channels of a bag (B, D, N)."""
        mean = channels.mean(2, keepdim=True)  # (B, D, 1)
        variance = channels.var(2, keepdim=True)  # unbiased
        of_bag = mean.mean(1, keepdim=True)  # (B, 1, 1)
        spread = (variance + mean**2).mean(1, keepdim=True) - of_bag**2
        own_mean, bag_mean = self.mean_weight.softmax(0)
        own_variance, bag_variance = self.var_weight.softmax(0)
        centred = channels - (own_mean * mean + bag_mean * of_bag)
        scale = (own_variance * variance + bag_variance * spread + EPS).rsqrt()
        normed: Tensor = centred * scale * self.weight + self.bias
        return normed
