"""The one training loop and the one evaluation loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from harness.device import autocast, grad_scaler
from harness.errors import BadData, TrainingDiverged
from harness.method import Method
from harness.seeds import seed_of
from harness.specs import Stage
from harness.training.inputs import Inputs
from harness.training.optimizer import make_optimizer
from harness.training.schedule import learning_rate

CHECK_EVERY = 50  # steps; reading the loss makes a GPU wait
TEST_BATCH = 64

Row = dict[str, Any]
Report = Callable[[Row], None]
Monitor = Callable[[Method], Mapping[str, float]]


@dataclass
class Fitted:
    """What training left behind: its history, the epoch kept, and the metrics of the last epoch if it was another."""

    history: list[Row] = field(default_factory=list)
    epoch: int = 0  # counted from 1 over all stages; 0 = not trained


@dataclass
class Best:
    """The weights of the best epoch so far, by the first figure the monitor gives."""

    score: tuple[float, ...] = ()
    epoch: int = 0
    state: dict[str, Tensor] = field(default_factory=dict)

    def offer(self, figures: Mapping[str, float], epoch: int, method: Method) -> None:
        """Keep this epoch if it is better; the earlier one wins a tie."""
        score = tuple(figures.values())
        if score > self.score:
            self.score, self.epoch = score, epoch
            self.state = {name: tensor.detach().clone() for name, tensor in _moving(method)}

    def restore(self, method: Method) -> None:
        """Put the kept weights back."""
        with torch.no_grad():
            for name, tensor in _moving(method):
                tensor.copy_(self.state[name])


def _moving(method: Method) -> Iterator[tuple[str, Tensor]]:
    """What training changes: parameters of the stage, and buffers such as running means."""
    yield from ((name, p) for name, p in method.named_parameters() if p.requires_grad)
    yield from method.named_buffers()


def fit(
    method: Method,
    train: Inputs,
    seed: int,
    device: torch.device,
    report: Report,
    monitor: Monitor | None = None,
) -> Fitted:
    """Train stage by stage.

    Args:
        method: the model; left at the last epoch, or at the best of the last stage if there is a monitor.
        train: the training part of the fold.
        seed: of the job; the order of the clips is a hash of it, the stage and the epoch.
        device: where to compute.
        report: called with a row of the history after each epoch, and with the loss now and then.
        monitor: evaluates the method after each epoch; its first figure chooses the epoch.

    Raises:
        TrainingDiverged: the loss is not finite; names stage, epoch and step.
        BadData: there is nothing to train on.
    """
    fitted, best = Fitted(), Best()
    stages = list(method.stages())
    total = sum(stage.epochs for stage in stages)
    if total and not train.samples:
        raise BadData("no training clip is left to train on")
    for stage in stages:
        best = Best()  # epochs of different stages are different models
        for row in _fit_stage(method, stage, train, seed, device, report):
            fitted.epoch += 1
            figures = monitor(method) if monitor else {}
            best.offer(figures, fitted.epoch, method)
            fitted.history.append({**row, **figures})
            report({"event": "epoch", "epoch_total": fitted.epoch, "epochs": total, **fitted.history[-1]})
    if monitor and best.epoch:
        best.restore(method)
        fitted.epoch = best.epoch
    return fitted


def _fit_stage(
    method: Method, stage: Stage, train: Inputs, seed: int, device: torch.device, report: Report
) -> Iterator[Row]:
    if stage.before is not None:
        stage.before()
        method.to(device)
    optimizer = make_optimizer(method, stage)
    scaler = grad_scaler(device, stage)
    steps = -(-len(train.samples) // stage.batch_size)
    for epoch in range(stage.epochs):
        started = time.perf_counter()
        method.train()
        losses: list[Tensor] = []
        batches = split(order(len(train.samples), seed, stage.name, epoch), stage.batch_size)
        for inputs, labels in train.batches(batches, epoch, device):
            rates = _set_rates(optimizer, stage, epoch * steps + len(losses), steps)
            losses.append(_step(method, stage, optimizer, scaler, inputs, labels))
            if len(losses) % CHECK_EVERY == 0:
                loss = _mean_loss(losses, stage, epoch)
                report({"event": "step", "stage": stage.name, "step": len(losses), "steps": steps, "loss": loss})
        loss = _mean_loss(losses, stage, epoch)
        seconds = time.perf_counter() - started
        yield {"stage": stage.name, "epoch": epoch + 1, "loss": loss, **rates, "seconds": seconds}


def _step(
    method: Method,
    stage: Stage,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    inputs: Tensor,
    labels: Tensor,
) -> Tensor:
    """One optimizer step over `stage.accumulate` micro-batches; returns the loss of the whole batch, on its device."""
    optimizer.zero_grad(set_to_none=True)
    total = torch.zeros((), device=labels.device)
    size = -(-len(labels) // stage.accumulate)
    for part, target in zip(torch.split(inputs, size), torch.split(labels, size), strict=True):
        with autocast(labels.device, stage):
            loss = method.loss(method(part), target) * (len(target) / len(labels))
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    if stage.clip_norm:
        scaler.unscale_(optimizer)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, stage.clip_norm)
    scaler.step(optimizer)
    scaler.update()
    return total


@torch.no_grad()
def predict(method: Method, inputs: Inputs, device: torch.device) -> np.ndarray:
    """Logits (N, C) float32, in the order of `inputs.samples`. Raises: BadData if there are none."""
    if not inputs.samples:
        raise BadData("no clip is left to score")
    method.eval()
    batches = split(np.arange(len(inputs.samples)), TEST_BATCH)
    logits = [method(batch).float() for batch, _ in inputs.batches(batches, 0, device)]
    return torch.cat(logits).cpu().numpy()


def order(count: int, seed: int, stage: str, epoch: int) -> np.ndarray:
    """The order of the training clips in one epoch."""
    return np.random.default_rng(seed_of("order", seed, stage, epoch)).permutation(count)


def split(rows: np.ndarray, size: int) -> Sequence[Sequence[int]]:
    """Cut row numbers into batches; the last one may be short."""
    return [rows[start : start + size].tolist() for start in range(0, len(rows), size)]


def _set_rates(optimizer: torch.optim.Optimizer, stage: Stage, step: int, steps: int) -> Row:
    rates = {}
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(stage.schedule, group["base_lr"], step, steps, stage.epochs)
        rates[f"lr.{group['name']}"] = group["lr"]
    return rates


def _mean_loss(losses: Sequence[Tensor], stage: Stage, epoch: int) -> float:
    values = torch.stack(list(losses)).float().cpu().numpy()
    if not np.isfinite(values).all():
        step = int(np.argmin(np.isfinite(values))) + 1
        raise TrainingDiverged(
            f"loss is {values[step - 1]} in stage {stage.name!r}, epoch {epoch + 1}, step {step}; lower the learning "
            f"rate or set clip_norm"
        )
    return float(values.mean())
