"""VGG on each frame, and an LSTM over them."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from harness import Stage, Task
from harness.models import NetworkMethod, Outputs, Recurrent, scaled
from harness_plugins.methods.vgg13_lstm import Options

LAYERS = {"vgg11": "A", "vgg13": "B"}  # as torchvision names them
PLACES = 7  # side of the map that the fully connected layers see
CONNECTED = 4096


class VggLstm(NetworkMethod):
    """The second fully connected layer's output of each frame into an LSTM, its last state into a linear layer."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        self.own = options
        self.trunk = VggTrunk(options)
        self.time = Recurrent(
            self.trunk.channels,
            scaled(options.hidden, options.width),
            options.cell,
        )
        self.head = nn.Linear(self.time.channels, len(task.classes))

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        frames = self.trunk(inputs.flatten(0, 1))  # (B T, D)
        clips = self.time(frames.unflatten(0, inputs.shape[:2]))  # (B, H)
        return Outputs(self.head(clips), {"features": clips})

    def stages(self) -> list[Stage]:
        """Return the recipe, with gradients cut: without batch norm VGG stalls or diverges easily."""
        return [replace(stage, clip_norm=self.own.clip_norm) for stage in super().stages()]


class VggTrunk(nn.Module):
    """torchvision's VGG without its last layer: frames (N, 3, H, W) to features (N, D)."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        listed = cfgs[LAYERS[options.trunk]]
        channels = [count if isinstance(count, str) else scaled(count, options.width) for count in listed]
        maps = scaled(512, options.width)
        connected = scaled(CONNECTED, options.width)
        self.channels = scaled(options.features, options.width)
        self.features = make_layers(channels, batch_norm=options.batch_norm)
        self.avgpool = nn.AdaptiveAvgPool2d(PLACES)
        self.classifier = nn.Sequential(
            nn.Linear(maps * PLACES**2, connected),
            nn.ReLU(inplace=True),
            nn.Dropout(options.dropout),
            nn.Linear(connected, self.channels),
            nn.ReLU(inplace=True),
            nn.Dropout(options.dropout),
        )
        start_as_vgg(self, options.width)

    def forward(self, frames: Tensor) -> Tensor:
        """Return one feature a frame."""
        maps = self.avgpool(self.features(frames))  # (N, D, 7, 7)
        features: Tensor = self.classifier(maps.flatten(1))
        return features


def start_as_vgg(network: nn.Module, width: float) -> None:
    """Give a network the initial weights of VGG in torchvision; a narrow one wider ones, so that as much passes."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, 0, 0.01 / width**0.5)
        else:
            continue
        assert part.bias is not None
        nn.init.zeros_(part.bias)
