"""The one training loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from harness.core.errors import BadData, HarnessError, TrainingDiverged
from harness.core.recipe import Stage
from harness.models.batch import Batch, soft_targets
from harness.models.criterion import Criterion
from harness.models.inputs import Inputs
from harness.models.method import Method
from harness.system.device import autocast, grad_scaler
from harness.system.seeds import seed_of
from harness.system.shutdown import ShutdownRequested, shutdown
from harness.training.checkpoint import Checkpoints, TrainedModel
from harness.training.optimizer import make_optimizer
from harness.training.order import batches_of
from harness.training.schedule import learning_rate
from harness.training.state import BestEpoch, HistoryRow, TrainingResult, TrainingState

CHECK_EVERY = 50  # steps; reading the loss makes a GPU wait

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
    batches = batches_of(stage, train.samples, setup.seed, state.epoch)
    rates = _Rates(stage, len(batches), state)
    steps, rest = len(batches), batches[len(losses) :]
    for batch in _batches(setup, stage, state, rest, steps):
        rates.set(model.optimizer, state.epoch * steps + len(losses))
        losses.append(_step(model, stage, setup.micro, batch))
        if len(losses) % CHECK_EVERY == 0:
            loss = _mean_loss(losses, stage, state.epoch)
            setup.report({"event": "step", "stage": stage.name, "step": len(losses), "steps": steps, "loss": loss})
        state.seconds = time.perf_counter() - started
        setup.save(state, model)
    loss = _mean_loss(losses, stage, state.epoch)
    shown = {f"lr.{group['name'] or 'all'}": group["lr"] for group in model.optimizer.param_groups}
    return {
        "stage": stage.name,
        "epoch": state.epoch + 1,
        "loss": loss,
        **shown,
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
    criterion = Criterion.of(stage, [sample.label for sample in setup.train.samples])
    fed = setup.train.batches(rows, state.epoch, setup.device) if rows else ()
    for step, (row, (inputs, labels)) in enumerate(zip(rows, fed, strict=True), taken):
        clips = [setup.train.samples[number] for number in row]
        batch = Batch(
            inputs,
            labels,
            soft_targets(clips, setup.device),
            tuple(clip.id for clip in clips),
            stage.name,
            state.epoch,
            step / (stage.epochs * steps),
            torch.Generator().manual_seed(seed_of("batch", setup.seed, stage.name, step)),
            criterion=criterion,
        )
        yield batch.mixed(stage.mixup) if stage.mixup else batch


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
        _check_heeded(method, stage, part)
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    if stage.clip_norm:
        scaler.unscale_(optimizer)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, stage.clip_norm)
    scaler.step(optimizer)
    scaler.update()
    return total


def _check_heeded(
    method: Method,
    stage: Stage,
    batch: Batch,
) -> None:
    """Look whether the loss that was just computed heeds what the stage declares of it.

    Raises:
        HarnessError: it did not ask for the cross-entropy of the batch.
    """
    if stage.loss_options and not batch.criterion.asked:
        kind = type(method)
        own = "step" if kind.step is not Method.step else "loss"
        raise HarnessError(
            f"stage {stage.name!r} declares {' and '.join(stage.loss_options)}, but {kind.__name__}.{own} does not "
            f"heed it: its step has to ask for batch.cross_entropy(logits), or the stage to leave it out"
        )
    batch.criterion.asked = False


def _scalar(loss: Tensor) -> Tensor:
    """Return the loss itself. Raises: HarnessError if it is not one number with a gradient."""
    if not isinstance(loss, Tensor) or loss.ndim or not loss.requires_grad:
        found = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
        raise HarnessError(
            f"step returned {found}: a loss is a scalar that depends on a parameter of the stage, so that it can be "
            f"followed back"
        )
    return loss


class _Rates:
    """Learning rates of an epoch, as its stage schedules them."""

    def __init__(
        self,
        stage: Stage,
        steps: int,
        state: TrainingState,
    ) -> None:
        self.stage = stage
        self.steps = steps  # of an epoch
        rows = state.result.history[len(state.result.history) - state.epoch :]
        self.losses = [float(row["loss"]) for row in rows]  # of this stage's epochs that are over

    def set(
        self,
        optimizer: torch.optim.Optimizer,
        step: int,
    ) -> None:
        """Set the rate of each parameter group for a step, counted from 0 over the stage."""
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(
                self.stage.schedule,
                group["base_lr"],
                step,
                self.steps,
                self.stage.epochs,
                self.losses,
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
