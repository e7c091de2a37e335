"""A finished run, brought back: its job, its data, and its method with the weights that were stored."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.core.context import RunContext
from harness.core.dataset_spec import Sample
from harness.core.errors import BadData, HarnessError
from harness.core.job import JobSpec
from harness.data.dataset import Dataset
from harness.data.places import dataset_place
from harness.jobs.job_inputs import JobInputs
from harness.jobs.load import find_weights_as_planned, open_backbone_as_planned, open_dataset_as_planned
from harness.jobs.rebuild import build, rebuild
from harness.models import weights
from harness.models.backbone import Backbone
from harness.models.inputs import Inputs
from harness.models.method import Method, Task, own_state, prepares
from harness.models.spec import MethodSpec
from harness.models.weights_form import check_form
from harness.plugin import registry
from harness.results.records import check_tensors, job_of
from harness.results.tables import read_table
from harness.system.device import pick_device

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS = "weights.safetensors"


class FinishedRun:
    """One finished job. Nothing is loaded before it is asked for.

    Attributes:
        result: its `result.json`.
        folder: where that lies.
        job: the job, made again from the result.
        device: where the method is.
    """

    def __init__(
        self,
        result: Mapping[str, Any],
        context: RunContext,
    ) -> None:
        self.result = result
        self.folder = Path(result["path"])
        self.job: JobSpec = job_of(result)
        self.context = context
        self.device = pick_device()

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset as the run saw it. Raises: HarnessError if it is nowhere, or has changed since."""
        if self.job.dataset not in self.context.data_roots:
            dataset_place(registry.dataset(self.job.dataset), None)  # says how to name it
        try:
            return open_dataset_as_planned(
                registry.dataset(self.job.dataset),
                self.job.fingerprint,
                self.context,
            )
        except BadData as error:
            root = self.context.data_roots[self.job.dataset]
            raise BadData(f"{self.folder}: not made with the data in {root}; give their --data-root") from error

    @cached_property
    def backbone(self) -> Backbone:
        """The backbone with the run's weights. Raises: HarnessError if those asked for are others."""
        request = self.context.request_of(self.job.backbone)
        found = weights.resolve(request, registry.backbones()).id
        if found != self.job.backbone:
            planned = self.job.backbone
            raise HarnessError(
                f"{self.folder}: made with {planned.name}:{planned.weights} (SHA-256 {planned.sha256[:12]}), not with "
                f"{request} ({found.sha256[:12]}); name the file: --backbone {planned.name}:FILE"
            )
        return open_backbone_as_planned(
            self.job.backbone,
            registry.backbones(),
            self.context,
            self.device,
        )

    @cached_property
    def task(self) -> Task:
        """What the method was built for. Raises: HarnessError if its weights are others now, or nowhere."""
        return Task(
            self.job.protocol.classes,
            self.backbone,
            self.job.input,
            find_weights_as_planned(
                self._spec,
                self.job.weights,
                self.context,
                given=False,
            ),
        )

    @property
    def untrained(self) -> Method:
        """The method as it was before training, in evaluation mode.

        Raises:
            HarnessError: the file that its training started from, or that all of it is from, is nowhere.
        """
        whole = find_weights_as_planned(self._spec, self.job.weights, self.context)
        return self._built(replace(self.task, weights=whole))

    def _built(self, task: Task) -> Method:
        method = build(self.job, self._spec, task)
        return method.to(self.device).requires_grad_(False).eval()

    @cached_property
    def method(self) -> Method:
        """The trained method, in evaluation mode. Raises: HarnessError if its weights were not stored."""
        bare = self._built(self.task)
        bare.grow_to_final()
        file = self.folder / WEIGHTS
        if not (own_state(bare, self.backbone) or prepares(bare)):
            return bare.to(self.device).requires_grad_(False).eval()
        stored = read_weights(file)
        try:
            return rebuild(
                self.job,
                self._spec,
                self.task,
                stored,
                self.device,
            )
        except HarnessError as error:
            raise HarnessError(f"{file}: {error}") from error

    @property
    def _spec(self) -> MethodSpec:
        return registry.method(self.job.method).spec

    @cached_property
    def samples(self) -> list[Sample]:
        """The test clips that were scored, ordered by id."""
        return self._job_inputs.usable(self.dataset.folds[self.job.fold].test)

    @cached_property
    def labels(self) -> np.ndarray:
        """(N,) index of the class of each of the samples."""
        return np.array([sample.label for sample in self.samples])

    @cached_property
    def inputs(self) -> Inputs:
        """What the method sees of the samples; for `harness.training.predict.predict`."""
        return self._job_inputs.test(self.samples)

    @property
    def predictions(self) -> pd.DataFrame:
        """`predictions.parquet`: what the run itself predicted."""
        return read_table(self.folder / "predictions.parquet")

    @cached_property
    def _job_inputs(self) -> JobInputs:
        inputs = JobInputs(
            self.dataset,
            self.backbone,
            self.job,
            self.context,
            encoder=self.method.encoder,
            pipeline=registry.pipeline(),
        )
        inputs.fill_cache(self.dataset.folds[self.job.fold], trains=False)
        return inputs


def read_weights(file: Path) -> dict[str, torch.Tensor]:
    """Return stored weights by name.

    Raises:
        HarnessError: there is no such file, or it cannot be read.
    """
    from safetensors import safe_open
    from safetensors.torch import load_file

    if not os.path.lexists(file):
        raise HarnessError(f"{file.parent}: made without --save-weights; run it again with --save-weights --force")
    check_form(file)
    try:
        stored = dict(load_file(file))
        if any(tensor.is_floating_point() and not tensor.isfinite().all() for tensor in stored.values()):
            raise ValueError("numbers that are not finite")
        with safe_open(file, "pt") as opened:
            check_tensors(stored, opened.metadata() or {})
        return stored
    except Exception as error:  # a damaged file can make the reader fail in any way
        raise HarnessError(f"{file}: cannot be read ({error}); run the job again with --force") from error
