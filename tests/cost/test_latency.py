"""Latency and throughput: what is timed, and in which unit. How long it takes is nobody's promise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from harness.cost import latency
from harness.cost.latency import speed_of
from harness.models.method import Method
from helpers.towers import tiny_task


class Recorder(Method):
    """Keeps the shapes it is shown."""

    def __init__(self, task: Any) -> None:
        super().__init__()
        self.encoder = task.backbone.frame_encoder()
        self.seen: list[tuple[int, ...]] = []

    def forward_frames(self, inputs: Tensor) -> Tensor:
        assert not self.training
        assert not torch.is_grad_enabled()
        self.seen.append(tuple(inputs.shape))
        return inputs.mean((1, 2, 3, 4))[:, None]


def test_units_and_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which every call takes a quarter of a second."""
    ticks = iter(n / 4 for n in range(1000))
    monkeypatch.setattr(latency.time, "perf_counter", lambda: next(ticks))
    task = tiny_task(frames=5)
    method = Recorder(task)
    assert speed_of(method, task, torch.device("cpu")) == {"latency_ms": 250.0, "clips_per_second": 32.0}
    clips = [shape[0] for shape in method.seen]
    assert clips == [1] * 4 + [8] * 4  # once to warm up, then three times
    assert {shape[1:] for shape in method.seen} == {(5, 3, 32, 32)}


def test_fast_methods_are_called_so_many_times_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(n / 1e6 for n in range(1000))
    monkeypatch.setattr(latency.time, "perf_counter", lambda: next(ticks))
    task = tiny_task()
    method = Recorder(task)
    assert speed_of(method, task, torch.device("cpu"))["latency_ms"] == pytest.approx(1e-3)
    assert len(method.seen) == 2 * 21
