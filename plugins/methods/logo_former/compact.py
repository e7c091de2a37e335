"""What LOGO-Former and STT share in training: cross-entropy and a loss that keeps a class together."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from harness import Stage
from harness.models import Batch, NetworkMethod, Outputs
from harness_plugins.methods.logo_former import CompactOptions
from harness_plugins.methods.logo_former.losses import asymmetric, class_divergence, pair_divergence

DIVERGENCES = {"pairs": pair_divergence, "classes": class_divergence}


class CompactMethod(NetworkMethod):
    """A network whose loss has a further part, over the clips of a batch together."""

    def __init__(self, options: CompactOptions) -> None:
        super().__init__(options)
        self.own = options

    def classification(self, batch: Batch, outputs: Outputs) -> Tensor:
        """Return cross-entropy and the weighted divergence; or the asymmetric loss in the place of both."""
        if self.own.compact == "asl":
            return asymmetric(outputs.logits, batch.labels)
        loss = super().classification(batch, outputs)
        if self.own.compact == "none":
            return loss
        divergence = DIVERGENCES[self.own.compact](outputs.logits, batch.labels)
        return loss + self.own.compact_weight * divergence

    def stages(self) -> list[Stage]:
        """Return the recipe; a divergence needs the clips of a batch together."""
        (stage,) = super().stages()
        together = stage.whole_batch or self.own.compact in DIVERGENCES
        return [replace(stage, whole_batch=together)]
