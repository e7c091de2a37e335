"""A finished run, brought back: its job, its data, and its method with the weights that were stored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from harness.core.context import RunContext
from harness.core.dataset_spec import Sample
from harness.core.errors import BadData, HarnessError
from harness.core.job import JobSpec
from harness.data.dataset import Dataset
from harness.data.places import dataset_place
from harness.jobs.job_inputs import JobInputs
from harness.jobs.load import find_weights_as_planned, open_backbone_as_planned, open_dataset_as_planned
from harness.models import weights
from harness.models.backbone import Backbone
from harness.models.inputs import Inputs
from harness.models.method import Method, Task, own_state, prepares
from harness.models.own_weights import OwnWeights
from harness.plugin import registry
from harness.results.records import job_of
from harness.system.device import pick_device
from harness.system.seeds import seed_everything, seed_of

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
            OwnWeights(find_weights_as_planned(registry.method(self.job.method).spec, self.job.weights)),
        )

    @property
    def untrained(self) -> Method:
        """The method as it was before training, in evaluation mode."""
        seed_everything(seed_of("init", self.job.seed))
        spec = registry.method(self.job.method).spec
        method = spec.construct(self.task, self.job.options)
        return method.to(self.device).requires_grad_(False).eval()

    @cached_property
    def method(self) -> Method:
        """The trained method, in evaluation mode. Raises: HarnessError if its weights were not stored."""
        method = self.untrained
        method.grow_to_final()
        if own_state(method.to(self.device), self.backbone) or prepares(method):
            restore(method, self.backbone, self.folder / WEIGHTS)
        return method.requires_grad_(False).eval()

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
        """What the method sees of the samples; for `harness.training.loop.predict`."""
        return self._job_inputs.test(self.samples)

    @property
    def predictions(self) -> pd.DataFrame:
        """`predictions.parquet`: what the run itself predicted."""
        import pandas as pd

        return pd.read_parquet(self.folder / "predictions.parquet")

    @cached_property
    def _job_inputs(self) -> JobInputs:
        inputs = JobInputs(
            self.dataset,
            self.backbone,
            self.job,
            self.context,
            encoder=self.method.encoder,
        )
        inputs.fill_cache(self.dataset.folds[self.job.fold], trains=False)
        return inputs


def restore(
    method: Method,
    backbone: Backbone,
    file: Path,
) -> None:
    """Put stored weights into the parameters and buffers of the same names.

    Those of a method that looks at the training part before training take the shapes that were stored, and buffers that
    it made then are made again.

    Raises:
        HarnessError: there is no such file, or it holds other names or shapes.
    """
    from safetensors.torch import load_file

    if not file.is_file():
        raise HarnessError(f"{file.parent}: made without --save-weights; run it again with --save-weights --force")
    try:
        stored = load_file(file)
    except Exception as error:  # a damaged file can make the reader fail in any way
        raise HarnessError(f"{file}: cannot be read ({error}); run the job again with --force") from error
    if prepares(method):
        _make_room(method, stored)
    state = own_state(method, backbone)
    shapes = {name: tuple(tensor.shape) for name, tensor in stored.items()}
    if shapes != {name: tuple(tensor.shape) for name, tensor in state.items()}:
        odd = sorted(set(shapes) ^ set(state)) or ["shapes"]
        raise HarnessError(f"{file}: does not fit the method as it is now ({odd[0]}); run the job again with --force")
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(stored[name])


def _make_room(method: Method, stored: Mapping[str, torch.Tensor]) -> None:
    """Give parameters and buffers the shapes that were stored, and make the buffers that are not there."""
    parts = dict(method.named_modules())
    device = next((tensor.device for tensor in method.parameters()), None)
    for name, tensor in stored.items():
        place, _, leaf = name.rpartition(".")
        if place not in parts:
            continue  # said by whoever compares the names
        owner = parts[place]
        there = getattr(owner, leaf, None)
        if isinstance(there, torch.Tensor) and there.shape == tensor.shape:
            continue
        room = torch.empty_like(tensor, device=device)
        if leaf in owner._parameters:
            owner._parameters[leaf] = nn.Parameter(room)
        elif leaf in owner._buffers:
            owner._buffers[leaf] = room
        elif not hasattr(owner, leaf):
            owner.register_buffer(leaf, room)
