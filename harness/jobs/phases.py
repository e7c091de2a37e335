"""The phases of a job. Each takes what the ones before it left, and returns one noun: load, encode, fit, test."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from harness.core.context import RunContext
from harness.core.dataset_spec import Fold, Sample
from harness.core.digest import digest
from harness.core.errors import BadData, HarnessError
from harness.core.job import JobSpec
from harness.core.text import first_few
from harness.data.dataset import Dataset
from harness.jobs.job_inputs import JobInputs
from harness.jobs.load import find_weights_as_planned, open_backbone_as_planned, open_dataset_as_planned
from harness.jobs.rebuild import build
from harness.jobs.selection import monitor_for, training_part
from harness.models.backbone import Backbone
from harness.models.batch import TrainingClips
from harness.models.compile import compile_layers
from harness.models.guard import BackboneChanged
from harness.models.method import Method, Task, evaluation, prepares
from harness.models.trainable import ENCODER, trained_names
from harness.plugin.named import Named
from harness.results.store import Store
from harness.system.device import pick_device
from harness.system.process_state import settings_kept
from harness.training.checkpoint import Checkpoints
from harness.training.loop import Report
from harness.training.loop import fit as train
from harness.training.predict import TEST_BATCH, predict
from harness.training.state import TrainingResult

NAMED = 3  # parameters that an error names


@dataclass
class Phases:
    """Clock of the phases: it says when one begins, and keeps the seconds that it took."""

    report: Report
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure one phase."""
        self.report({"event": "phase", "phase": name})
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - started, 4)


@dataclass(frozen=True)
class Loaded:
    """A job with everything that it names, opened and built."""

    job: JobSpec
    named: Named
    context: RunContext
    device: torch.device
    dataset: Dataset
    task: Task
    method: Method
    inputs: JobInputs
    changes: list[str] = field(default_factory=list)  # of the process, put back before features were encoded

    @property
    def fold(self) -> Fold:
        """Training and test part."""
        return self.dataset.folds[self.job.fold]

    @property
    def backbone(self) -> Backbone:
        """The backbone that all methods of the run share."""
        return self.task.backbone

    @property
    def largest_batch(self) -> int:
        """The most clips that go through the method at a time, in training or testing."""
        trained = [stage.batch_size // stage.accumulate for stage in self.method.stages()]
        return max([TEST_BATCH, *trained])

    def needs_whole_batches(self) -> bool:
        """Return whether smaller parts of a batch would train another model: by a loss or a normalisation over it."""
        self.method.train()  # which leaves a part that is kept frozen in evaluation mode
        normalised = any(isinstance(part, _BatchNorm) and part.training for part in self.method.modules())
        return normalised or any(stage.whole_batch for stage in self.method.stages())

    def refuse_to_train_the_backbone(self) -> None:
        """Look for parameters of the shared backbone that a stage would move.

        Raises:
            HarnessError: there is one.
        """
        shared = _tensor_ids(self.backbone)
        named = dict(self.method.named_parameters())
        for stage in self.method.stages():
            moved = [name for name in trained_names(self.method, [stage]) if id(named[name]) in shared]
            if moved:
                raise HarnessError(
                    f"stage {stage.name!r} would train {first_few(moved, NAMED)}, which is the backbone that all jobs "
                    f"share; train a copy of the method's own: task.backbone.trainable_encoder()"
                )
            fed = [name for name in trained_names(self.method, [stage]) if name.startswith(ENCODER)]
            if fed:
                raise HarnessError(
                    f"stage {stage.name!r} would train {first_few(fed, NAMED)}, but what is set as `encoder` feeds the "
                    f"method without gradients; a tower that is trained has another name and is called in forward"
                )

    def checkpoints(self, micro: int) -> Checkpoints:
        """Return where its training is saved;
        of another key, which is of all that bits depend on, nothing is gone on from.
        """
        context = self.context
        key = digest(
            [
                self.job.id,
                self.named.method.source_sha256,
                context.threads,
                context.compile,
                micro,
                self.device.type,
                torch.__version__,
            ]
        )
        path = Store(Path(context.out)).checkpoint(self.job)
        return Checkpoints(
            path,
            key,
            context.checkpoint_every,
            shared=_tensor_ids(self.backbone),
        )


@dataclass(frozen=True)
class Parts:
    """The clips of the fold that can be read, by what they are for, ordered by id."""

    train: Sequence[Sample]
    held_out: Sequence[Sample]
    test: Sequence[Sample]
    untrained: int
    unscored: int


@contextmanager
def naming_what_changed(backbone: Backbone) -> Iterator[None]:
    """Say of an error that follows from a changed backbone what was changed. Raises: BackboneChanged."""
    try:
        yield
    except (torch.OutOfMemoryError, BackboneChanged):
        raise
    except Exception as error:
        try:
            backbone.check_guard()
        except BackboneChanged as changed:
            raise changed from error
        raise


def load(
    job: JobSpec,
    named: Named,
    context: RunContext,
    changes: list[str],
) -> Loaded:
    """Open the dataset and the backbone, and build the method.

    Args:
        job: what is to be done.
        named: what it names.
        context: where things are.
        changes: what the method changes of the process, which is put back at once, is added to it.
    """
    device = pick_device()
    dataset = open_dataset_as_planned(named.dataset, job.fingerprint, context)
    backbone = open_backbone_as_planned(job.backbone, named.backbones, context, device)

    own = find_weights_as_planned(
        named.method.spec,
        job.weights,
        context,
    )
    task = Task(
        dataset.spec.class_names,
        backbone,
        job.input,
        own,
    )
    with naming_what_changed(backbone), settings_kept(changes, job=True):  # features are encoded next
        method = build(job, named.method.spec, task).to(device)
    if context.compile:
        compile_layers(method, device)

    inputs = JobInputs(
        dataset,
        backbone,
        job,
        context,
        encoder=method.encoder,
        pipeline=named.pipeline,
    )
    return Loaded(
        job,
        named,
        context,
        device,
        dataset,
        task,
        method,
        inputs,
        changes,
    )


def encode(loaded: Loaded) -> Parts:
    """Fill what the feature cache lacks, and part the clips that can be used.

    Raises:
        BadData: some cannot be read, and bad clips are not to be skipped.
    """
    fold, inputs = loaded.fold, loaded.inputs
    with settings_kept(loaded.changes, job=True):
        trains = loaded.job.is_trained and bool(loaded.method.stages())
    inputs.fill_cache(
        fold,
        trains=trains,
        prepares=loaded.job.is_trained and prepares(loaded.method),
    )
    train_part, held_out = training_part(fold, loaded.job.protocol.selection)
    usable, scored = inputs.usable(train_part), inputs.usable(fold.test)
    return Parts(
        train=usable,
        held_out=inputs.usable(held_out),
        test=scored,
        untrained=len(train_part) - len(usable),
        unscored=len(fold.test) - len(scored),
    )


def fit(
    loaded: Loaded,
    parts: Parts,
    checkpoints: Checkpoints,
    report: Report,
    micro: int,
) -> TrainingResult:
    """Prepare the method and train it on the training part, watched by what the selection rule lets it see.

    Raises:
        HarnessError: a stage would train the backbone that all jobs share.
        BadData: there is nothing to prepare with or to train on.
    """
    if not loaded.job.is_trained:
        return TrainingResult()
    loaded.refuse_to_train_the_backbone()
    inputs = loaded.inputs
    prepare(loaded, parts)
    monitor = monitor_for(
        loaded.job,
        loaded.named.metrics,
        inputs,
        held_out=parts.held_out,
        test=parts.test,
        device=loaded.device,
        micro=micro,
    )
    with inputs.naming_bad_clips(loaded.fold):
        return train(
            loaded.method,
            inputs.train(parts.train),
            loaded.job.seed,
            loaded.device,
            report,
            monitor,
            checkpoints=checkpoints,
            micro=micro,
        )


def prepare(loaded: Loaded, parts: Parts) -> None:
    """Let a method look at the training part before training, if it wants to.

    Raises:
        BadData: there is nothing to prepare with.
        HarnessError: it replaced a module.
    """
    if not prepares(loaded.method):
        return
    if not parts.train:
        raise BadData("no training clip is left to prepare the method with")
    clips = TrainingClips(loaded.inputs.test(parts.train), loaded.device)
    before = dict(loaded.method.named_modules())
    with loaded.inputs.naming_bad_clips(loaded.fold), evaluation(loaded.method):
        loaded.method.prepare(clips)
    after = dict(loaded.method.named_modules())
    changed = [name for name in {**before, **after} if before.get(name) is not after.get(name)]
    if changed:
        raise HarnessError(
            f"prepare replaced {first_few(changed, NAMED)}: the modules that the constructor made have to stay, or "
            f"stored weights could not be put back; give a parameter or a buffer another shape instead"
        )
    loaded.method.to(loaded.device)


def test(
    loaded: Loaded,
    parts: Parts,
    micro: int,
) -> np.ndarray:
    """Predict the test part: logits (N, C)."""
    with loaded.inputs.naming_bad_clips(loaded.fold):
        return predict(
            loaded.method,
            loaded.inputs.test(parts.test),
            loaded.device,
            micro,
        )


def _tensor_ids(backbone: Backbone) -> set[int]:
    tensors = [*backbone.model.parameters(), *backbone.model.buffers()]
    return {id(tensor) for tensor in tensors}
