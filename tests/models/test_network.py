"""Networks that are trained as a whole: their stage, their loss, their channels."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.models import Batch, NetworkMethod, NetworkOptions, Outputs, ec_stfl, scaled


class Plain(NetworkMethod):
    """Clips of two numbers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(NetworkOptions(**options))
        self.fc = nn.Linear(2, 3)

    def forward(self, inputs: Tensor) -> Outputs:
        return Outputs(self.fc(inputs), {"features": inputs})


def batch(labels: Tensor) -> Batch:
    torch.manual_seed(2)
    return Batch(torch.rand(len(labels), 2), labels, None, (), "all", 0, 0.0, torch.Generator())


@pytest.mark.parametrize(
    ("options", "milestones"),
    [
        ({}, (40, 80)),
        ({"epochs": 40}, ()),
        ({"epochs": 41}, (40,)),
        ({"step_epochs": 0}, ()),
        ({"epochs": 0}, ()),
        ({"epochs": 0, "step_epochs": 0}, ()),
        ({"epochs": 7, "step_epochs": 2}, (2, 4, 6)),
    ],
)
def test_the_rate_falls_every_so_many_epochs(options: dict[str, int], milestones: tuple[int, ...]) -> None:
    (stage,) = Plain(**options).stages()
    assert stage.schedule.milestones == milestones
    assert stage.schedule.kind == ("milestones" if milestones else "constant")


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_options_reach_the_stage(optimizer: str) -> None:
    (stage,) = Plain(optimizer=optimizer, momentum=0.8, weight_decay=0.2, learning_rate=0.3, batch_size=5).stages()
    assert (stage.optimizer, stage.weight_decay, stage.lr, stage.batch_size) == (optimizer, 0.2, {"": 0.3}, 5)
    assert stage.momentum == (0.8 if optimizer == "sgd" else 0.9)
    assert stage.decay_vectors


@pytest.mark.parametrize(("loss", "form"), [("ec-stfl", "paper"), ("ec-stfl-repository", "repository")])
def test_the_loss_adds_ec_stfl(loss: str, form: Any) -> None:
    clips = batch(torch.tensor([0, 1, 2, 0]))
    method = Plain(loss=loss, loss_weight=3.0)
    expected = clips.cross_entropy(method.fc(clips.inputs)) + 3 * ec_stfl(clips.inputs, clips.labels, form)
    torch.testing.assert_close(method.step(clips), expected)
    assert method.stages()[0].whole_batch
    assert not Plain().stages()[0].whole_batch


def test_the_loss_alone_is_cross_entropy() -> None:
    clips, method = batch(torch.tensor([0, 1, 2, 0])), Plain()
    torch.testing.assert_close(method.step(clips), clips.cross_entropy(method.fc(clips.inputs)))


@pytest.mark.parametrize(
    ("given", "expected"),
    [((45, 1.0), 45), ((64, 0.25), 16), ((64, 0.01), 8), ((45, 0.5), 24), ((24, 0.25, 4), 8), ((16, 0.25, 2), 4)],
)
def test_shares_of_channels(given: tuple[Any, ...], expected: int) -> None:
    assert scaled(*given) == expected
