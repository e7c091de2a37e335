"""A plugin of methods of which each has one fault, named with the check that has to find it; and of sound ones."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import BackboneSpec, FrameInput, Method, MethodSpec, Schedule, Stage, hookimpl, layer_decay, option
from harness.models import Outputs, TextFeatures, cosine_logits, word_embeddings

FAULTS: dict[str, str] = {}  # method -> the check that has to find what is wrong with it
SOUND: list[str] = []
SPECS: list[MethodSpec] = []
SEEN = FrameInput(frames=4, augmentation=("flip",), views=1)
PIXELS = FrameInput(frames=4, size=16, augmentation=("flip",), normalisation="none", views=0)
OWN: dict[str, Any] = {"input": PIXELS, "features": "none", "backbone": "none"}


@dataclass(frozen=True)
class Options:
    """Options of most of them."""

    epochs: int = option(2, "epochs", minimum=0)


def offer(name: str, build: Any, **given: Any) -> None:
    spec = {"options": Options, "input": SEEN, "features": "train+test", **given}
    SPECS.append(MethodSpec(name, "1", build, **spec))


def fault(check: str, **given: Any) -> Callable[[Any], Any]:
    """Offer what is decorated under its own name, as something that this check has to find."""

    def mark(build: Any) -> Any:
        FAULTS[build.__name__] = check
        offer(build.__name__, build, **given)
        return build

    return mark


def sound(**given: Any) -> Callable[[Any], Any]:
    def mark(build: Any) -> Any:
        SOUND.append(build.__name__)
        offer(build.__name__, build, **given)
        return build

    return mark


class Head(Method):
    """A linear map of the mean feature."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__()
        self.options = options
        self.encoder = task.backbone.frame_encoder()
        self.width, self.classes = task.backbone.width, len(task.classes)
        self.head = nn.Linear(self.width, self.classes)

    def forward(self, inputs: Tensor) -> Any:  # (B, T, D)
        return self.head(inputs.mean(1))

    def stages(self) -> list[Stage]:
        return [Stage("head", 2, 8, {"head": 0.05}, optimizer="adamw", schedule=Schedule("constant"))]


class Pixels(Method):
    """A linear map of the mean frame."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__()
        self.head = nn.Linear(3 * task.input.size**2, len(task.classes))

    def forward(self, inputs: Tensor) -> Any:  # (B, T, 3, H, W)
        return self.head(inputs.mean(1).flatten(1))

    def stages(self) -> list[Stage]:
        return [Stage("head", 2, 8, {"head": 0.01}, schedule=Schedule("constant"))]


# --- sound


@sound()
class FrozenHead(Head):
    """What most methods on CLIP are."""


@sound(**OWN)
class PixelHead(Pixels):
    """Nothing but a linear map."""


@sound(features="none")
class TrainedTower(Head):
    """A copy of the tower, trained."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        del self.encoder
        self.register_module("encoder", None)
        self.tower = task.backbone.trainable_encoder()

    def forward(self, inputs: Tensor) -> Any:
        features = self.tower(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
        return self.head(features.mean(1))

    def stages(self) -> list[Stage]:
        return [Stage("all", 1, 8, {"tower": 1e-5, "head": 1e-3}, optimizer="adamw", weight_decay=0.1)]


@sound(**OWN)
class Cube(Method):
    """A 3-D network with running means, mixup, and a loss over the batch."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv3d(3, 8, 3, stride=2), nn.BatchNorm3d(8), nn.ReLU(), nn.AdaptiveAvgPool3d(1))
        self.head = nn.Linear(8, len(task.classes))

    def forward(self, inputs: Tensor) -> Any:
        features = self.body(inputs.transpose(1, 2)).flatten(1)
        return Outputs(self.head(features), {"features": features})

    def step(self, batch: Any) -> Tensor:
        order = torch.randperm(len(batch), generator=batch.generator)
        share = 0.5 + 0.5 * torch.rand(1, generator=batch.generator).item()
        mixed = self(share * batch.inputs + (1 - share) * batch.inputs[order])
        loss = share * F.cross_entropy(mixed.logits, batch.labels)
        loss = loss + (1 - share) * F.cross_entropy(mixed.logits, batch.labels[order])
        return loss + 0.01 * mixed.extras["features"].var(0, unbiased=False).sum()

    def stages(self) -> list[Stage]:
        rates = {"body": 0.01, "head": 0.01}
        return [Stage("all", 2, 8, rates, schedule=Schedule("cosine"), whole_batch=True)]


@sound(features="test", prepares=True)
class Prototypes(Head):
    """Class means; nothing is trained."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        del self.head
        self.register_buffer("means", torch.zeros(self.classes, self.width))

    def prepare(self, train: Any) -> None:
        clips = torch.cat([batch.inputs.mean(1) for batch in train])
        chosen = F.one_hot(train.labels, self.classes).float()
        self.means.copy_(chosen.T @ F.normalize(clips, dim=-1))

    def forward(self, inputs: Tensor) -> Any:
        return 100 * F.normalize(inputs.mean(1), dim=-1) @ F.normalize(self.means, dim=-1).T

    def stages(self) -> list[Stage]:
        return []


@sound(features="test", prepares=True)
class Neighbours(Prototypes):
    """Votes of the nearest training clips."""

    def prepare(self, train: Any) -> None:
        clips = torch.cat([batch.inputs.mean(1) for batch in train])
        self.register_buffer("keys", F.normalize(clips, dim=-1))
        self.register_buffer("votes", F.one_hot(train.labels, self.classes).float())

    def forward(self, inputs: Tensor) -> Any:
        near = F.normalize(inputs.mean(1), dim=-1) @ self.keys.T
        best, places = near.topk(3)
        return (best[..., None] * self.votes[places]).sum(1)


@sound(prepares=True)
class TrainedCache(Neighbours):
    """Keys made of the training clips, and trained."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.keys = nn.Parameter(torch.zeros(0, self.width))

    def prepare(self, train: Any) -> None:
        clips = torch.cat([batch.inputs.mean(1) for batch in train])
        self.keys = nn.Parameter(F.normalize(clips, dim=-1))
        self.register_buffer("votes", F.one_hot(train.labels, self.classes).float())

    def forward(self, inputs: Tensor) -> Any:
        return 5 * F.normalize(inputs.mean(1), dim=-1) @ self.keys.T @ self.votes

    def stages(self) -> list[Stage]:
        return [Stage("keys", 2, 8, {"keys": 0.01}, schedule=Schedule("constant"))]


@sound()
class Dropout(Head):
    """Much dropout, and numbers drawn from each global generator."""

    def forward(self, inputs: Tensor) -> Any:
        features = F.dropout(inputs.mean(1), 0.5, self.training)
        if self.training:
            features = features * (1 + 0.1 * random.random() + 0.1 * float(np.random.rand()))
        return self.head(features)


@sound()
class TwoStages(Head):
    """Grows in its second stage, and then trains what is new only."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.top: nn.Module = nn.Identity()

    def forward(self, inputs: Tensor) -> Any:
        return self.head(self.top(inputs.mean(1)))

    def grow(self) -> None:
        self.top = nn.Linear(self.width, self.width)
        nn.init.eye_(self.top.weight)

    def stages(self) -> list[Stage]:
        (first,) = super().stages()
        return [first, Stage("top", 2, 8, {"top": 0.01}, before=self.grow, schedule=Schedule("constant"))]


@sound()
class Prompts(Head):
    """Learned tokens before the class name, through the frozen text tower."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        del self.head
        self.scale = task.backbone.logit_scale
        self.text = TextFeatures(Tokens(task))

    def forward(self, inputs: Tensor) -> Any:
        return cosine_logits(inputs.mean(1), self.text(), self.scale)

    def stages(self) -> list[Stage]:
        return [Stage("tokens", 2, 8, {"text": 0.01}, schedule=Schedule("constant", warmup_epochs=1))]


class Tokens(nn.Module):
    """Two tokens that all classes share, and each class's own words."""

    def __init__(self, task: Any) -> None:
        super().__init__()
        self.backbone = [task.backbone]
        self.tokens = nn.Parameter(torch.randn(2, task.backbone.text_width) * 0.1)
        words = [word_embeddings(task.backbone.text_tower, name)[:1] for name in task.classes]
        self.register_buffer("words", torch.stack(words))  # (C, 1, W)

    def forward(self) -> Tensor:
        tower = self.backbone[0].text_tower
        tokens = self.tokens.expand(len(self.words), -1, -1)
        prompts = torch.cat([tokens, self.words], dim=1)  # (C, 3, W)
        features = tower(prompts, torch.full((len(prompts),), 2))
        return F.normalize(features, dim=-1)


@sound()
class SeededApart(Head):
    """Made with a seed of its own, which is put back."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            nn.init.normal_(self.head.weight)


@sound()
class Recurrent(Head):
    """Sees the order of frames."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.gru = nn.GRU(self.width, self.width, batch_first=True)

    def forward(self, inputs: Tensor) -> Any:
        return self.head(self.gru(inputs)[0][:, -1])

    def stages(self) -> list[Stage]:
        return [Stage("all", 2, 8, {"gru": 0.01, "head": 0.01}, optimizer="adamw", schedule=Schedule("cosine"))]


@sound()
class StartsFromZero(Head):
    """At first no label makes a difference."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)


@sound()
class Contrastive(Head):
    """Pulls clips of a class together; which name the class has makes no difference to that."""

    def step(self, batch: Any) -> Tensor:
        features = F.normalize(self(batch.inputs), dim=-1)
        own = (batch.labels[:, None] == batch.labels).float()
        return super().step(batch) + 0.1 * F.mse_loss(features @ features.T, own)


# --- settle


@sound(by_dataset={"dfew": {"epochs": 3}, "of-another-plugin": {"input": {"frames": 8}}})
class EverythingDeclared(Head):
    """A recipe that sets whatever a stage can, in four stages."""

    def stages(self) -> list[Stage]:
        plateau = Schedule("plateau", gamma=0.5, patience=0, warmup_epochs=1, warmup="factor", min_factor=0.01)
        restarts = Schedule("cosine-restarts", per="step", restart_epochs=1, restart_factor=2, min_lr=1e-4)
        loss: dict[str, Any] = {"class_weights": "balanced", "label_smoothing": 0.1, "mixup": 0.4}
        return [
            Stage("adam", 2, 8, {"": 0.05}, optimizer="adam", weight_decay=0.01, schedule=plateau, **loss),
            Stage("own", 2, 8, {"*.bias": 0.05, "head": 0.1}, optimizer=torch.optim.NAdam, schedule=restarts),
            Stage("drawn", 2, 8, layer_decay(0.1, 0.5, ["head.weight", "head.bias"]), sampling="balanced"),
            Stage("whole", 2, 8, {"head": 0.1}, drop_last=True, class_weights=tuple(range(1, self.classes + 1))),
        ]


@dataclass(frozen=True)
class WrongDefault:
    """A default that is not of its type."""

    width: int = option("wide", "width")


@dataclass(frozen=True)
class FileDefault:
    """A default that is a file."""

    checkpoint: str = option("resnet.pth", "weights")


class Plain(Head):
    """Sound but for its spec."""


def plain(name: str, check: str, build: Any = Plain, **given: Any) -> None:
    FAULTS[name] = check
    offer(name, build, **given)


plain("DemoOfAnotherMethod", "settle", demo={"epoch": 3})
plain("DemoInput", "settle", demo={"input": {"frame": 3}})
plain("RecipeOfWrongType", "settle", recipes={"long": {"epochs": "many"}})
plain("SmallThatDoesNotFit", "settle", small={"input.frames": 3, "input.duration": 2})
plain("DatasetOfAnotherMethod", "settle", by_dataset={"dfew": {"input.frame": 3}})
plain("DefaultOfWrongType", "settle", options=WrongDefault)
plain("DefaultThatIsAFile", "settle", options=FileDefault)
plain("NoSize", "settle", Pixels, **{**OWN, "input": FrameInput(frames=4)})
plain("HearsToo", "settle", streams=("frames", "audio"))


# --- build


@fault("build")
class RaisesWhenBuilt(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.head = nn.Linear(options.widht, self.classes)


@fault("build")
def NoMethod(task: Any, options: Any) -> Any:  # noqa: N802
    return nn.Linear(3, 3)


@fault("build")
class SevenNames(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        words = ["joy", "grief", "calm", "rage", "awe", "nausea", "fright"]
        self.words = [words[number] for number in range(self.classes)]


@fault("build")
class KeepsStep(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.step = 0  # type: ignore[assignment,method-assign]


plain("MissingModule", "build", "not_installed_anywhere.model:Model")


# --- seed


@fault("seed")
class UnseededStart(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        start = np.random.default_rng().normal(size=self.head.weight.shape)
        self.head.weight.data = torch.tensor(start, dtype=torch.float32)


@fault("seed")
class CountedStart(Head):
    built: ClassVar[list[int]] = []

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.built.append(1)
        nn.init.constant_(self.head.bias, float(len(self.built)))


# --- encoder


plain("UnsaidFeatures", "encoder", features="none")
plain("FeaturesOfTestOnly", "encoder", features="test")
plain("FeaturesInVain", "encoder", Prototypes, prepares=True)
plain("SaidFeatures", "encoder", TrainedTower)
plain("UnsaidPrepare", "encoder", Prototypes, features="test")
plain("PreparesNothing", "encoder", prepares=True)
plain("RandomBackbone", "encoder", backbone="random-features")


@fault("encoder", **OWN)
class EncoderOfNothing(Head):
    """Asks for a backbone that its spec does not name: its constructor fails."""

    def __init__(self, task: Any, options: Any) -> None:
        Method.__init__(self)
        self.encoder = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, len(task.classes))


FAULTS["EncoderOfNothing"] = "shapes"  # what it feeds is no vector a frame


class RandomFeatures(nn.Module):
    def forward(self, frames: Tensor) -> Tensor:
        return torch.rand(len(frames), 6)


# --- prepare


@fault("prepare", prepares=True)
class ReplacesModule(Head):
    def prepare(self, train: Any) -> None:
        self.head = nn.Linear(self.width, self.classes)


@fault("prepare", features="test", prepares=True)
class PreparesWithGradients(Prototypes):
    def prepare(self, train: Any) -> None:
        loss = self.means.requires_grad_().sum() * sum(batch.inputs.sum() for batch in train)
        loss.backward()


# --- shapes


@fault("shapes")
class SevenClasses(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.head = nn.Linear(self.width, 7)


@fault("shapes")
class Tuple(Head):
    def forward(self, inputs: Tensor) -> Any:
        return super().forward(inputs), inputs


@fault("shapes")
class LogitsOfFrames(Head):
    def forward(self, inputs: Tensor) -> Any:
        return self.head(inputs)


@fault("shapes")
class Answers(Head):
    def forward(self, inputs: Tensor) -> Any:
        logits = super().forward(inputs)
        return logits if self.training else F.one_hot(logits.argmax(-1), self.classes)


@fault("shapes")
class TakesChannelsFirst(Head):
    def forward(self, inputs: Tensor) -> Any:
        return self.head(inputs.mean(2))


# --- finite


@fault("finite", **OWN)
class UnitLength(Pixels):
    def forward(self, inputs: Tensor) -> Any:
        frames = inputs.mean(1).flatten(1)
        return self.head(frames / frames.norm(dim=1, keepdim=True))


@fault("finite")
class LogOfNegative(Head):
    def forward(self, inputs: Tensor) -> Any:
        logits = super().forward(inputs)
        return logits if self.training else logits.log()


# --- logits


@fault("logits")
class Softmax(Head):
    def forward(self, inputs: Tensor) -> Any:
        return super().forward(inputs).softmax(-1)


@fault("logits")
class SoftmaxInEvaluation(Head):
    def forward(self, inputs: Tensor) -> Any:
        logits = super().forward(inputs)
        return logits if self.training else logits.softmax(-1)


# --- deterministic


@fault("deterministic")
class DropoutAlways(Head):
    def forward(self, inputs: Tensor) -> Any:
        return self.head(F.dropout(inputs.mean(1), 0.5))


@fault("deterministic")
class Noise(Head):
    def forward(self, inputs: Tensor) -> Any:
        logits = super().forward(inputs)
        return logits + torch.randn_like(logits)


@fault("deterministic")
class Remembers(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, inputs: Tensor) -> Any:
        self.seen += 1
        return super().forward(inputs) + self.seen * torch.arange(self.classes)


# --- alone


@fault("alone")
class BatchMean(Head):
    def forward(self, inputs: Tensor) -> Any:
        logits = super().forward(inputs)
        return logits - logits.mean(0)


@fault("alone", **OWN)
class NoRunningMeans(Cube):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.body[1] = nn.BatchNorm3d(8, track_running_stats=False)


@fault("alone")
class WrongAxis(Head):
    def forward(self, inputs: Tensor) -> Any:
        return self.head(F.normalize(inputs.mean(1), dim=0))


@fault("alone")
class AttendsToOthers(Head):
    """Its sequence is the batch, since it forgot batch_first."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.attention = nn.MultiheadAttention(self.width, 2)

    def forward(self, inputs: Tensor) -> Any:
        return self.head(self.attention(inputs, inputs, inputs)[0].mean(1))

    def stages(self) -> list[Stage]:
        return [Stage("all", 2, 8, {"attention": 0.05, "head": 0.05}, schedule=Schedule("constant"))]


# --- fit


@fault("fit")
class UnknownPrefix(Head):
    def stages(self) -> list[Stage]:
        return [Stage("head", 2, 8, {"haed": 0.05})]


@fault("fit")
class CrossedPatterns(Head):
    def stages(self) -> list[Stage]:
        return [Stage("head", 2, 8, {"*.bias": 0.05, "head.*": 0.01})]


@fault("fit")
class UnreadOfSchedule(Head):
    def stages(self) -> list[Stage]:
        return [Stage("head", 2, 8, {"head": 0.05}, schedule=Schedule("cosine", gamma=0.5))]


@fault("fit")
class OptimizerOfAll(Head):
    def stages(self) -> list[Stage]:
        return [Stage("head", 2, 8, {"head": 0.05}, optimizer=lambda groups: torch.optim.SGD(self.parameters(), 0.1))]


@fault("fit")
class LossBlindToSmoothing(Head):
    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.multi_margin_loss(logits, labels)

    def stages(self) -> list[Stage]:
        return [replace(super().stages()[0], label_smoothing=0.1)]


@fault("fit")
class StepBlindToMixup(Head):
    def step(self, batch: Any) -> Tensor:
        return F.cross_entropy(self(batch.inputs), batch.labels)

    def stages(self) -> list[Stage]:
        return [replace(super().stages()[0], mixup=0.4)]


class Stepping(Head):
    def loss_of(self, batch: Any) -> Tensor:
        return F.cross_entropy(self(batch.inputs), batch.labels)


@fault("fit")
class StepOfNothing(Stepping):
    def step(self, batch: Any) -> Any:
        self.loss_of(batch)


@fault("fit")
class LossOfEach(Stepping):
    def step(self, batch: Any) -> Any:
        return F.cross_entropy(self(batch.inputs), batch.labels, reduction="none")


@fault("fit")
class LossOfNan(Stepping):
    def step(self, batch: Any) -> Any:
        return self.loss_of(batch) * torch.nan


@fault("fit")
class LossWithoutGradient(Stepping):
    def step(self, batch: Any) -> Any:
        return self.loss_of(batch).detach()


@fault("fit")
class StepRaises(Stepping):
    def step(self, batch: Any) -> Any:
        return F.cross_entropy(self(batch.inputs), batch.label)


# --- declared


@fault("declared")
class Teacher(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.teacher = nn.Linear(self.width, self.classes)

    def step(self, batch: Any) -> Any:
        with torch.no_grad():
            self.teacher.weight += 0.1 * (self.head.weight - self.teacher.weight)
        return super().step(batch)


@fault("declared")
class OwnOptimizer(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.gate = nn.Parameter(torch.ones(self.width))

    def forward(self, inputs: Tensor) -> Any:
        return self.head(inputs.mean(1) * self.gate)

    def step(self, batch: Any) -> Any:
        self.gate.data -= 0.01 * self.head.weight.data.mean(0)
        return super().step(batch)


# --- gradients


class TwoParts(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.part = nn.Linear(self.width, self.width)

    def stages(self) -> list[Stage]:
        return [Stage("all", 2, 8, {"part": 0.05, "head": 0.05}, schedule=Schedule("constant"))]


@fault("gradients")
class Unused(TwoParts):
    """Its part is forgotten in forward."""


@fault("gradients")
class Detached(TwoParts):
    def forward(self, inputs: Tensor) -> Any:
        return self.head(self.part(inputs.mean(1)).detach())


@fault("gradients")
class NoGrad(TwoParts):
    def forward(self, inputs: Tensor) -> Any:
        with torch.no_grad():
            features = self.part(inputs.mean(1))
        return self.head(features)


@fault("gradients")
class DeadUnits(TwoParts):
    def forward(self, inputs: Tensor) -> Any:
        return self.head(inputs.mean(1) + F.relu(self.part(inputs.mean(1)) - 1e6))


# --- learns


@fault("learns")
class UphillLoss(Head):
    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return -F.cross_entropy(logits, labels).clamp(max=50) + 2 * F.cross_entropy(logits, labels).detach()


@fault("learns")
class NoRate(Head):
    def stages(self) -> list[Stage]:
        return [Stage("head", 2, 8, {"head": 0.0})]


@fault("learns")
class BlindToLabels(Head):
    def step(self, batch: Any) -> Any:
        return self(batch.inputs).square().mean()


# --- backbone


@fault("backbone", features="none")
class TrainsTheSharedTower(TrainedTower):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.tower = task.backbone.frame_encoder()


@fault("backbone", features="none")
class WritesIntoTheBackbone(TrainedTower):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        task.backbone.model.visual.conv1.weight.data.mul_(0.5)


@fault("backbone")
class LeavesAHook(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.shared = [task.backbone]
        self.left = False

    def forward(self, inputs: Tensor) -> Any:
        if not self.training and not self.left:
            self.left = True
            self.shared[0].frame_encoder().register_forward_hook(lambda *given: None)
        return super().forward(inputs)


@fault("backbone", **OWN)
class TrainsItsEncoder(Pixels):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.encoder = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 5))
        self.head = nn.Linear(5, len(task.classes))

    def forward(self, inputs: Tensor) -> Any:
        return self.head(inputs.mean(1))

    def stages(self) -> list[Stage]:
        return [Stage("all", 2, 8, {"encoder": 0.01, "head": 0.01})]


# --- single


@fault("single")
class NormalisedFeatures(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.norm = nn.BatchNorm1d(self.width)

    def forward(self, inputs: Tensor) -> Any:
        return self.head(self.norm(inputs.mean(1)))

    def stages(self) -> list[Stage]:
        return [Stage("all", 2, 8, {"norm": 0.01, "head": 0.01})]


@fault("single")
class SpreadOfABatch(Head):
    def step(self, batch: Any) -> Any:
        return super().step(batch) + 0.01 * self(batch.inputs).var(0).sum()


@fault("single")
class Squeezes(Head):
    def step(self, batch: Any) -> Any:
        return F.cross_entropy(self(batch.inputs).squeeze(), batch.labels)


# --- resume


@fault("resume")
class CountsSteps(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.steps = 0

    def step(self, batch: Any) -> Any:
        self.steps += 1
        return super().step(batch) * (1 + self.steps)


@fault("resume")
class PlainMean(Head):
    """Keeps a moving mean as a tensor that is no buffer."""

    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.mean = torch.zeros(self.width)

    def step(self, batch: Any) -> Any:
        self.mean = 0.9 * self.mean + 0.1 * batch.inputs.mean((0, 1))
        return self.loss(self.head(batch.inputs.mean(1) - self.mean), batch.labels)


@fault("resume")
class OwnGenerator(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.generator = torch.Generator().manual_seed(0)

    def step(self, batch: Any) -> Any:
        return super().step(batch) * torch.rand(1, generator=self.generator).sum()


# --- again


LEFT: list[int] = []


@fault("again")
class LeavesSteps(Head):
    """Keeps count in its module."""

    def step(self, batch: Any) -> Any:
        LEFT.append(1)
        return super().step(batch) * len(LEFT)


@fault("again")
class LearnsInItsClass(Head):
    hard: ClassVar[dict[str, float]] = {}

    def step(self, batch: Any) -> Any:
        for name in batch.ids:
            self.hard[name] = self.hard.get(name, 0.0) + 1
        return super().step(batch) * sum(self.hard[name] for name in batch.ids)


# --- weights


@fault("weights", features="test", prepares=True)
class NumberOfPrepare(Prototypes):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.sharpness = 1.0

    def prepare(self, train: Any) -> None:
        super().prepare(train)
        self.sharpness = 2.0

    def forward(self, inputs: Tensor) -> Any:
        return self.sharpness * super().forward(inputs)


@fault("weights", features="test", prepares=True)
class BufferNotKept(Prototypes):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.register_buffer("means", torch.zeros(self.classes, self.width), persistent=False)


@fault("weights")
class ScaleOfTraining(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        self.scale = 1.0

    def step(self, batch: Any) -> Any:
        self.scale = 1.0 + batch.progress
        return super().step(batch)

    def forward(self, inputs: Tensor) -> Any:
        return super().forward(inputs) * (1.0 if self.training else self.scale)


# --- cost


@fault("cost")
class RefusesBlank(Head):
    def forward(self, inputs: Tensor) -> Any:
        if not inputs.any():
            raise ValueError("a blank clip")
        return super().forward(inputs)


# --- worker


@dataclass(frozen=True)
class OfThisProcess:
    """A default that is another one in each process."""

    seed: int = option(os.getpid(), "seed")


@dataclass(frozen=True)
class NoPlainData:
    """A default that is no plain data."""

    rates: Any = field(default_factory=lambda: {1, 2, 3})


plain("DefaultOfThisProcess", "worker", options=OfThisProcess)
plain("DefaultThatIsASet", "worker", options=NoPlainData)


# --- process


@fault("process")
class SeedsTorch(Head):
    def forward(self, inputs: Tensor) -> Any:
        torch.manual_seed(0)
        return super().forward(inputs)


@fault("process")
class SeedsNumpy(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        np.random.seed(0)


@fault("process")
class SeedsRandom(Head):
    def step(self, batch: Any) -> Any:
        random.seed(0)
        return super().step(batch)


@fault("process")
class SetsThreads(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        torch.set_num_threads(torch.get_num_threads() + 1)


@fault("process")
class SetsPrecision(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        torch.set_float32_matmul_precision("medium")


@fault("process")
class SetsEnvironment(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        os.environ["CUDA_LAUNCH_BLOCKING"] = "1"


@fault("process")
class HandlesSignals(Head):
    def stages(self) -> list[Stage]:
        signal.signal(signal.SIGINT, lambda number, frame: None)
        return super().stages()


@fault("process")
class ReplacesRelu(Head):
    def __init__(self, task: Any, options: Any) -> None:
        super().__init__(task, options)
        F.relu = F.gelu  # type: ignore[assignment]


@hookimpl
def register_methods() -> list[MethodSpec]:
    return SPECS


@hookimpl
def register_backbones() -> list[BackboneSpec]:
    return [BackboneSpec("random-features", "", "random", build=lambda weights: RandomFeatures(), image_size=16)]
