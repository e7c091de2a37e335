"""The one training loop and the one evaluation loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from harness.core.errors import BadData, HarnessError, TrainingDiverged
from harness.core.recipe import Stage
from harness.models.batch import Batch, logits_of, soft_targets
from harness.models.inputs import Inputs, views_of
from harness.models.method import Method, evaluation
from harness.system.device import autocast, grad_scaler
from harness.system.seeds import seed_of
from harness.system.shutdown import ShutdownRequested, shutdown
from harness.training.checkpoint import Checkpoints, TrainedModel
from harness.training.optimizer import make_optimizer
from harness.training.schedule import learning_rate
from harness.training.state import BestEpoch, HistoryRow, TrainingResult, TrainingState

CHECK_EVERY = 50  # steps; reading the loss makes a GPU wait
TEST_BATCH = 64

Report = Callable[[HistoryRow], None]
Monitor = Callable[[Method], Mapping[str, float]]


@dataclass(frozen=True)
class TrainingSetup:
    """Settings that stay the same over all stages of a training; see `fit`."""

    train: Inputs
    seed: int
    device: torch.device
    report: Report
    micro: int
    checkpoints: Checkpoints | None

    def save(self, state: TrainingState, model: TrainedModel) -> None:
        """Save between epochs if it is time to, and anywhere if the process was asked to stop, which is obeyed here."""
        if self.checkpoints and (shutdown.requested or (not state.losses and self.checkpoints.due(state.result.epoch))):
            self.checkpoints.save(state, model)
        shutdown.check()


def fit(
    method: Method,
    train: Inputs,
    seed: int,
    device: torch.device,
    report: Report,
    monitor: Monitor | None = None,
    *,
    checkpoints: Checkpoints | None = None,
    micro: int = 1,
) -> TrainingResult:
    """Train stage by stage.

    Args:
        method: the model; left at the last epoch, or at the best of the last stage if there is a monitor.
        train: the training part of the fold.
        seed: of the job; the order of the clips is a hash of it, the stage and the epoch.
        device: where to compute.
        report: called with a row of the history after each epoch, and with the loss now and then.
        monitor: evaluates the method after each epoch; its first figure chooses the epoch.
        checkpoints: where training is saved, and from where it goes on, with the bits of an unbroken run.
        micro: micro-batches for each that a stage declares, for a GPU that is too small; the batch stays the same.

    Raises:
        TrainingDiverged: the loss is not finite; names stage, epoch and step.
        BadData: there is nothing to train on.
        CheckpointUnfit: what was saved does not fit the method.
        ShutdownRequested: the process was asked to stop; where training stands is saved.
    """
    stages = list(method.stages())
    total = sum(stage.epochs for stage in stages)
    if total and not train.samples:
        raise BadData("no training clip is left to train on")

    # From the checkpoint, if there is one.
    setup = TrainingSetup(train, seed, device, report, micro, checkpoints)
    saved = checkpoints.load() if checkpoints else None
    state = saved.state_on(device) if saved else TrainingState()

    # Stage by stage; one that is over only does again what it did to the structure.
    for number, stage in enumerate(stages):
        _begin(method, stage, device)
        if number < state.stage:
            continue
        model = TrainedModel(
            method,
            make_optimizer(method, stage),
            grad_scaler(device, stage),
        )
        if saved:
            saved.restore(model)
            saved = None
        else:
            state.best = BestEpoch()  # epochs of different stages are different models

        # Epoch by epoch; one that is asked to stop saves between two steps.
        with shutdown.postponed():
            while state.epoch < stage.epochs:
                row = _fit_epoch(setup, model, stage, state)
                figures = _watch(setup, model, state, monitor)
                state.end_epoch({**row, **figures})
                state.best.offer(figures, state.result.epoch, method)
                done = {"epoch_total": state.result.epoch, "epochs": total}
                report({"event": "epoch", **done, **state.result.history[-1]})
                setup.save(state, model)
        state.end_stage()

    # The epoch that counts: the last, or the best by the monitor.
    if monitor and state.best.epoch:
        state.best.restore(method)
        state.result.epoch = state.best.epoch
    return state.result


def _begin(
    method: Method,
    stage: Stage,
    device: torch.device,
) -> None:
    if stage.before is not None:
        stage.before()
        method.to(device)


def _fit_epoch(
    setup: TrainingSetup,
    model: TrainedModel,
    stage: Stage,
    state: TrainingState,
) -> HistoryRow:
    """Train the epoch that `state` stands in, from the step that it stands at."""
    started = time.perf_counter() - state.seconds
    train, losses = setup.train, state.losses
    model.method.train()
    batches = split(order(len(train.samples), setup.seed, stage.name, state.epoch), stage.batch_size)
    steps, rest = len(batches), batches[len(losses) :]
    for batch in _batches(setup, stage, state, rest, steps):
        _set_rates(
            model.optimizer,
            stage,
            state.epoch * steps + len(losses),
            steps,
        )
        losses.append(_step(model, stage, setup.micro, batch))
        if len(losses) % CHECK_EVERY == 0:
            loss = _mean_loss(losses, stage, state.epoch)
            setup.report({"event": "step", "stage": stage.name, "step": len(losses), "steps": steps, "loss": loss})
        state.seconds = time.perf_counter() - started
        setup.save(state, model)
    loss = _mean_loss(losses, stage, state.epoch)
    rates = {f"lr.{group['name']}": group["lr"] for group in model.optimizer.param_groups}
    return {
        "stage": stage.name,
        "epoch": state.epoch + 1,
        "loss": loss,
        **rates,
        "seconds": state.seconds,
    }


def _batches(
    setup: TrainingSetup,
    stage: Stage,
    state: TrainingState,
    rows: Sequence[Sequence[int]],
    steps: int,
) -> Iterator[Batch]:
    """Yield the batches of the epoch that are left, these rows of the training part."""
    taken = state.epoch * steps + len(state.losses)
    fed = setup.train.batches(rows, state.epoch, setup.device) if rows else ()
    for step, (row, (inputs, labels)) in enumerate(zip(rows, fed, strict=True), taken):
        clips = [setup.train.samples[number] for number in row]
        yield Batch(
            inputs,
            labels,
            soft_targets(clips, setup.device),
            tuple(clip.id for clip in clips),
            stage.name,
            state.epoch,
            step / (stage.epochs * steps),
            torch.Generator().manual_seed(seed_of("batch", setup.seed, stage.name, step)),
        )


def _watch(
    setup: TrainingSetup,
    model: TrainedModel,
    state: TrainingState,
    monitor: Monitor | None,
) -> Mapping[str, float]:
    """Return the monitor's figures. Being asked to stop meanwhile costs them, but not the epoch's steps."""
    try:
        return monitor(model.method) if monitor else {}
    except ShutdownRequested:
        setup.save(state, model)
        raise


def _step(
    model: TrainedModel,
    stage: Stage,
    micro: int,
    batch: Batch,
) -> Tensor:
    """Take one optimizer step over all micro-batches; return the loss of the whole batch, on its device."""
    method, optimizer, scaler = model.method, model.optimizer, model.scaler
    optimizer.zero_grad(set_to_none=True)
    device = batch.labels.device
    total = torch.zeros((), device=device)
    size = -(-len(batch) // (stage.accumulate * micro))
    for part in batch.split(size):
        with autocast(device, stage):
            loss = _scalar(method.step(part)) * (len(part) / len(batch))
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    if stage.clip_norm:
        scaler.unscale_(optimizer)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, stage.clip_norm)
    scaler.step(optimizer)
    scaler.update()
    return total


def _scalar(loss: Tensor) -> Tensor:
    """Return the loss itself. Raises: HarnessError if it is not one number with a gradient."""
    if not isinstance(loss, Tensor) or loss.ndim or not loss.requires_grad:
        found = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
        raise HarnessError(
            f"step returned {found}: a loss is a scalar that depends on a parameter of the stage, so that it can be "
            f"followed back"
        )
    return loss


def predict(
    method: Method,
    inputs: Inputs,
    device: torch.device,
    micro: int = 1,
) -> np.ndarray:
    """Predict logits (N, C) float32, in the order of `inputs.samples`.

    Where clips are tested in several views, the mean of the probabilities, as logarithms.

    Raises:
        BadData: there are no clips.
    """
    if not inputs.samples:
        raise BadData("no clip is left to score")
    batches = split(np.arange(len(inputs.samples)), max(1, TEST_BATCH // micro))
    with evaluation(method):
        views = [_predict_view(method, inputs, batches, view, device) for view in range(views_of(inputs))]
    return _averaged(views).cpu().numpy()


def _predict_view(
    method: Method,
    inputs: Inputs,
    batches: Sequence[Sequence[int]],
    view: int,
    device: torch.device,
) -> Tensor:
    logits = []
    for batch, _ in inputs.batches(batches, view, device):
        logits.append(logits_of(method(batch)).float())
        shutdown.check()
    return torch.cat(logits)  # (N, C)


def _averaged(views: Sequence[Tensor]) -> Tensor:
    """Return the logits of one view as they are; of several the logarithms of the mean of their probabilities."""
    if len(views) == 1:
        return views[0]
    shares = torch.stack([logits.log_softmax(1) for logits in views])  # (V, N, C)
    return shares.logsumexp(0) - math.log(len(views))


def order(
    count: int,
    seed: int,
    stage: str,
    epoch: int,
) -> np.ndarray:
    """Return the order of the training clips in one epoch."""
    return np.random.default_rng(seed_of("order", seed, stage, epoch)).permutation(count)


def split(rows: np.ndarray, size: int) -> Sequence[Sequence[int]]:
    """Cut row numbers into batches; the last one may be short."""
    return [rows[start : start + size].tolist() for start in range(0, len(rows), size)]


def _set_rates(
    optimizer: torch.optim.Optimizer,
    stage: Stage,
    step: int,
    steps: int,
) -> None:
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(
            stage.schedule,
            group["base_lr"],
            step,
            steps,
            stage.epochs,
        )


def _mean_loss(
    losses: Sequence[Tensor],
    stage: Stage,
    epoch: int,
) -> float:
    values = torch.stack(list(losses)).float().cpu().numpy()
    if not np.isfinite(values).all():
        step = int(np.argmin(np.isfinite(values))) + 1
        raise TrainingDiverged(
            f"loss is {values[step - 1]} in stage {stage.name!r}, epoch {epoch + 1}, step {step}; lower the learning "
            f"rate or set clip_norm"
        )
    return float(values.mean())
