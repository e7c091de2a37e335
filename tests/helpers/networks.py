"""A plugin of networks that are no CLIP: encoders of frames and of clips, and methods that ask more of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import (
    BackboneSpec,
    FrameInput,
    Interval,
    Method,
    MethodSpec,
    MetricSpec,
    Schedule,
    Stage,
    WeightsSpec,
    hookimpl,
    option,
)
from harness.models import Batch, Outputs

SIZE = 16  # pixels
WIDTH = 6
SEEN: list[Batch] = []  # every batch that `Steps` was given
CONSTANT = Schedule("constant")
NET = WeightsSpec("toy-net", hint="from the toy's authors")
CUBE = WeightsSpec("toy-cube")


def frames(weights: Any) -> nn.Module:
    net = nn.Sequential(nn.Conv2d(3, WIDTH, 3, stride=2), nn.BatchNorm2d(WIDTH), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    if weights is not None:
        net.load_state_dict(weights)
    return net


class Clips(nn.Module):
    """Two positions a clip, each of half its frames."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(3, WIDTH, (1, 3, 3), stride=(1, 2, 2))

    def forward(self, clips: Tensor) -> Tensor:  # (B, T, 3, H, W) -> (B, 2, D)
        return F.adaptive_avg_pool3d(self.conv(clips.transpose(1, 2)), (2, 1, 1)).flatten(2).transpose(1, 2)


class Vector(nn.Module):
    """One vector a clip."""

    def forward(self, clips: Tensor) -> Tensor:  # (B, T, 3, H, W) -> (B, 3)
        return clips.mean((1, 3, 4))


class Random(nn.Module):
    def forward(self, frames: Tensor) -> Tensor:
        return torch.rand(len(frames), WIDTH)


class Flat(nn.Module):
    def forward(self, frames: Tensor) -> Tensor:
        return frames.mean((1, 2, 3))


class Infinite(nn.Module):
    def forward(self, frames: Tensor) -> Tensor:
        return frames.mean((2, 3)) / 0


def broken(weights: Any) -> nn.Module:
    raise RuntimeError("broken on purpose")


@hookimpl
def register_backbones() -> list[BackboneSpec]:
    def spec(name: str, build: Any, **more: Any) -> BackboneSpec:
        return BackboneSpec(name, "", more.pop("weights", "random"), build=build, image_size=SIZE, **more)

    return [
        spec("toy-frames", frames),
        spec("toy-declared", frames, weights=NET),
        spec("toy-clips", lambda weights: Clips(), sees="clips"),
        spec("toy-vector", lambda weights: Vector(), sees="clips"),
        spec("toy-random", lambda weights: Random()),
        spec("toy-flat", lambda weights: Flat()),
        spec("toy-infinite", lambda weights: Infinite()),
        spec("toy-broken", broken),
        spec("toy-number", lambda weights: 3),
    ]


@dataclass(frozen=True)
class Options:
    """Options of all of them."""

    epochs: int = option(2, "epochs", minimum=0)
    file: str = option("", "text")
    kind: str = option("", "how to misbehave")


class Head(Method):
    """A linear map of the mean feature of its backbone."""

    def __init__(self, task: Any, options: Options) -> None:
        super().__init__()
        self.options = options
        self.encoder = task.backbone.frame_encoder()
        self.head = nn.Linear(task.backbone.width, len(task.classes))

    def forward(self, inputs: Tensor) -> Tensor | Outputs:
        return self.head(inputs.mean(1))  # type: ignore[no-any-return]

    def stages(self) -> list[Stage]:
        return [Stage("head", self.options.epochs, 4, {"head": 0.1}, schedule=CONSTANT)]


class Steps(Head):
    """Keeps each batch that its step is given, and draws from the generator."""

    def step(self, batch: Batch) -> Any:
        SEEN.append(batch)
        kinds = {"none": None, "vector": torch.ones(3), "free": torch.ones(())}
        if self.options.kind in kinds:
            return kinds[self.options.kind]
        weight = torch.rand(1, generator=batch.generator)
        return F.cross_entropy(self(batch.inputs), batch.labels) * weight.sum()

    def stages(self) -> list[Stage]:
        (stage,) = super().stages()
        return [stage, Stage("again", 1, 4, {"head": 0.1}, schedule=CONSTANT, whole_batch=True)]


class Extras(Head):
    """Pulls the features of a class together."""

    def forward(self, inputs: Tensor) -> Tensor | Outputs:
        features = inputs.mean(1)
        if self.options.kind == "tuple":
            return self.head(features), features  # type: ignore[return-value]
        return Outputs(self.head(features), {"features": features})

    def step(self, batch: Batch) -> Tensor:
        if self.options.kind == "tuple":
            return super().step(batch)
        outputs = self(batch.inputs)
        own = batch.labels[:, None] == batch.labels
        distances = torch.cdist(outputs.extras["features"], outputs.extras["features"])
        return F.cross_entropy(outputs.logits, batch.labels) + 0.1 * distances[own].mean()


class Prototypes(Head):
    """Class means, looked at once before training; nothing is trained."""

    def __init__(self, task: Any, options: Options) -> None:
        super().__init__(task, options)
        self.register_buffer("means", torch.zeros(len(task.classes), task.backbone.width))
        self.calls: list[tuple[bool, bool, int]] = []

    def prepare(self, train: Any) -> None:
        clips = torch.cat([batch.inputs.mean(1) for batch in train])
        self.calls.append((torch.is_grad_enabled(), self.training, len(train)))
        self.means.copy_(torch.stack([clips[train.labels == label].mean(0) for label in range(len(self.means))]))

    def forward(self, inputs: Tensor) -> Tensor:
        return -torch.cdist(inputs.mean(1), self.means)

    def stages(self) -> list[Stage]:
        return []


class Cache(Head):
    """A Tip-Adapter whose keys are trained: as many as there are training clips."""

    def __init__(self, task: Any, options: Options) -> None:
        super().__init__(task, options)
        del self.head
        self.keys = nn.Parameter(torch.zeros(0, task.backbone.width))
        self.sharpness = 1.0

    def prepare(self, train: Any) -> None:
        clips = torch.cat([batch.inputs.mean(1) for batch in train])
        self.keys = nn.Parameter(F.normalize(clips, dim=-1))
        self.register_buffer("values", F.one_hot(train.labels).float())
        if self.options.kind == "module":
            self.head = nn.Linear(len(train), 3)
        if self.options.kind == "number":
            self.sharpness = 2.0

    def forward(self, inputs: Tensor) -> Tensor:
        return self.sharpness * (F.normalize(inputs.mean(1), dim=-1) @ self.keys.T) @ self.values

    def stages(self) -> list[Stage]:
        return [Stage("keys", self.options.epochs, 4, {"keys": 0.1}, schedule=CONSTANT)]


class Cube(Method):
    """A 3-D network of its own, with a BatchNorm, from declared weights."""

    def __init__(self, task: Any, options: Options) -> None:
        super().__init__()
        self.options = options
        self.body = nn.Sequential(nn.Conv3d(3, 4, 3, stride=2), nn.BatchNorm3d(4), nn.AdaptiveAvgPool3d(1))
        self.head = nn.Linear(4, len(task.classes))
        if options.kind == "backbone":
            task.backbone.frame_encoder()
        weights = task.weights.read("other" if options.kind == "undeclared" else "toy-cube")
        if weights is not None and options.kind != "unread":
            self.body.load_state_dict(weights)
        if options.kind == "unread":
            task.weights.asked.clear()

    def forward(self, inputs: Tensor) -> Tensor:
        if self.options.kind == "memory" and len(inputs) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. As a GPU says that holds one clip at a time.")
        return self.head(self.body(inputs.transpose(1, 2)).flatten(1))  # type: ignore[no-any-return]

    def stages(self) -> list[Stage]:
        return [Stage("all", self.options.epochs, 4, {"body": 0.1, "head": 0.1}, schedule=CONSTANT)]


class Rude(Head):
    """Changes settings that other jobs of the process share."""

    def __init__(self, task: Any, options: Options) -> None:
        super().__init__(task, options)
        torch.set_float32_matmul_precision("medium")
        torch.set_num_threads(2)


class FedByTrained(Head):
    """Would train what feeds it."""

    def __init__(self, task: Any, options: Options) -> None:
        super().__init__(task, options)
        self.encoder = frames(None)
        self.head = nn.Linear(WIDTH, len(task.classes))

    def stages(self) -> list[Stage]:
        return [Stage("all", 1, 4, {"encoder": 0.1, "head": 0.1}, schedule=CONSTANT)]


class Named(Head):
    """Keeps something of its own under a name of the contract."""

    def __init__(self, task: Any, options: Options) -> None:
        super().__init__(task, options)
        self.step = 3  # type: ignore[assignment,method-assign]


@hookimpl
def register_methods() -> list[MethodSpec]:
    seen = FrameInput(frames=4, augmentation=("flip",), views=1)
    plain = FrameInput(frames=4, size=SIZE, augmentation=("flip",), normalisation="none")

    def on(name: str, build: Any, **more: Any) -> MethodSpec:
        given = {"input": seen, "features": "train+test", "backbone": "toy-frames", **more}
        return MethodSpec(name, "1", build, options=Options, **given)

    own = {"input": plain, "features": "none", "backbone": "none", "weights": (CUBE,)}
    return [
        on("on-frames", Head),
        on("on-declared", Head, backbone="toy-declared"),
        on("on-clips", Head, backbone="toy-clips"),
        on("on-vector", Head, backbone="toy-vector"),
        on("on-random", Head, backbone="toy-random"),
        on("on-flat", Head, backbone="toy-flat"),
        on("on-infinite", Head, backbone="toy-infinite"),
        on("on-broken", Head, backbone="toy-broken"),
        on("on-number", Head, backbone="toy-number"),
        on("on-clip", Head, backbone="clip", paper_backbone="toy-frames", recipes={"long": {"epochs": 5}}),
        on("steps", Steps),
        on("extras", Extras),
        on("prototypes", Prototypes, features="test", prepares=True),
        on("unsaid", Prototypes, features="test"),
        on("cache", Cache, prepares=True),
        on("fed-by-trained", FedByTrained, features="none"),
        on("named", Named),
        on("rude", Rude),
        on("cube", Cube, **own, architecture="Toy 3-D CNN", pretraining="Toy clips", family="3D network"),
        on("sizeless", Cube, **{**own, "weights": (), "input": seen}),
        on("hearing", Head, streams=("frames", "audio")),
    ]


def war_by_group(predictions: Any) -> dict[str, float]:
    right = predictions.predicted == predictions.labels
    parts: dict[str, list[bool]] = {}
    for clip, hit in zip(predictions.ids, right, strict=True):
        parts.setdefault("first half" if int(clip) < 12 else "second half", []).append(hit)
    return {name: sum(hits) / len(hits) for name, hits in parts.items()}


def spread(predictions: Any) -> Interval:
    rate = float((predictions.predicted == predictions.labels).mean())
    return Interval(rate, rate / 2, (1 + rate) / 2)


@hookimpl
def register_metrics() -> list[MetricSpec]:
    return [
        MetricSpec("by_group", "By group", war_by_group, version="2"),
        MetricSpec("spread", "Spread", spread),
        MetricSpec("length", "Frames", lambda p: sum(p.frames) / len(p.ids), unit="number"),
    ]
