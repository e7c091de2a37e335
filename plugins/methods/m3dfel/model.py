"""M3DFEL (Wang et al., CVPR 2023): a bag of instances, whose common part says which of their channels count."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from harness import BadOption, Schedule, Stage, Task
from harness.models import NetworkMethod, Outputs, scaled, video_trunk
from harness_plugins.methods.m3dfel import Options
from harness_plugins.methods.m3dfel.bag import BagAttention, BagNorm

HIDDEN, LAYERS = 512, 2  # of the LSTM, each way
LEAST_RATE = 5e-6


class M3dfel(NetworkMethod):
    """Instances through a 3D network and an LSTM both ways; attention and normalisation gate its states."""

    def __init__(self, task: Task, options: Options) -> None:
        super().__init__(options)
        if task.input.frames % options.instances:
            raise BadOption(
                f"m3dfel.input.frames={task.input.frames}: not {options.instances} instances of as many frames each"
            )
        hidden = scaled(HIDDEN, options.width)
        self.own = options
        self.trunk = video_trunk("r3d", options.width)
        self.lstm = nn.LSTM(
            self.trunk.channels,
            hidden,
            LAYERS,
            batch_first=True,
            bidirectional=True,
        )
        self.attention = BagAttention(2 * hidden)
        self.norm = BagNorm(2 * hidden)
        self.gather = nn.Conv1d(options.instances, 1, kernel_size=3, padding=1)
        self.fc = nn.Linear(2 * hidden, len(task.classes))

    def forward(self, inputs: Tensor) -> Outputs:
        """Map frames (B, T, 3, H, W) to logits (B, C)."""
        features = self.gather(self.gated(self.states(inputs))).squeeze(1)  # (B, 2 H)
        return Outputs(self.fc(features), {"features": features})

    def states(self, inputs: Tensor) -> Tensor:
        """Return the LSTM's states (B, N, 2 H) over the N instances, which are consecutive among the frames shown."""
        frames = inputs.shape[1] // self.own.instances
        instances = inputs.reshape(-1, frames, *inputs.shape[2:])  # (B N, T / N, 3, H, W)
        vectors: Tensor = self.trunk(instances.transpose(1, 2))  # (B N, D)
        states: Tensor = self.lstm(vectors.view(len(inputs), -1, self.trunk.channels))[0]
        return states

    def gated(self, states: Tensor) -> Tensor:
        """Return states (B, N, 2 H), each channel weighed by the sigmoid of its normed attention."""
        normed = self.norm(self.attention(states).transpose(1, 2)).transpose(1, 2)
        gate: Tensor = normed.sigmoid()
        return states * gate

    def stages(self) -> list[Stage]:
        """Return the recipe: timm's cosine over all epochs, its warm-up at their beginning."""
        (stage,) = super().stages()
        cosine = Schedule(
            "cosine",
            per="step",
            warmup_epochs=self.own.warmup_epochs,
            warmup="from-zero",
            min_lr=LEAST_RATE,
            period="from-start",
        )
        schedule = stage.schedule if self.own.step_epochs else cosine
        return [
            replace(
                stage,
                schedule=schedule,
                label_smoothing=self.own.smoothing,
                drop_last=not self.own.step_epochs,
            )
        ]
