"""Every network that is trained as a whole fits 32 clips of the demo, within seconds, in a small form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness.core.frame_input import FrameInput
from harness.core.recipe import Stage
from harness.demo.film import Performance, film
from harness.models import Method, Task, evaluation
from harness.models.backbone import MissingBackbone
from harness.models.batch import logits_of
from harness.plugin import registry
from harness.training.optimizer import make_optimizer
from harness.video.load import normalise
from helpers.pixels import SEVEN, batch_of, spec_of

CLIPS, BATCH = 32, 16
EPOCHS = 60  # at most
PAIRS = [("sadness", "anger")]

NO_DROPOUT: dict[str, Any] = {"dropout": 0.0, "head_dropout": 0.0}

# Name, and options over those of its demo that make it quicker.
NETWORKS: list[tuple[str, dict[str, Any]]] = [
    ("c3d", {"input.size": 32, "learning_rate": 0.01}),
    ("i3d", {"width": 0.125, "input.size": 48}),
    ("r3d18", {"width": 0.125, "input.size": 48}),
    ("r3d18", {"arch": "torchvision", "width": 0.125, "input.size": 32}),
    ("ec-stfl", {"width": 0.125, "input.size": 48, "loss_weight": 1.0}),
    ("r2plus1d18", {"width": 0.125, "input.size": 32}),
    ("r2plus1d18", {"arch": "factorised-shortcut", "width": 0.125, "input.size": 32}),
    ("former-dfer", {"learning_rate": 0.01, "input.frames": 8}),
    ("former-dfer", {"depth_spatial": 1, "learning_rate": 0.01, "input.frames": 8}),
    ("ial", {"width": 0.25, "input.size": 48}),
    ("nr-dfernet", {"width": 0.25, "input.size": 48, "input.duration": 1}),
    ("resnet18-lstm", {"width": 0.25, "input.size": 48}),
    ("resnet18-vit", {"learning_rate": 0.01, "input.frames": 8}),
    ("m3dfel", {"width": 0.125, "input.size": 48}),
    ("p3d", {"width": 0.25, "input.size": 48, "dropout": 0.0}),
    ("est", {"input.size": 48, **NO_DROPOUT}),
    ("t-esfl", {"input.size": 48, **NO_DROPOUT}),
    ("lstpnet", {"width": 0.125, "input.size": 32}),
    ("logo-former", {"width": 0.125, "input.size": 32, "dropout": 0.0, "learning_rate": 0.005}),
    ("stt", {"width": 0.125, "input.size": 32, "dropout": 0.0, "learning_rate": 0.005}),
    ("aen", {"width": 0.125, "input.size": 32, "static_epochs": 20, "learning_rate": 0.01}),
    ("dpcnet-sketch", {"input.size": 32}),
    ("mscm-sketch", {"width": 0.125, "input.size": 32}),
    ("vgg13-lstm", {"input.size": 32}),
    ("freq-hd", {"input.size": 32}),
]


def filmed(number: int, given: FrameInput) -> Tensor:
    """One clip of the demo's faces as frames (T, 3, S, S)."""
    act = Performance(SEVEN[number % 7], f"actor-{number % 5}", f"fit-{number}")
    frames = film(act, PAIRS)
    chosen = np.linspace(0, len(frames) - 1, given.frames).round().astype(int)
    shown = [np.asarray(frames[index].resize((given.size, given.size))) for index in chosen]
    frames_of_bytes = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2)
    return normalise(frames_of_bytes, given.mean, given.std, given.normalisation)


def epochs_until_it_fits(method: Method, clips: Tensor, labels: Tensor) -> int:
    """How many epochs of its last stage it takes to name 95 % of the clips that it is trained on."""
    *before, last = method.stages()
    for stage in before:
        for _ in epochs_of(method, stage, clips, labels, stage.epochs):
            pass
    for epoch in epochs_of(method, last, clips, labels, EPOCHS):
        take_statistics(method, clips)
        with evaluation(method):
            right = (logits_of(method(clips)).argmax(1) == labels).float().mean()
        if right >= 0.95:
            return epoch
        method.train()
    return EPOCHS + 1


def epochs_of(method: Method, stage: Stage, clips: Tensor, labels: Tensor, count: int) -> Iterator[int]:
    """Train epochs of a stage at its base rate; yields the number of each."""
    if stage.before is not None:
        stage.before()
    optimizer = make_optimizer(method, stage)
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"]
    for epoch in range(1, count + 1):
        for part in torch.randperm(CLIPS).split(BATCH):
            optimizer.zero_grad()
            method.step(batch_of(clips[part], labels[part], stage.name)).backward()
            if stage.clip_norm:
                nn.utils.clip_grad_norm_(method.parameters(), stage.clip_norm)
            optimizer.step()
        yield epoch


@torch.no_grad()
def take_statistics(method: Method, clips: Tensor) -> None:
    """Give batch norms that follow slowly, as I3D's do, the statistics of these clips: so few steps are too few."""
    slow = [part for part in method.modules() if isinstance(part, nn.BatchNorm3d) and part.momentum == 0.01]
    for part in slow:
        part.momentum = 1.0
    if slow:
        method(clips)
    for part in slow:
        part.momentum = 0.01


def test_every_method_that_brings_its_own_network_is_tried() -> None:
    """The others train prompts or layers on a CLIP that was trained before."""
    networks = {name for name, spec in registry.methods().items() if spec.backbone == "none"}
    assert networks == {name for name, _ in NETWORKS}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options"), NETWORKS, ids=lambda given: str(given))
def test_it_fits_clips_of_the_demo(name: str, options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    spec = spec_of(name)
    values, given = spec.settle({**spec.demo, **options})
    clips = torch.stack([filmed(number, given) for number in range(CLIPS)])
    method = spec.construct(Task(SEVEN, MissingBackbone(), given), values)
    method.train()
    assert epochs_until_it_fits(method, clips, torch.arange(CLIPS) % 7) <= EPOCHS
