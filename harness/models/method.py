"""The base class of methods, and what the harness tells them about their task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.core.frame_input import FrameInput
from harness.core.recipe import Stage
from harness.models.backbone import Backbone, FrameEncoder, encode_clips
from harness.models.batch import Batch, Outputs, TrainingClips, logits_of
from harness.models.own_weights import OwnWeights


@dataclass(frozen=True)
class Task:
    """Task that a method is built for: classes, backbone, frames, and the weights that it declares."""

    classes: tuple[str, ...]  # names as used in prompts, in label order
    backbone: Backbone
    input: FrameInput  # with the size filled in
    weights: OwnWeights = field(default_factory=OwnWeights)


def cosine_logits(
    video: Tensor,
    text: Tensor,
    scale: float,
) -> Tensor:
    """Return scaled cosine similarity of clips (B, D) and classes (C, D), the latter of unit length: logits (B, C)."""
    return scale * F.normalize(video, dim=-1) @ text.T


def own_parameters(method: nn.Module, backbone: Backbone) -> dict[str, nn.Parameter]:
    """Return what a checkpoint has to hold beside the backbone, by name."""
    shared = {id(p) for p in backbone.model.parameters()}
    return {name: p for name, p in method.named_parameters() if id(p) not in shared}


def own_state(method: nn.Module, backbone: Backbone) -> dict[str, Tensor]:
    """Return all that has to be stored of a trained method, by name: its own parameters and persistent buffers.

    Such as the running means of a BatchNorm, without which another model comes back.
    """
    shared = {id(buffer) for buffer in backbone.model.buffers()}
    stored = method.state_dict(keep_vars=True).keys()
    state: dict[str, Tensor] = dict(own_parameters(method, backbone))
    for name, buffer in method.named_buffers():
        if name in stored and id(buffer) not in shared:
            state[name] = buffer
    return state


@contextmanager
def evaluation(method: nn.Module) -> Iterator[None]:
    """Evaluate a method meanwhile: evaluation mode, no gradients, and no parameter that asks for one.

    The last is for the bits. `torch.matmul` and `F.linear` of a sequence that is not contiguous choose their kernel by
    `requires_grad` of the weights, under `no_grad` too, and on some processors the two differ in the last bit. A run,
    whose parameters are still marked as trained, and an analysis of it have to go one way. The marks are put back.
    """
    marked = [parameter for parameter in method.parameters() if parameter.requires_grad]
    method.eval()
    for parameter in marked:
        parameter.requires_grad_(False)
    try:
        with torch.no_grad():
            yield
    finally:
        for parameter in marked:
            parameter.requires_grad_(True)


def prepares(method: Method) -> bool:
    """Return whether a method looks at the training part before training."""
    return type(method).prepare is not Method.prepare


class Method(nn.Module):
    """A method of the benchmark.

    A method that sets `encoder` in its constructor is fed features `(B, T, D)` of that frozen encoder, from a cache;
    one that does not is fed normalised frames `(B, T, 3, H, W)`. Either way `forward` returns logits `(B, C)`, alone
    or as `Outputs` with named extras.
    """

    encoder: FrameEncoder | None

    def __init_subclass__(cls, **given: Any) -> None:
        """Refuse a class whose `step` or `prepare` is something else. Raises: TypeError."""
        super().__init_subclass__(**given)
        for name, argument in (("step", "batch"), ("prepare", "train")):
            own = cls.__dict__.get(name)
            if own is not None and len(signature(own).parameters) != 2:
                raise TypeError(
                    f"{cls.__name__}.{name} is called by the harness as {name}(self, {argument}); give a function of "
                    f"other parameters another name"
                )

    def __init__(self) -> None:
        super().__init__()
        self.register_module("encoder", None)

    def forward(self, inputs: Tensor) -> Tensor | Outputs:
        """Return logits (B, C) of features (B, T, D) or frames (B, T, 3, H, W)."""
        raise NotImplementedError

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return training loss of logits (B, C) and labels (B,), of a method that has another than cross-entropy.

        It knows nothing of the class weights, label smoothing and mixup that a stage declares; `step` does.
        """
        return F.cross_entropy(logits, labels)

    def step(self, batch: Batch) -> Tensor:
        """Return the loss of a batch, a scalar: `batch.cross_entropy` of its logits, or the method's own `loss`.

        A method overrides it that needs more, for instance soft targets, features from `forward`'s extras, the epoch,
        or something random. `batch.cross_entropy(logits)` heeds the class weights, label smoothing and mixup that a
        stage declares. Where a stage splits its batches (`Stage.accumulate`), each part is a batch here, weighted by
        its clips.
        """
        logits = logits_of(self(batch.inputs))
        if type(self).loss is Method.loss:
            return batch.cross_entropy(logits)
        return self.loss(logits, batch.labels)

    def prepare(self, train: TrainingClips) -> None:
        """Look at the training part before training, such as for prototypes, a cache of features or class counts.

        Called once, without gradients and in evaluation mode, with training clips in their test view. What is computed
        is kept in buffers, which are stored with the weights, or in parameters that are there already.
        """

    def stages(self) -> Sequence[Stage]:
        """Return how the method is trained, stage after stage. None: zero-shot."""
        return ()

    def grow_to_final(self) -> None:
        """Run every stage's `before` hook, so that the module has its final structure. Loads no weights."""
        for stage in self.stages():
            if stage.before is not None:
                stage.before()

    def forward_frames(self, inputs: Tensor) -> Tensor:
        """Return logits (B, C) of frames (B, T, 3, H, W), the frozen encoder included: what a clip costs in all."""
        if self.encoder is None:
            return logits_of(self(inputs))
        with torch.no_grad():
            features = encode_clips(self.encoder, inputs)  # (B, T, D)
        return logits_of(self(features))
