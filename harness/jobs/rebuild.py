"""Build a trained method again from what was stored of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.core.errors import HarnessError
from harness.core.job import JobSpec
from harness.models.method import Method, Task, own_state, prepares
from harness.models.spec import MethodSpec
from harness.system.seeds import seed_everything, seed_of


def build(
    job: JobSpec,
    spec: MethodSpec,
    task: Task,
) -> Method:
    """Return the method of a job as it is before training; its seed is set first, since building draws."""
    seed_everything(seed_of("init", job.seed))
    method = spec.construct(task, job.options)
    given = task.weights.given
    if given is not None:
        given.put_into(own_state(method, task.backbone), spec.public_keys, spec.name)
    return method


def rebuild(
    job: JobSpec,
    spec: MethodSpec,
    task: Task,
    stored: Mapping[str, Tensor],
    device: torch.device,
) -> Method:
    """Return the trained method of a job, in evaluation mode, with stored parameters and buffers by name.

    Raises:
        HarnessError: they have other names or shapes than the method.
    """
    method = build(job, spec, task)
    method.grow_to_final()
    method.to(device)
    put_back(method, task, stored)
    return method.requires_grad_(False).eval()


def put_back(
    method: Method,
    task: Task,
    stored: Mapping[str, Tensor],
) -> None:
    """Put stored tensors into the parameters and buffers of the same names.

    Those of a method that looks at the training part before training take the shapes that were stored, and buffers that
    it made then are made again.

    Raises:
        HarnessError: they have other names or shapes than the method.
    """
    if prepares(method):
        _make_room(method, stored)
    state = own_state(method, task.backbone)
    shapes = {name: tuple(tensor.shape) for name, tensor in stored.items()}
    if shapes != {name: tuple(tensor.shape) for name, tensor in state.items()}:
        odd = sorted(set(shapes) ^ set(state)) or ["shapes"]
        raise HarnessError(f"does not fit the method as it is now ({odd[0]}); run the job again with --force")
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(stored[name])


def _make_room(method: Method, stored: Mapping[str, Tensor]) -> None:
    """Give parameters and buffers the shapes that were stored, and make the buffers that are not there."""
    parts = dict(method.named_modules())
    device = next((tensor.device for tensor in method.parameters()), None)
    for name, tensor in stored.items():
        place, _, leaf = name.rpartition(".")
        if place not in parts:
            continue  # said by whoever compares the names
        owner = parts[place]
        there: Any = getattr(owner, leaf, None)
        if isinstance(there, Tensor) and there.shape == tensor.shape:
            continue
        room = torch.empty_like(tensor, device=device)
        if leaf in owner._parameters:
            owner._parameters[leaf] = nn.Parameter(room)
        elif leaf in owner._buffers:
            owner._buffers[leaf] = room
        elif not hasattr(owner, leaf):
            owner.register_buffer(leaf, room)
