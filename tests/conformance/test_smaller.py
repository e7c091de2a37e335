"""Frames and pixels that a network is checked with where its own take long."""

from __future__ import annotations

import time
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.conformance import smaller
from harness.conformance.smaller import smaller_input
from harness.core.frame_input import FrameInput
from harness.models.method import Method


class Slow(Method):
    """Takes its time, and wants so many pixels and frames; a mean over a batch of one needs more than one value."""

    def __init__(self, given: FrameInput, pixels: int = 0, frames: int = 0, seconds: float = 0.0) -> None:
        super().__init__()
        if given.frames < frames:
            raise ValueError(f"{given.frames} frames are too few")
        self.pixels, self.seconds = pixels, seconds
        self.pool = nn.AvgPool2d(32)
        self.norm = nn.BatchNorm2d(3)
        self.head = nn.Linear(3, 7)

    def forward(self, inputs: Tensor) -> Tensor:  # (B, T, 3, S, S)
        time.sleep(self.seconds)
        if inputs.shape[-1] < self.pixels:
            raise ValueError("too small")
        maps = self.norm(self.pool(inputs.mean(1)))
        return self.head(maps.mean((2, 3)))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("given", "wants", "expected"),
    [
        ({"frames": 16, "size": 112}, {}, (4, 112)),  # 56 pixels are one value after pooling: no mean of a batch of one
        ({"frames": 16, "size": 224}, {}, (4, 112)),
        ({"frames": 16, "size": 224}, {"pixels": 150}, (4, 224)),
        ({"frames": 16, "size": 224}, {"frames": 8}, (8, 112)),
        ({"frames": 16, "size": 224}, {"pixels": 224, "frames": 16}, (16, 224)),
        ({"frames": 16, "size": 112, "duration": 8}, {}, (8, 112)),
        ({"frames": 6, "size": 70}, {}, (6, 70)),  # 3 frames and 35 pixels are too few for anything
    ],
)
def test_the_least_that_works_alone_and_in_training(
    given: dict[str, Any], wants: dict[str, int], expected: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smaller, "PATIENCE", 0.0)
    found = smaller_input(FrameInput(**given), lambda less: Slow(less, **wants))
    assert (found.frames, found.size) == expected
    assert found.duration == given.get("duration", 1)


def test_what_is_quick_is_checked_as_it_is() -> None:
    given = FrameInput(frames=16, size=112)
    assert smaller_input(given, Slow) == given


def test_what_takes_long_is_made_smaller() -> None:
    given = FrameInput(frames=16, size=128)
    assert smaller_input(given, lambda less: Slow(less, seconds=smaller.PATIENCE)).frames == 4


def test_what_does_not_work_at_all_is_left_to_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smaller, "PATIENCE", 0.0)
    given = FrameInput(frames=16, size=128)
    torch.manual_seed(0)
    assert smaller_input(given, lambda less: Slow(less, pixels=1000)) == given
