"""A method under test: opened, built and run in its small form by the harness's own phases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from harness.conformance.examined import Examined
from harness.conformance.report import Unmet
from harness.conformance.room import FEWEST, FOLD, TINY, Room
from harness.conformance.small import small_form
from harness.conformance.smaller import smaller_input
from harness.conformance.sources import Sources
from harness.conformance.steps import StageSteps, steps_watched
from harness.core.backbone_spec import NONE
from harness.core.errors import HarnessError
from harness.core.frame_input import FrameInput
from harness.core.job import JobSpec
from harness.core.recipe import Stage
from harness.core.registered import Registered
from harness.jobs import phases
from harness.jobs.job_inputs import JobInputs
from harness.jobs.phases import Loaded, Parts
from harness.jobs.rebuild import build
from harness.models.backbone import Backbone
from harness.models.method import Method, Task
from harness.models.spec import MethodSpec
from harness.models.trainable import trained_names
from harness.models.weights import NO_WEIGHTS
from harness.planning.frame_inputs import checked_input
from harness.plugin import registry
from harness.plugin.named import Named
from harness.system.device import pick_device
from harness.system.process_state import settings_kept
from harness.training.state import HistoryRow, TrainingResult

BATCH = 4  # clips of a step, at most
EPOCHS = 2
Change = Callable[[Stage], Stage]


@dataclass(frozen=True)
class Trained:
    """A method that went through all phases of a job."""

    loaded: Loaded
    parts: Parts
    fitted: TrainingResult
    logits: np.ndarray


def short(stage: Stage) -> Stage:
    """Return a stage of two epochs of small batches; one that was switched off stays so."""
    size = min(stage.batch_size, BATCH)
    return replace(stage, epochs=EPOCHS if stage.epochs else 0, batch_size=size)


class Specimen(Examined):
    """One method under test. What checks share is made when it is first asked for, and fails one check only."""

    def __init__(
        self,
        offer: Registered[MethodSpec],
        room: Room,
        sources: Sources,
        elsewhere: Callable[[Registered[MethodSpec]], str],
    ) -> None:
        """Take the method, where it is checked, and what says how it differs in another process."""
        super().__init__(replace(offer.spec, weights=()), sources)  # of declared weights it gets the structure only
        self.offer = offer
        self.room = room
        self.elsewhere: Callable[[], str] = lambda: elsewhere(offer)
        self.steps: list[StageSteps] = []  # of `trained`
        self.smaller = ""  # what the input was made, and why

    @cached_property
    def settled(self) -> tuple[dict[str, object], FrameInput]:
        """Options and frame input of the small form."""
        with self.owned("settle"):
            values, given = small_form(self.spec)
            tiny = self.backbone.source.id.name == TINY
            size = self.backbone.image_size if tiny or not given.size else given.size
            if not size:
                raise HarnessError("it runs on no backbone, so its FrameInput has to name a size in pixels")
            given = checked_input(replace(given, size=size, views=min(given.views, 1)), self.spec.name)
            return values, self._smaller(values, given)

    def _smaller(
        self,
        values: Mapping[str, object],
        given: FrameInput,
    ) -> FrameInput:
        """Return a smaller input for a network of pixels that takes long and has no small form."""
        if self.spec.small or self.spec.backbone != NONE:
            return given

        def make(less: FrameInput) -> Method:
            task = Task(
                self.room.datasets[FEWEST].spec.class_names,
                self.backbone,
                less,
            )
            return self.spec.construct(task, values).to(pick_device())

        with settings_kept([], job=True):
            less = smaller_input(given, make)
        if less != given:
            self.smaller = f"input.frames={less.frames} and input.size={less.size}, since its spec has no small form"
        return less

    @property
    def backbone(self) -> Backbone:
        """What it runs on; a copy that something has changed is loaded anew."""
        with self.owned("encoder"):
            backbone = self.room.backbone(self.spec)
            backbone.model.to(pick_device())
            if backbone.source != NO_WEIGHTS:
                _ = backbone.width  # which looks at features of noise, before a method is built on them
            return backbone

    def job(
        self,
        classes: int = FEWEST,
        *,
        augmented: bool = True,
    ) -> JobSpec:
        """Return the job of the small form."""
        values, given = self.settled
        dataset = self.room.datasets[classes]
        return JobSpec(
            dataset=dataset.spec.name,
            fingerprint=dataset.fingerprint,
            fold=FOLD,
            method=self.spec.name,
            method_version=self.spec.version,
            seed=1,
            options=values,
            input=given if augmented else replace(given, augmentation=()),
            backbone=self.backbone.source.id,
            protocol=dataset.protocol("last"),
        )

    def load(
        self,
        classes: int = FEWEST,
        *,
        augmented: bool = True,
    ) -> Loaded:
        """Build the method anew, as `phases.load` does, but with the structure of declared weights only."""
        job, backbone, dataset = self.job(classes, augmented=augmented), self.backbone, self.room.datasets[classes]
        offer, pipeline = replace(self.offer, spec=self.spec), registry.pipeline()
        named = Named(
            dataset.spec,
            offer,
            self.room.metrics,
            self.room.backbones,
            pipeline,
        )
        task = Task(dataset.spec.class_names, backbone, job.input)
        with self.owned("build"):
            method = self.method = build(job, self.spec, task).to(pick_device())
        inputs = JobInputs(
            dataset,
            backbone,
            job,
            self.room.context,
            method.encoder,
            pipeline,
        )
        self.look_at(backbone)
        return Loaded(
            job,
            named,
            self.room.context,
            pick_device(),
            dataset,
            task,
            method,
            inputs,
        )

    def encode(self, loaded: Loaded) -> Parts:
        """Fill the feature cache and part the clips."""
        with self.owned("fit"):
            loaded.method.stages()
        with self.owned("encoder"):
            parts = phases.encode(loaded)
        self.watch.note(loaded.changes)
        return parts

    def run(
        self,
        change: Change = short,
        *,
        resume: bool = False,
    ) -> Trained:
        """Take a method that is built anew through encoding, training and testing.

        Args:
            change: of each of its stages.
            resume: whether to go on from a checkpoint.
        """
        loaded = self.load()
        parts = self.encode(loaded)
        shorten(loaded.method, change)
        return self.train(loaded, parts, resume=resume)

    def train(
        self,
        loaded: Loaded,
        parts: Parts,
        *,
        resume: bool = False,
    ) -> Trained:
        """Train and test. Whatever it raises is for the check that asks."""
        checkpoints = loaded.checkpoints(1)
        if not resume:
            checkpoints.remove()
        with self.watch.kept():
            fitted = phases.fit(loaded, parts, checkpoints, ignore, 1)
            logits = phases.test(loaded, parts, 1)
        self.look_at(loaded.backbone)
        return Trained(loaded, parts, fitted, logits)

    # --- what checks share

    @cached_property
    def grown(self) -> Trained:
        """The method before training, prepared and with its final structure."""
        loaded = self.load()
        parts = self.encode(loaded)
        with self.owned("prepare"):
            phases.prepare(loaded, parts)
        with self.owned("shapes"):
            loaded.method.grow_to_final()
            loaded.method.to(loaded.device)
            logits = phases.test(loaded, parts, 1)
        self.look_at(loaded.backbone)
        return Trained(loaded, parts, TrainingResult(), logits)

    @cached_property
    def trained(self) -> Trained:
        """The method after a short training."""
        loaded = self.grown.loaded
        with self.owned("fit"):
            trained_names(loaded.method, loaded.method.stages())
        with self.owned("backbone"):
            loaded.refuse_to_train_the_backbone()
        with self.owned("fit"), steps_watched(lambda: self.method) as steps:
            self.steps = steps
            return self.run()

    def tested(self) -> Iterator[Trained]:
        """Yield the method before training, and after it where that was reached."""
        yield self.grown
        if self.trains:
            with suppress(Unmet):
                yield self.trained

    @property
    def trains(self) -> bool:
        """Whether any of its stages trains."""
        with self.owned("fit"):
            return any(stage.epochs for stage in self.grown.loaded.method.stages())


def shorten(method: Method, change: Change) -> None:
    """Let a method have other stages, each made of its own."""
    own = method.stages
    vars(method)["stages"] = lambda: [change(stage) for stage in own()]


def ignore(event: HistoryRow) -> None:
    """Hear of an event and do nothing."""
