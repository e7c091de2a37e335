"""What passes between the harness and a method: batches of clips in, logits out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from harness.core.dataset_spec import Sample
from harness.core.errors import HarnessError
from harness.models.criterion import Criterion
from harness.models.inputs import Inputs

CLIPS_AT_ONCE = 64  # of `TrainingClips`


@dataclass(frozen=True)
class Outputs:
    """Logits (B, C) with named extras, such as features or auxiliary logits, for the method's own `step`."""

    logits: Tensor
    extras: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """The clips of a step of training, and where in training it is taken.

    Attributes:
        inputs: features (B, T, D) of a frozen encoder, or frames (B, T, 3, H, W).
        labels: (B,) index of the class of each clip.
        targets: (B, C) soft targets, where the dataset gives them for every clip of the batch.
        ids: of the clips.
        stage: name of the stage; "" before training.
        epoch: counted from 0 within the stage.
        progress: part of the stage's steps that are over: 0 at its first step, below 1 at its last.
        generator: for what is random in a loss, such as another mixup. On the CPU, seeded by job, stage, epoch and
            step, so that it gives the same numbers on every device and after an interruption.
        partners: (B,) labels of the clips that these are mixed with, where the stage says mixup.
        share: lambda, the part of a clip in its mixture; that of its partner is 1 - lambda.
        criterion: what `cross_entropy` goes by.
        whole: labels of the whole batch, where this is a part of one.
    """

    inputs: Tensor
    labels: Tensor
    targets: Tensor | None
    ids: tuple[str, ...]
    stage: str
    epoch: int
    progress: float
    generator: torch.Generator
    partners: Tensor | None = None
    share: float = 1.0
    criterion: Criterion = field(default_factory=Criterion)
    whole: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def split(self, size: int) -> Iterator[Batch]:
        """Yield micro-batches of at most `size` clips; they share the generator, which goes on from one to the next."""
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield replace(
                self,
                inputs=self.inputs[part],
                labels=self.labels[part],
                targets=None if self.targets is None else self.targets[part],
                ids=self.ids[part],
                partners=None if self.partners is None else self.partners[part],
                whole=self.labels if self.whole is None else self.whole,
            )

    def mixed(self, alpha: float) -> Batch:
        """Return the batch with each clip mixed with that in its place from behind, by a draw of Beta(alpha, alpha).

        As in timm's batch mode: one lambda a batch. Drawn from a generator of its own, seeded by that of the batch.
        """
        seed = int(torch.randint(2**31, (), generator=self.generator))
        share = float(np.random.default_rng(seed).beta(alpha, alpha))
        return replace(
            self,
            inputs=share * self.inputs + (1 - share) * self.inputs.flip(0),
            partners=self.labels.flip(0),
            share=share,
        )

    def cross_entropy(self, logits: Tensor) -> Tensor:
        """Return the loss of logits (B, C), a scalar, with the class weights, smoothing and mixup of the stage.

        Where it declares none of them: torch.nn.functional.cross_entropy of logits and labels.
        """
        whole = self.labels if self.whole is None else self.whole
        loss = self.criterion(logits, self.labels, whole)
        if self.partners is None:
            return loss
        return self.share * loss + (1 - self.share) * self.criterion(logits, self.partners, whole)


def soft_targets(samples: Sequence[Sample], device: torch.device) -> Tensor | None:
    """Return the soft targets (B, C) of clips; None unless each has some."""
    if not samples or not all(sample.targets for sample in samples):
        return None
    return torch.tensor([sample.targets for sample in samples], device=device)


def logits_of(output: object) -> Tensor:
    """Return the logits (B, C) of what `Method.forward` returned.

    Raises:
        HarnessError: it returned neither a tensor (B, C) of floating-point numbers nor `Outputs`.
    """
    logits = output.logits if isinstance(output, Outputs) else output
    if isinstance(logits, Tensor):
        if not logits.is_floating_point():
            raise HarnessError(f"forward returned logits of {logits.dtype}; they have to be floating-point numbers")
        if logits.ndim != 2:
            raise HarnessError(f"forward returned logits of shape {tuple(logits.shape)}; they have to be (B, C)")
        return logits
    raise HarnessError(
        f"forward returned a {type(output).__name__}; it has to return logits (B, C), or, where its step needs more, "
        f"harness.models.Outputs(logits, extras)"
    )


class TrainingClips:
    """The training part of the fold in its test view, as `Method.prepare` sees it, in the order of the clips' ids."""

    def __init__(self, inputs: Inputs, device: torch.device) -> None:
        self._inputs = inputs
        self._device = device

    def __len__(self) -> int:
        return len(self._inputs.samples)

    @property
    def labels(self) -> Tensor:
        """(N,) index of the class of each clip."""
        return torch.tensor([sample.label for sample in self._inputs.samples], device=self._device)

    def __iter__(self) -> Iterator[Batch]:
        """Yield all clips, 64 at a time."""
        samples = self._inputs.samples
        numbers = list(range(len(samples)))
        rows = [numbers[start : start + CLIPS_AT_ONCE] for start in range(0, len(samples), CLIPS_AT_ONCE)]
        for row, (inputs, labels) in zip(rows, self._inputs.batches(rows, 0, self._device), strict=True):
            clips = [samples[number] for number in row]
            targets, ids = soft_targets(clips, self._device), tuple(clip.id for clip in clips)
            yield Batch(inputs, labels, targets, ids, "", 0, 0.0, torch.Generator().manual_seed(row[0]))
