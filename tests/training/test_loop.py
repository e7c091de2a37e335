"""The training loop: what moves, in which order, and what it says when it goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.core.errors import BadData, HarnessError, TrainingDiverged
from harness.core.recipe import Schedule, Stage
from harness.models.batch import Batch
from harness.models.method import Method
from harness.training.loop import CHECK_EVERY, TrainingResult, fit
from harness.training.order import order, split
from harness.training.predict import predict
from helpers.points import CPU, Net, Points, stage


def run(method: Method, train: Points | None = None, seed: int = 1, **more: Any) -> TrainingResult:
    return fit(method, train or Points(), seed, CPU, lambda row: None, **more)


def state(method: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in method.named_parameters()}


def changed(before: Mapping[str, Tensor], method: nn.Module) -> set[str]:
    return {name for name, p in method.named_parameters() if not torch.equal(p, before[name])}


def test_without_stages_nothing_is_touched() -> None:
    method, train = Net(), Points()
    before = state(method)
    fitted = run(method, train)
    assert (fitted.history, fitted.epoch, train.asked) == ([], 0, [])
    assert changed(before, method) == set()


def test_sgd_training_equals_a_slow_reference() -> None:
    """Momentum, decay, a rate per group and a rate per epoch, by hand on every step."""
    schedule = Schedule("cosine", warmup_epochs=1, warmup="constant", warmup_lr=0.01, period="all")
    given = stage({"body": 0.1, "head.weight": 0.3}, weight_decay=0.02, momentum=0.9, schedule=schedule, epochs=3)
    method, slow, train = Net(given), Net(), Points(10)
    run(method, train, seed=5)
    base = {"body.weight": 0.1, "body.bias": 0.1, "head.weight": 0.3}
    speed = {name: torch.zeros_like(dict(slow.named_parameters())[name]) for name in base}
    for epoch in range(3):
        rows = order(10, 5, "one", epoch)
        for batch in (rows[:4], rows[4:8], rows[8:]):
            slow.zero_grad()
            F.cross_entropy(slow(train.x[batch]), train.labels[batch]).backward()
            for name, parameter in slow.named_parameters():
                if name in base:
                    rate = 0.01 if epoch == 0 else base[name] * (1 + np.cos(np.pi * (epoch - 1) / 3)) / 2
                    speed[name] = 0.9 * speed[name] + parameter.grad + 0.02 * parameter.data
                    parameter.data -= rate * speed[name]
    for name, parameter in method.named_parameters():
        torch.testing.assert_close(parameter, dict(slow.named_parameters())[name], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("lr", "expected"),
    [
        ({"head": 0.1}, {"head.weight", "head.bias"}),
        ({"body.bias": 0.1}, {"body.bias"}),
        ({"body": 0.1, "head": 0.1}, {"body.weight", "body.bias", "head.weight", "head.bias"}),
    ],
)
def test_only_what_the_stage_names_moves(lr: dict[str, float], expected: set[str]) -> None:
    method = Net(stage(lr, weight_decay=0.1))
    before = state(method)
    run(method)
    assert changed(before, method) == expected


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("count", [12, 10])  # the last batch may be short and its parts unequal
def test_accumulation_equals_one_big_batch(optimizer: Any, count: int) -> None:
    whole, parts = (Net(stage(optimizer=optimizer, batch_size=6, accumulate=n)) for n in (1, 4))
    first, second = run(whole, Points(count)), run(parts, Points(count))
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-6)
    assert [r["loss"] for r in first.history] == pytest.approx([r["loss"] for r in second.history], rel=1e-6)


def test_accumulation_runs_small_batches() -> None:
    method, sizes = Net(stage(epochs=1, batch_size=6, accumulate=3)), []
    method.register_forward_pre_hook(lambda module, args: sizes.append(len(args[0])))
    run(method, Points(10))
    assert sizes == [2, 2, 2, 2, 2]  # a batch of six and one of four


def test_gradients_are_clipped_by_their_common_norm() -> None:
    free, clipped = Net(stage(epochs=1, batch_size=12, momentum=0.0)), Net()
    clipped.given = [stage(epochs=1, batch_size=12, momentum=0.0, clip_norm=0.01)]
    start = state(free)
    run(free)
    run(clipped)
    moves = [[start[name] - p.detach() for name, p in net.named_parameters()] for net in (free, clipped)]
    norms = [torch.cat([move.flatten() for move in net]).norm() / 0.1 for net in moves]
    assert norms[0] > 0.05
    assert norms[1] == pytest.approx(0.01, rel=1e-3)
    for a, b in zip(*moves, strict=True):
        torch.testing.assert_close(a * (norms[1] / norms[0]), b, atol=1e-7, rtol=1e-3)


def test_stages_follow_each_other() -> None:
    seen: list[tuple[str, set[str], tuple[str, ...]]] = []
    method = Net()
    start = state(method)

    def look(name: str) -> Any:
        return lambda: seen.append((name, changed(start, method), tuple(state(method))))

    def grow() -> None:
        look("second")()
        method.extra = nn.Linear(3, 3)

    method.given = [
        stage({"head": 0.1}, name="first", epochs=2, before=look("first")),
        stage({"extra": 0.5, "body.bias": 0.1}, name="second", epochs=1, before=grow),
    ]
    method.forward = lambda x: (
        Net.forward(method, x) if not hasattr(method, "extra") else method.extra(Net.forward(method, x))
    )
    rows: list[dict[str, Any]] = []
    fitted = fit(method, Points(), 1, CPU, rows.append)
    assert [name for name, _, _ in seen] == ["first", "second"]
    assert seen[0][1] == set()
    assert seen[1][1] == {"head.weight", "head.bias"}
    assert "extra.weight" not in seen[1][2]
    assert changed({**start, "extra.weight": torch.ones(3, 3), "extra.bias": torch.ones(3)}, method) == {
        *("head.weight", "head.bias", "body.bias", "extra.weight", "extra.bias")
    }
    assert [(r["stage"], r["epoch"], r["epoch_total"], r["epochs"]) for r in rows] == [
        ("first", 1, 1, 3),
        ("first", 2, 2, 3),
        ("second", 1, 3, 3),
    ]
    assert fitted.epoch == 3
    assert set(fitted.history[0]) == {"stage", "epoch", "loss", "lr.head", "seconds"}
    assert (fitted.history[2]["lr.extra"], fitted.history[2]["lr.body.bias"]) == (0.5, 0.1)


def test_every_clip_is_seen_once_an_epoch_in_an_order_of_its_own() -> None:
    train = Points(10)
    run(Net(stage(epochs=3)), train)
    orders = [[row for batch in batches for row in batch] for _, batches in train.asked]
    assert [epoch for epoch, _ in train.asked] == [0, 1, 2]
    assert all(sorted(rows) == list(range(10)) for rows in orders)
    assert len({tuple(rows) for rows in orders}) == 3
    assert [[len(batch) for batch in batches] for _, batches in train.asked] == [[4, 4, 2]] * 3


@pytest.mark.parametrize(("epochs", "at"), [(1, 0), (1, 7), (1, 11)])
def test_a_loss_that_is_not_finite_names_stage_epoch_and_step(epochs: int, at: int) -> None:
    train = Points(12, nan_at=(at,))
    step = next(i for i, batch in enumerate(split(order(12, 1, "one", 0), 4), 1) if at in batch)
    with pytest.raises(TrainingDiverged, match=rf"loss is nan in stage 'one', epoch 1, step {step}; lower the"):
        run(Net(stage(epochs=epochs)), train)


def test_the_epoch_of_a_loss_that_is_not_finite_is_counted_in_its_stage() -> None:
    class Later(Net):
        def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
            self.steps = getattr(self, "steps", 0) + 1
            return super().loss(logits, labels) * (torch.inf if self.steps == 3 + 3 + 2 else 1.0)

    stages = [stage(name="calm", epochs=1), stage(name="wild", epochs=5)]
    with pytest.raises(TrainingDiverged, match="loss is inf in stage 'wild', epoch 2, step 2"):
        run(Later(*stages))


def test_a_long_epoch_is_given_up_early() -> None:
    train, seen = Points(3 * CHECK_EVERY, nan_at=tuple(range(3 * CHECK_EVERY))), []
    method = Net(stage(epochs=1, batch_size=1))
    method.register_forward_pre_hook(lambda module, args: seen.append(1))
    with pytest.raises(TrainingDiverged, match="step 1;"):
        run(method, train)
    assert len(seen) == CHECK_EVERY


def test_nothing_to_train_on_is_said() -> None:
    with pytest.raises(BadData, match="no training clip is left"):
        run(Net(stage()), Points(0))


def scores(*values: float) -> Any:
    left = iter(values)
    return lambda method: {"val_war": (v := next(left)), "val_uar": -v}


@pytest.mark.parametrize(("given", "best"), [((0.1, 0.9, 0.5), 2), ((0.9, 0.9, 0.5), 1), ((0.1, 0.2, 0.3), 3)])
def test_the_best_epoch_is_kept_and_the_earlier_one_wins_a_tie(given: tuple[float, ...], best: int) -> None:
    method, kept, states = Net(stage(epochs=3)), scores(*given), []
    fitted = run(method, monitor=lambda m: states.append(state(m)) or kept(m))
    assert fitted.epoch == best
    assert all(torch.equal(p, states[best - 1][name]) for name, p in method.named_parameters())
    assert [row["val_war"] for row in fitted.history] == list(given)


def test_the_second_figure_breaks_ties() -> None:
    figures = iter([(0.5, 0.1), (0.5, 0.3), (0.4, 0.9)])
    fitted = run(Net(stage(epochs=3)), monitor=lambda m: dict(zip(("val_war", "val_uar"), next(figures), strict=True)))
    assert fitted.epoch == 2


def test_buffers_of_the_best_epoch_are_kept_too() -> None:
    method, seen = Net(stage(epochs=3)), []
    method.body = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4))  # type: ignore[assignment]
    kept = scores(0.9, 0.2, 0.1)

    def monitor(m: Method) -> Mapping[str, float]:
        seen.append(predict(m, Points(), CPU))
        return kept(m)  # type: ignore[no-any-return]

    fitted = run(method, monitor=monitor)
    assert fitted.epoch == 1
    assert not np.array_equal(seen[0], seen[2])
    np.testing.assert_array_equal(predict(method, Points(), CPU), seen[0])


def test_only_epochs_of_the_last_stage_compete() -> None:
    method = Net(stage(name="a", epochs=2), stage(name="b", epochs=2))
    assert run(method, monitor=scores(0.9, 0.8, 0.3, 0.2)).epoch == 3


def test_monitoring_changes_nothing_about_training() -> None:
    def noisy() -> Net:
        method = Net(stage(epochs=2))
        method.body = nn.Sequential(nn.Linear(5, 4), nn.Dropout(0.5))  # type: ignore[assignment]
        return method

    alone, watched, kept = noisy(), noisy(), scores(0.1, 0.2)
    torch.manual_seed(4)
    run(alone)
    torch.manual_seed(4)
    run(watched, monitor=lambda m: (predict(m, Points(), CPU), kept(m))[1])
    assert changed(state(alone), watched) == set()


class Recorder(Net):
    """Notes each batch, and takes the step that any method takes."""

    def __init__(self, *stages: Stage) -> None:
        super().__init__(*stages)
        self.batches: list[Batch] = []

    def step(self, batch: Batch) -> Tensor:
        self.batches.append(batch)
        return super().step(batch)


def test_what_a_stage_declares_of_the_loss_is_heeded() -> None:
    """One step of SGD on one batch moves by the gradient of the loss, written here once more."""
    train = Points(9)
    weights = (0.5, 2.0, 1.0)
    given = stage(epochs=1, batch_size=9, momentum=0.0, class_weights=weights, label_smoothing=0.2, mixup=0.7)
    method, slow = Recorder(given), Net()
    run(method, train, seed=3)
    (batch,) = method.batches
    rows = order(9, 3, "one", 0)
    x, labels = train.x[rows], train.labels[rows]
    assert 0 < batch.share < 1
    torch.testing.assert_close(batch.inputs, batch.share * x + (1 - batch.share) * x.flip(0))

    logs = slow(batch.inputs).log_softmax(1)
    total = torch.zeros(())
    for row in range(9):
        for label, part in ((labels[row], batch.share), (labels[8 - row], 1 - batch.share)):
            for c in range(3):
                target = 0.2 / 3 + (0.8 if c == label else 0)
                total = total - part * target * weights[c] * logs[row, c]
    (total / sum(weights[label] for label in labels)).backward()
    for name, parameter in slow.named_parameters():
        moved = parameter.detach() - 0.1 * parameter.grad
        torch.testing.assert_close(dict(method.named_parameters())[name].detach(), moved)


LOSSES: list[dict[str, Any]] = [{"class_weights": "balanced"}, {"label_smoothing": 0.1}, {"mixup": 0.4}]


@pytest.mark.parametrize("declared", LOSSES)
def test_a_loss_that_does_not_heed_it_is_refused(declared: dict[str, Any]) -> None:
    class OwnLoss(Net):
        def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
            return super().loss(logits, labels)

    class OwnStep(Net):
        def step(self, batch: Batch) -> Tensor:
            return F.cross_entropy(self(batch.inputs), batch.labels)

    for method, name in ((OwnLoss, "OwnLoss.loss"), (OwnStep, "OwnStep.step")):
        with pytest.raises(HarnessError, match=f"stage 'one' declares {next(iter(declared))}, but {name} does not"):
            run(method(stage(**declared)))
        run(method(stage()))


@pytest.mark.parametrize("declared", LOSSES)
def test_a_step_that_asks_for_it_is_taken(declared: dict[str, Any]) -> None:
    class Asks(Net):
        def step(self, batch: Batch) -> Tensor:
            return batch.cross_entropy(self(batch.inputs)) + 0 * self.head.weight.sum()

    asked, plain, other = Asks(stage(**declared)), Net(stage(**declared)), Net(stage())
    for method in (asked, plain, other):
        run(method, Points(10))
    assert changed(state(asked), plain) == set()
    assert changed(state(other), plain)


def test_a_step_has_to_ask_each_time() -> None:
    class Once(Net):
        def step(self, batch: Batch) -> Tensor:
            logits = self(batch.inputs)
            return batch.cross_entropy(logits) if batch.progress == 0 else F.cross_entropy(logits, batch.labels)

    with pytest.raises(HarnessError, match="does not heed it"):
        run(Once(stage(label_smoothing=0.1)))


ALL_OF_THEM = {"class_weights": (0.1, 1.0, 3.0), "label_smoothing": 0.1, "mixup": 1.0}


@pytest.mark.parametrize("declared", [*LOSSES, ALL_OF_THEM])
def test_accumulation_equals_one_big_batch_whatever_the_loss(declared: dict[str, Any]) -> None:
    whole, parts = Net(stage(batch_size=10, **declared)), Net(stage(batch_size=10, accumulate=4, **declared))
    run(whole, Points(10))
    run(parts, Points(10))
    for name, parameter in whole.named_parameters():
        torch.testing.assert_close(dict(parts.named_parameters())[name], parameter)


def test_a_short_batch_is_dropped_where_the_stage_says_so() -> None:
    train = Points(10)
    run(Net(stage(drop_last=True)), train)
    assert [[len(batch) for batch in batches] for _, batches in train.asked] == [[4, 4]] * 3


def test_a_plateau_lowers_the_rate_for_the_next_epoch() -> None:
    class Stuck(Net):
        def step(self, batch: Batch) -> Tensor:
            return super().step(batch) * 0 + 1

    given = stage({"": 1.0}, epochs=5, schedule=Schedule("plateau", patience=1, gamma=0.5))
    before = stage(name="before", epochs=2)
    rows = run(Stuck(before, given)).history
    assert [row["lr.all"] for row in rows[2:]] == [1.0, 1.0, 1.0, 0.5, 0.5]
