"""Networks that see the frames of a clip and are trained as a whole, in one stage."""

from __future__ import annotations

from torch import Tensor

from harness.core.recipe import Schedule, Stage
from harness.models.batch import Batch, Outputs
from harness.models.clustering import FORMS, ec_stfl
from harness.models.method import Method
from harness.models.network_options import NetworkOptions


class NetworkMethod(Method):
    """A network that is trained as a whole: `forward` returns `Outputs(logits, {"features": x})`.

    The features (B, D) are what the classifier sees; EC-STFL works on them.
    """

    def __init__(self, options: NetworkOptions) -> None:
        super().__init__()
        self.options = options

    def step(self, batch: Batch) -> Tensor:
        """Return the loss of a batch: that of its classes."""
        return self.classification(batch, self(batch.inputs))

    def classification(self, batch: Batch, outputs: Outputs) -> Tensor:
        """Return cross-entropy and, where the options say so, EC-STFL of the features."""
        loss = batch.cross_entropy(outputs.logits)
        form = FORMS.get(self.options.loss)
        if form is None:
            return loss
        apart = ec_stfl(outputs.extras["features"], batch.labels, form)
        return loss + self.options.loss_weight * apart

    def stages(self) -> list[Stage]:
        """Return one stage, in which everything moves."""
        return [whole_stage(self.options)]


def whole_stage(options: NetworkOptions) -> Stage:
    """Return the stage that trains all parameters at one rate."""
    drops = range(
        options.step_epochs or options.epochs,
        options.epochs,
        options.step_epochs or 1,
    )
    sgd = options.optimizer == "sgd"
    return Stage(
        name="all",
        epochs=options.epochs,
        batch_size=options.batch_size,
        lr={"": options.learning_rate},
        optimizer=options.optimizer,
        momentum=options.momentum if sgd else 0.9,  # which Adam does not read
        weight_decay=options.weight_decay,
        decay_vectors=options.decay_vectors,
        schedule=Schedule("milestones", milestones=tuple(drops)) if drops else Schedule("constant"),
        whole_batch=options.loss in FORMS,
    )


def scaled(
    channels: int,
    width: float,
    multiple: int = 8,
) -> int:
    """Return a share of the channels, a multiple of 8 or of another number; all of them where it is 1."""
    if width == 1:
        return channels
    return max(multiple, multiple * round(channels * width / multiple))
