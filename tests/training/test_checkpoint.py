"""Training that is stopped anywhere and goes on gives the bits of an unbroken one."""

from __future__ import annotations

import errno
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness.core.recipe import Schedule, Stage
from harness.models.method import Method
from harness.system.shutdown import ShutdownRequested, shutdown
from harness.training.checkpoint import Checkpoints, CheckpointUnfit
from harness.training.loop import fit
from harness.training.state import TrainingResult
from helpers.points import CPU, Points

STEPS = 3 * 3 + 2 * 3  # of both stages of `Growing`, twelve clips in batches of four


def go_on_after_all() -> None:
    """Take back that this process was asked to stop: it stands in for one that would have ended."""
    shutdown.requested = False
    if shutdown._timer is not None:
        shutdown._timer.cancel()


@pytest.fixture(autouse=True)
def nobody_is_asked_to_stop_afterwards() -> Iterator[None]:
    yield
    go_on_after_all()


class Growing(Method):
    """Dropout, running means, draws from every global generator, and a second stage that grows the model."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Dropout(0.4))
        self.head = nn.Linear(6, 3)
        self.top: nn.Module = nn.Identity()

    def forward(self, inputs: Tensor) -> Tensor:
        x = self.body(inputs.mean(1))  # (B, 6)
        if self.training:
            x = x * (1 + 0.1 * random.random() + 0.1 * float(np.random.rand()))
        return self.head(self.top(x))  # type: ignore[no-any-return]

    def grow(self) -> None:
        self.top = nn.Linear(6, 6)
        self.top.weight.data += self.body[0].weight.data[:, :1]  # built from what was trained before

    def stages(self) -> list[Stage]:
        schedule = Schedule("cosine", per="step", warmup_epochs=1)
        both = {"epochs": 3, "batch_size": 4, "schedule": schedule}
        first = Stage("first", lr={"body": 0.05, "head": 0.1}, optimizer="adamw", **both)  # type: ignore[arg-type]
        second = Stage("second", lr={"top": 0.1, "body": 0.01}, before=self.grow, clip_norm=1.0, **both)  # type: ignore[arg-type]
        return [first, replace(second, epochs=2)]


class StopsAfter(Points):
    """Inputs that ask the process to stop while the given step is under way."""

    def __init__(self, step: int | None) -> None:
        super().__init__()
        self.left = step

    def batches(
        self, rows: Sequence[Sequence[int]], epoch: int, device: torch.device
    ) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in super().batches(rows, epoch, device):
            if self.left is not None:
                self.left -= 1
                if self.left == 0:
                    shutdown.request()
            yield batch


def watch(method: Method) -> Mapping[str, float]:
    """Figures that rise and fall, so that the best epoch is not the last."""
    weight = float(next(method.parameters()).sum().detach())
    return {"val_war": round(abs(weight) % 0.5, 6), "val_uar": 0.0}


def train(
    at: Path, step: int | None = None, every: int = 1, make: type[Method] = Growing, **more: Any
) -> tuple[TrainingResult, Method]:
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    method = make()
    checkpoints = Checkpoints(at, "key", every)
    return fit(method, StopsAfter(step), 1, CPU, lambda row: None, checkpoints=checkpoints, **more), method


def bits(fitted: TrainingResult, method: Method) -> tuple[Any, ...]:
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in fitted.history]
    tensors = [t.detach().numpy().tobytes() for t in (*method.parameters(), *method.buffers())]
    return fitted.epoch, rows, tensors


def stopped(at: Path, step: int, **more: Any) -> None:
    with pytest.raises(ShutdownRequested):
        train(at, step, **more)
    go_on_after_all()


@pytest.mark.parametrize("monitor", [None, watch])
@pytest.mark.parametrize("every", [0, 1])
def test_stopped_at_any_step_it_goes_on_with_the_same_bits(tmp_path: Path, monitor: Any, every: int) -> None:
    whole = bits(*train(tmp_path / "whole.pt", every=0, monitor=monitor))
    for step in range(1, STEPS + 1):
        at = tmp_path / f"{step}.pt"
        stopped(at, step, every=every, monitor=monitor)
        assert bits(*train(at, every=every, monitor=monitor)) == whole, step


class Declared(Growing):
    """Draws its clips and mixes them; its rate follows the losses; its optimizer is one that torch has and no name."""

    def stages(self) -> list[Stage]:
        plateau = Schedule("plateau", patience=0, gamma=0.5)
        drawn = {"sampling": "balanced", "mixup": 0.4, "class_weights": "balanced", "label_smoothing": 0.1}
        first, second = super().stages()
        second = replace(second, optimizer=lambda groups: torch.optim.NAdam(groups), epochs=3, schedule=plateau)
        return [replace(first, drop_last=True, **drawn), second]  # type: ignore[arg-type]


def test_what_a_stage_declares_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    whole = bits(*train(tmp_path / "whole.pt", make=Declared))
    for step in range(1, 6 * 3 + 1):
        stopped(tmp_path / f"{step}.pt", step, make=Declared)
        assert bits(*train(tmp_path / f"{step}.pt", make=Declared)) == whole, step


def test_stopped_again_and_again(tmp_path: Path) -> None:
    whole = bits(*train(tmp_path / "whole.pt"))
    for _ in range(STEPS):
        stopped(tmp_path / "often.pt", 1)
    assert bits(*train(tmp_path / "often.pt")) == whole


@pytest.mark.parametrize("every", [1, 2])
def test_a_process_that_just_dies_goes_on_from_the_last_epoch_saved(tmp_path: Path, every: int) -> None:
    whole = bits(*train(tmp_path / "whole.pt"))

    class Died(BaseException):
        pass

    def die(row: Mapping[str, Any]) -> None:
        if row.get("epoch_total") == 4:
            raise Died

    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    with pytest.raises(Died):
        fit(Growing(), Points(), 1, CPU, die, checkpoints=Checkpoints(tmp_path / "died.pt", "key", every))
    seen = Points()
    method = Growing()
    fitted = fit(method, seen, 1, CPU, lambda row: None, checkpoints=Checkpoints(tmp_path / "died.pt", "key", every))
    assert bits(fitted, method) == whole
    assert len(seen.asked) == {1: 2, 2: 3}[every]  # epochs 4 and 5, or 3 to 5


def test_without_checkpoints_stopping_saves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ShutdownRequested):
        fit(Growing(), StopsAfter(2), 1, CPU, lambda row: None)
    assert list(tmp_path.iterdir()) == []


def test_a_spoilt_file_or_one_of_another_key_is_as_good_as_none(tmp_path: Path) -> None:
    whole, at = bits(*train(tmp_path / "whole.pt")), tmp_path / "at.pt"
    stopped(at, 5)
    sound = at.read_bytes()
    for content in (b"", b"nonsense", sound[: len(sound) // 2]):
        at.write_bytes(content)
        assert bits(*train(at)) == whole
    at.write_bytes(sound)
    assert Checkpoints(at, "key", 1).load() is not None
    assert Checkpoints(at, "another key", 1).load() is None


def test_a_file_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    import pickle

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "at.pt").write_bytes(pickle.dumps(Hostile()))
    torch.save({"about": Hostile()}, tmp_path / "zip.pt")
    for name in ("at.pt", "zip.pt"):
        assert Checkpoints(tmp_path / name, "key", 1).load() is None
    assert not (tmp_path / "ran").exists()


def test_a_method_of_another_shape_is_said_to_be_unfit(tmp_path: Path) -> None:
    stopped(tmp_path / "at.pt", 5)
    other = Growing()
    other.head = nn.Linear(6, 4)
    with pytest.raises(CheckpointUnfit):
        fit(other, Points(), 1, CPU, lambda row: None, checkpoints=Checkpoints(tmp_path / "at.pt", "key", 1))


def test_tensors_of_the_backbone_are_not_stored(tmp_path: Path) -> None:
    method = Growing()
    shared = {id(method.head.weight), id(method.body[0].weight)}
    method.requires_grad_(False)
    method.body[0].weight.requires_grad_(True)  # trained all the same: then it has to be stored
    stored = dict(Checkpoints(tmp_path / "x.pt", "key", 1, shared).tensors(method))
    assert "head.weight" not in stored
    assert {"body.0.weight", "head.bias", "body.1.running_mean"} <= set(stored)


def test_a_full_disk_costs_the_checkpoint_and_not_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = bits(*train(tmp_path / "whole.pt"))

    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    assert bits(*train(tmp_path / "full" / "at.pt")) == whole
    assert "no checkpoint of epoch 1" in caplog.text
    assert "No space left on device" in caplog.text
    assert list(tmp_path.glob("full/*")) == []


@pytest.mark.parametrize("micro", [2, 4, 64])
def test_smaller_micro_batches_take_the_same_steps(micro: int) -> None:
    class Net(Method):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(1)
            self.head = nn.Linear(5, 3)
            self.sizes: list[int] = []

        def forward(self, inputs: Tensor) -> Tensor:
            self.sizes.append(len(inputs))
            return self.head(inputs.mean(1))  # type: ignore[no-any-return]

        def stages(self) -> list[Stage]:
            return [Stage("one", 3, 8, {"head": 0.1}, schedule=Schedule("constant"))]

    whole, small = Net(), Net()
    fit(whole, Points(), 1, CPU, lambda row: None)
    fit(small, Points(), 1, CPU, lambda row: None, micro=micro)
    torch.testing.assert_close(small.head.weight, whole.head.weight, atol=1e-6, rtol=1e-6)
    assert max(small.sizes) == max(8 // micro, 1)
