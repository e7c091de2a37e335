"""A one-file plugin whose method changes the backbone that all jobs share, in one way after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from harness import FrameInput, Method, MethodSpec, Schedule, Stage, hookimpl, option


def set_storage(task: Any) -> None:
    with torch.no_grad():
        weight = task.backbone.model.visual.conv1.weight
        weight.set_(torch.zeros_like(weight))


def replace_module(task: Any) -> None:
    task.backbone.model.visual.ln_post = nn.Identity()


def own_forward(task: Any) -> None:
    visual = task.backbone.model.visual
    visual.forward = lambda frames: torch.zeros(len(frames), task.backbone.width)


def own_call(task: Any) -> None:
    layer = task.backbone.model.visual.ln_post
    layer._call_impl = lambda *args, **kwargs: type(layer)._call_impl(layer, *args, **kwargs) * 0


def own_pool(task: Any) -> None:
    visual = task.backbone.model.visual
    visual._global_pool = lambda x: tuple(part * 0 for part in type(visual)._global_pool(visual, x))


def reorder(task: Any) -> None:
    blocks = task.backbone.model.transformer.resblocks._modules  # of two layers
    first = next(iter(blocks))
    blocks[first] = blocks.pop(first)


def own_tokenizer(task: Any) -> None:
    task.backbone.tokenize.encode = lambda text: [1]


def own_kind(task: Any) -> None:
    task.backbone.model.visual.conv1.weight.__class__ = type("Own", (nn.Parameter,), {})


def scale(task: Any) -> None:
    task.backbone._scale = 1.0


def own_text(task: Any) -> None:
    task.backbone.encode_text = lambda prompts: torch.zeros(len(prompts), task.backbone.width)


def own_tokens(task: Any) -> None:
    task.backbone.text_tower.tokenize = lambda texts: torch.zeros(len(texts), 77, dtype=torch.long)


def size(task: Any) -> None:
    task.backbone.image_size = 8


FAULTS: dict[str, tuple[Callable[[Any], object], str]] = {  # what is done, and what an error says of it
    "data": (lambda task: task.backbone.model.visual.conv1.weight.data.zero_(), "another values"),
    "set": (set_storage, "another values"),
    "text": (lambda task: task.backbone.model.token_embedding.weight.data.zero_(), "another values"),
    "buffer": (lambda task: task.backbone.model.attn_mask.zero_(), "another values"),
    "module": (replace_module, "ln_post has another identity"),
    "hook": (lambda task: task.backbone.model.visual.register_forward_hook(lambda *args: args[-1] * 0), "hooks"),
    "encoder-hook": (lambda task: task.backbone.frame_encoder().register_forward_hook(lambda *a: a[-1] * 0), "hooks"),
    "forward": (own_forward, "own methods"),
    "private": (own_call, "own methods"),
    "pool": (own_pool, "own methods"),
    "order": (reorder, "another order of parts"),
    "tokenizer": (own_tokenizer, "the tokenizer"),
    "kind": (own_kind, "another type"),
    "train": (lambda task: task.backbone.model.visual.train(), "mode"),
    "gradient": (lambda task: task.backbone.model.visual.requires_grad_(True), "need of a gradient"),
    "meta": (lambda task: task.backbone.model.visual.to("meta"), "another values"),
    "half": (lambda task: task.backbone.model.visual.ln_post.half(), "dtype"),
    "scale": (scale, "'_scale' of the backbone"),
    "size": (size, "'image_size' of the backbone"),
    "own-text": (own_text, "'encode_text' of the backbone"),
    "tokens": (own_tokens, "text_tower has another attributes"),
}


@dataclass
class Options:
    fault: str = option("", "What is done to the backbone.")
    late: bool = option(False, "Done while clips are tested, not when the method is built.")


class Spoiler(Method):
    def __init__(self, task: Any, options: Options) -> None:
        super().__init__()
        self.encoder = task.backbone.frame_encoder()
        self.head = nn.Linear(task.backbone.width, len(task.classes))
        self.fault = lambda: FAULTS[options.fault][0](task)
        self.late = options.late
        if not self.late:
            self.fault()

    def forward(self, features: Tensor) -> Tensor:
        if self.late and not self.training:
            self.late = False
            self.fault()
        return self.head(features.mean(1))

    def stages(self) -> list[Stage]:
        return [Stage("head", epochs=1, batch_size=4, lr={"head": 0.1}, schedule=Schedule("constant"))]


@dataclass
class TowerOptions:
    own: bool = option(False, "Train a copy of its own.")


class Tower(Method):
    """Trains a tower: the one that all jobs share, or a copy of its own."""

    def __init__(self, task: Any, options: TowerOptions) -> None:
        super().__init__()
        shared = task.backbone.frame_encoder().visual
        self.tower = task.backbone.trainable_encoder() if options.own else shared
        self.head = nn.Linear(task.backbone.width, len(task.classes))

    def forward(self, frames: Tensor) -> Tensor:
        features = self.tower(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return self.head(features.mean(1))

    def stages(self) -> list[Stage]:
        lr = {"tower": 0.01, "head": 0.1}
        return [Stage("all", epochs=1, batch_size=4, lr=lr, schedule=Schedule("constant"))]


class Zeros(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, frames: Tensor) -> Tensor:
        return torch.zeros(len(frames), self.width)


@dataclass
class NoOptions:
    pass


class OwnEncoder(Method):
    """Has an encoder of its own, which sees nothing: all clips get the same logits."""

    def __init__(self, task: Any, options: NoOptions) -> None:
        super().__init__()
        self.encoder = Zeros(task.backbone.width)
        self.head = nn.Linear(task.backbone.width, len(task.classes))

    def forward(self, features: Tensor) -> Tensor:
        return self.head(features.mean(1))


class Normed(Method):
    """Has a BatchNorm, whose running means are buffers."""

    def __init__(self, task: Any, options: NoOptions) -> None:
        super().__init__()
        self.encoder = task.backbone.frame_encoder()
        self.norm = nn.BatchNorm1d(task.backbone.width)
        self.head = nn.Linear(task.backbone.width, len(task.classes))

    def forward(self, features: Tensor) -> Tensor:
        return self.head(self.norm(features.mean(1)))

    def stages(self) -> list[Stage]:
        lr = {"norm": 0.1, "head": 0.1}
        return [Stage("all", epochs=2, batch_size=4, lr=lr, schedule=Schedule("constant"))]


BUILT: list[str] = []  # which no option and no weight tells


@dataclass
class OddOptions:
    kind: str = option("", "What is wrong with the logits.")


class Odd(Method):
    """Gives logits that cannot be believed."""

    def __init__(self, task: Any, options: OddOptions) -> None:
        super().__init__()
        self.encoder = task.backbone.frame_encoder()
        self.head = nn.Linear(task.backbone.width, len(task.classes))
        self.kind = options.kind
        BUILT.append(options.kind)
        self.number = len(BUILT)

    def forward(self, features: Tensor) -> Tensor:
        logits = self.head(features.mean(1))
        if self.kind == "alone" and len(features) == 1:
            return logits * 2 + 1
        if self.kind == "whole numbers":
            return (100 * logits).long()
        if self.kind == "constant":
            return logits * 0
        if self.kind == "counted":
            return logits + self.number * torch.arange(logits.shape[1])
        if self.kind == "probabilities":
            return logits.softmax(-1)
        if self.kind == "beside":
            return logits - logits.mean(0)
        if self.kind == "random":
            return logits + torch.randn_like(logits)
        return logits


@hookimpl
def register_methods() -> list[MethodSpec]:
    small = FrameInput(frames=2, views=1)
    return [
        MethodSpec("spoiler", "1", Spoiler, Options, small, features="train+test"),
        MethodSpec("tower", "1", Tower, TowerOptions, FrameInput(frames=2)),
        MethodSpec("odd", "1", Odd, OddOptions, small, features="test"),
        MethodSpec("unread", "1", Odd, OddOptions, small),
        MethodSpec("normed", "1", Normed, NoOptions, small, features="train+test"),
        MethodSpec("own-encoder", "1", OwnEncoder, NoOptions, small, features="test"),
    ]
