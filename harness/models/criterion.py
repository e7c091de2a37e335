"""The cross-entropy of a stage, with what it declares of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.core.errors import HarnessError
from harness.core.recipe import Stage


class Criterion:
    """Cross-entropy with the class weights and the label smoothing of a stage, over clips that may be mixed.

    It remembers whether it was asked: what a stage declares is otherwise of no effect.
    """

    def __init__(
        self,
        class_weights: str | tuple[float, ...] = (),
        label_smoothing: float = 0.0,
        labels: Sequence[int] = (),
    ) -> None:
        """Take what a stage declares, and the labels of all training clips, which "balanced" weights follow."""
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing
        self.counts = torch.bincount(torch.tensor(labels, dtype=torch.long))
        self.asked = False
        self._weights = lru_cache(self._make_weights)

    @classmethod
    def of(cls, stage: Stage, labels: Sequence[int]) -> Criterion:
        """Return that of a stage on these training clips."""
        return cls(stage.class_weights, stage.label_smoothing, labels)

    def __call__(
        self,
        logits: Tensor,
        labels: Tensor,
        mean_over: Tensor,
    ) -> Tensor:
        """Return the loss of logits (B, C) and labels (B,), a scalar.

        With weights it is the weighted mean over a batch, as of torch.nn.functional.cross_entropy, whose parts, if it
        is split, add up to that of the whole: the weights are divided by their mean over the whole batch.

        Args:
            logits: of the clips at hand.
            labels: of the same.
            mean_over: labels of the whole batch.

        Raises:
            HarnessError: there are fewer logits than classes, or not as many weights.
        """
        self.asked = True
        if logits.shape[1] < len(self.counts):  # before a GPU meets such a label, which ends its process
            raise HarnessError(
                f"forward returned {logits.shape[1]} logits a clip, but clips have labels up to "
                f"{len(self.counts) - 1}: make as many as len(task.classes), in the order of task.classes"
            )
        if not self.class_weights:
            return F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        kind = torch.promote_types(logits.dtype, torch.float32)  # autocast gives logits of half of the bits
        weights = self._weights(logits.shape[1], logits.device, kind)
        losses = F.cross_entropy(
            logits.to(kind),
            labels,
            weights,
            reduction="none",
            label_smoothing=self.label_smoothing,
        )
        return losses.mean() / weights[mean_over].mean()

    def _make_weights(
        self,
        classes: int,
        device: torch.device,
        kind: torch.dtype,
    ) -> Tensor:
        """Return the weights (C,); of a class without a training clip "balanced" makes 0."""
        if isinstance(self.class_weights, str):
            counts = F.pad(self.counts, (0, classes - len(self.counts))).double()
            values = (counts.sum() / (classes * counts)).nan_to_num(posinf=0)
        else:
            values = torch.tensor(self.class_weights, dtype=torch.double)
        if len(values) != classes:
            raise HarnessError(f"class_weights has {len(values)} weights, but there are {classes} classes")
        return values.to(device, kind)
