"""A sketch of DPCNet (Wang et al., ACM MM 2022): two paths over four frames, which are kept together."""

from __future__ import annotations

from torch import Tensor, nn

from harness import Task
from harness.models import Batch, NetworkMethod, Outputs, resnet_trunk
from harness_plugins.methods.dpcnet_sketch import Options
from harness_plugins.methods.dpcnet_sketch.excitation import ChannelTemporal, SpatialFrame
from harness_plugins.methods.dpcnet_sketch.losses import frames_apart, paths_apart, together


class DpcnetSketch(NetworkMethod):
    """Frames of a clip to its class, by the mean of what two paths hold for likely."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.own = options
        self.first = resnet_trunk(50, width=options.width)
        self.second = resnet_trunk(50, width=options.width)
        channels, classes = self.first.channels, len(task.classes)
        self.spatial = SpatialFrame(task.input.frames)
        self.temporal = ChannelTemporal(channels, options.reduction)
        self.first_head = nn.Linear(channels, classes)
        self.second_head = nn.Linear(channels, classes)

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        images = inputs.flatten(0, 1)
        places = self.first(images)  # (B T, D, h, w)
        channels = self.second(images)
        first = self.spatial(places.view(*inputs.shape[:2], *places.shape[1:]))  # (B, T, D)
        second = self.temporal(channels.view(*inputs.shape[:2], *channels.shape[1:]))
        logits = self.first_head(first.mean(1)), self.second_head(second.mean(1))
        return Outputs(
            together(*logits),
            {
                "features": first.mean(1) + second.mean(1),
                "first": first,
                "second": second,
                "first logits": logits[0],
                "second logits": logits[1],
            },
        )

    def classification(self, batch: Batch, outputs: Outputs) -> Tensor:
        """Return the cross-entropy of both paths, and what keeps them together."""
        seen = outputs.extras
        first, second = seen["first logits"], seen["second logits"]
        loss = super().classification(batch, Outputs(first, seen)) + batch.cross_entropy(second)
        loss = loss + self.own.frame_weight * frames_apart(seen["first"], seen["second"])
        return loss + self.own.path_weight * paths_apart(first, second)
