"""Dynamic encoders over sentences and over frames, and the joint form in which both share layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness import seed_of
from harness_plugins.methods.a3lign import Options

HEAD_WIDTH = 64  # CLIP's
FEED_FORWARD = 4  # times D, CLIP's
POSITION_STD = 0.01


class Mean(nn.Module):
    """Mean in the place of a dynamic encoder: features (B, L, D) to (B, D)."""

    def forward(self, features: Tensor) -> Tensor:
        """Return the mean over the sequence."""
        return features.mean(1)


class DynamicEncoder(nn.Module):
    """DE of Eq. 4: a transformer over a sequence (B, L, D), averaged to (B, D).

    Layers are added one by one. A new one starts as the identity, so that a grown encoder starts from what it was:
    with none it is the mean, but for the small positions.
    """

    def __init__(
        self,
        length: int,
        width: int,
        options: Options,
        seed: int,
    ) -> None:
        super().__init__()
        self.options = options
        self.seed = seed
        self.width = width
        generator = torch.Generator().manual_seed(seed_of(seed, "positions"))
        start = torch.randn(1, length, width, generator=generator) * POSITION_STD
        self.positions = nn.Parameter(start) if options.positions else None  # (1, L, D)
        self.layers = nn.ModuleList()

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, L, D) to one per sequence, (B, D)."""
        if self.positions is not None:
            features = features + self.positions
        for layer in self.layers:
            features = layer(features)
        return features.mean(1)

    def grow(self, count: int) -> DynamicEncoder:
        """Add layers until there are `count`; what a layer starts from depends on its number and nothing else."""
        while len(self.layers) < count:
            self.layers.append(new_layer(self.width, self.options, seed_of(self.seed, len(self.layers))))
        return self


class JointSynchronizer(nn.Module):
    """JAS: text and video through the same layers, each with its own positions, since S and T differ (Fig. 3).

    Built on the first layers of the trained video encoder (section 3.3), which both sides share from then on. With
    `shared-base` the layers added above them are each side's own.
    """

    def __init__(
        self,
        text: DynamicEncoder,
        video: DynamicEncoder,
        options: Options,
    ) -> None:
        super().__init__()
        base = list(video.layers)[: options.base_layers]
        video.layers = nn.ModuleList(base)
        text.layers = video.layers if options.synchronizer == "joint" else nn.ModuleList(base)
        self.video = video
        self.text = text

    def grow(self, count: int) -> None:
        """Add layers until both sides have `count`."""
        self.video.grow(count)
        self.text.grow(count)  # nothing to do where the list is shared


def new_layer(
    width: int,
    options: Options,
    seed: int,
) -> nn.TransformerEncoderLayer:
    """Return a transformer layer; with `zero_init` what it adds to its input is zero at first."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer = nn.TransformerEncoderLayer(
            width,
            options.heads or max(1, width // HEAD_WIDTH),
            FEED_FORWARD * width,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=options.norm == "pre",
        )
    if options.zero_init:
        for last in (layer.self_attn.out_proj, layer.linear2):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
    return layer
