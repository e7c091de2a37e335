"""How a method is trained, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from harness.core.limits import most_of

if TYPE_CHECKING:
    from torch.optim import Optimizer

# Learning rates beyond the warm-up, and the warm-up itself; `harness.training.schedule` has the formulae.
Kind = Literal["constant", "cosine", "cosine-restarts", "milestones", "exponential", "plateau"]
Warmup = Literal["linear", "constant", "from-zero", "from-zero-inclusive", "factor"]
Period = Literal["rest", "all", "from-start"]

OptimizerName = Literal["sgd", "adam", "adamw"]
# Takes parameter groups, each with `params`, `lr` and `weight_decay`.
MakeOptimizer = Callable[[Sequence[dict[str, Any]]], "Optimizer"]

READ = {  # fields of a schedule that only some kinds read
    "period": ("cosine",),
    "min_lr": ("cosine", "cosine-restarts", "plateau"),
    "min_factor": ("cosine", "cosine-restarts", "plateau"),
    "milestones": ("milestones",),
    "gamma": ("milestones", "exponential", "plateau"),
    "patience": ("plateau",),
    "threshold": ("plateau",),
    "restart_epochs": ("cosine-restarts",),
    "restart_factor": ("cosine-restarts",),
}
OF_OPTIMIZER = {"momentum": ("sgd",), "betas": ("adam", "adamw")}


def _no_choice(
    name: str,
    value: object,
    choices: Any,
) -> Iterator[str]:
    if value not in get_args(choices):
        yield f"{name}={value!r} is none of {', '.join(map(repr, get_args(choices)))}"


def _unread(
    owner: Any,
    read: Mapping[str, Sequence[str]],
    chosen: object,
    by: str,
) -> Iterator[str]:
    """Yield which fields are set that this choice does not read."""
    defaults = {f.name: f.default for f in fields(owner)}
    for name, readers in read.items():
        if chosen not in readers and getattr(owner, name) != defaults[name]:
            yield f"{name}={getattr(owner, name)!r} is read with {by}={' or '.join(map(repr, readers))} only"


def _too_many(owner: Any, *names: str) -> Iterator[str]:
    """Yield which counts are more than can be meant."""
    for name in names:
        most = most_of(name)
        if getattr(owner, name) > most:
            yield f"{name}={getattr(owner, name)} is more than can be meant, at most {most:,}"


@dataclass(frozen=True)
class Schedule:
    """Learning rate over a stage, of each parameter group from its own; the formulae: `harness.training.schedule`.

    Attributes:
        kind: constant; cosine; cosine-restarts, which begins again every `restart_epochs`; milestones; exponential;
            plateau, which falls where the mean training loss of an epoch has stopped falling.
        per: whether the rate changes with each epoch or with each step.
        warmup_epochs: epochs of warm-up; 0 = none.
        warmup: linear, from one step's part of the rate; constant, at `warmup_lr`; from-zero; from-zero-inclusive,
            whose last step has the whole rate; factor, which goes up linearly over a schedule that runs already.
        warmup_lr: of a constant warm-up.
        min_lr: floor of a cosine or of a plateau, the same for all groups.
        min_factor: the same as a part of each group's own rate.
        period: of a cosine: from the end of the warm-up, in what is left (rest) or as if in all epochs (all, Dassl's);
            or over all epochs from the first on, the warm-up lying over its beginning (from-start, timm's).
        milestones: epochs at whose beginning the rate falls.
        gamma: what the rate is multiplied by: at a milestone, each epoch (exponential), at a plateau.
        patience: epochs without a better loss that a plateau lets pass.
        threshold: part of the best loss by which a better one has to be lower.
        restart_epochs: length of the first period.
        restart_factor: how much longer each next period is.

    Raises:
        ValueError: values that do not fit, or one that is set and that this kind does not read.
    """

    kind: Kind = "cosine"
    per: Literal["epoch", "step"] = "epoch"
    warmup_epochs: int = 0
    warmup: Warmup = "linear"
    warmup_lr: float = 1e-5
    min_lr: float = 0.0
    min_factor: float = 0.0
    period: Period = "rest"
    milestones: tuple[int, ...] = ()
    gamma: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    restart_epochs: int = 10
    restart_factor: int = 1

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise ValueError(f"schedule {self.kind!r}: {problem}")

    def _problems(self) -> Iterator[str]:
        yield from _no_choice("kind", self.kind, Kind)
        yield from _no_choice("warmup", self.warmup, Warmup)
        yield from _no_choice("period", self.period, Period)
        yield from _no_choice("per", self.per, Literal["epoch", "step"])
        yield from _unread(self, READ, self.kind, "kind")
        yield from _unread(self, {"warmup_lr": ("constant",)}, self.warmup, "warmup")
        if self.warmup_epochs < 0:
            yield f"warmup_epochs={self.warmup_epochs} is negative"
        yield from _too_many(self, "warmup_epochs", "patience", "restart_epochs", "restart_factor")
        if self.min_lr and self.min_factor:
            yield "min_lr and min_factor are two floors; give one"
        if not 0 <= self.min_factor <= 1:
            yield f"min_factor={self.min_factor} is no part of a rate, 0..1"
        if self.restart_epochs < 1 or self.restart_factor < 1:
            yield f"restart_epochs={self.restart_epochs} and restart_factor={self.restart_factor} are at least 1"
        if self.warmup == "factor" and self.period == "from-start":
            yield "warmup='factor' runs from the start already; leave period out"
        if self.kind == "milestones" and not self.milestones:
            yield "names no milestones"


@dataclass(frozen=True)
class Stage:
    """One stretch of training. Only parameters that a key of `lr` names move; everything else is frozen.

    Attributes:
        name: of the stage, as the history shows it.
        epochs: passes over the training clips; 0 switches the stage off, but for what `before` does.
        batch_size: clips of a step of the optimizer.
        lr: learning rates, one parameter group each. A key is the name of a parameter or of a module ("head", of which
            it takes all), a pattern of names with * ("*.bias", "tower.blocks.*.adapter"), or "" for everything; the
            last two leave out what is set as `encoder`, which is frozen. Of the keys that fit a parameter a pattern
            comes before a name, the longer name before the shorter, and "" last; two patterns for one parameter are
            refused. `layer_decay` makes rates that fall with depth.
        optimizer: sgd; adam, whose weight decay is L2; adamw; or a callable that takes the parameter groups, each with
            `params`, `lr` and `weight_decay`, and returns an optimizer of torch's kind.
        momentum: of SGD.
        betas: of Adam and AdamW.
        weight_decay: of every group.
        decay_vectors: False: parameters with fewer than two dimensions are not decayed.
        schedule: of the learning rates.
        clip_norm: largest norm of all gradients together; 0 = as they are.
        accumulate: parts that a batch is split into, for memory; `batch_size` stays the clips of a step.
        precision: amp is bfloat16 autocast, on a GPU only.
        before: called once before the stage, e.g. to grow a module.
        whole_batch: True: the loss is over all clips of a batch together, so that no batch may be split.
        drop_last: True: an epoch leaves out its last batch where that is short.
        sampling: shuffled: each clip once an epoch. balanced: as many clips as there are, drawn with replacement, each
            class as often as any other.
        class_weights: of the cross-entropy, one a class; "balanced" makes N / (C n_c) of the n_c training clips of a
            class; empty = none.
        label_smoothing: part of the target that is spread over all classes, 0..1.
        mixup: alpha of Beta(alpha, alpha), from which each batch draws how its clips are mixed with those of the batch
            in reverse; 0 = not mixed. Of a method on a frozen encoder features are mixed.

    The last three are of the loss: `Method.loss`, if it is not a method's own, and `Batch.cross_entropy` heed them. A
    `step` or `loss` of a method's own that does not ask the latter is refused in such a stage.

    Raises:
        ValueError: values that do not fit, or one that is set and that the optimizer does not read.
    """

    name: str
    epochs: int
    batch_size: int
    lr: Mapping[str, float]
    optimizer: OptimizerName | MakeOptimizer = "sgd"
    momentum: float = 0.9
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    decay_vectors: bool = True
    schedule: Schedule = Schedule()
    clip_norm: float = 0.0
    accumulate: int = 1
    precision: Literal["float32", "amp"] = "amp"
    before: Callable[[], None] | None = None
    whole_batch: bool = False
    drop_last: bool = False
    sampling: Literal["shuffled", "balanced"] = "shuffled"
    class_weights: Literal["balanced"] | tuple[float, ...] = ()
    label_smoothing: float = 0.0
    mixup: float = 0.0

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise ValueError(f"stage {self.name!r}: {problem}")

    def _problems(self) -> Iterator[str]:
        if not callable(self.optimizer):
            yield from _no_choice("optimizer", self.optimizer, OptimizerName)
        yield from _unread(self, OF_OPTIMIZER, self.optimizer, "optimizer")
        yield from _no_choice("sampling", self.sampling, Literal["shuffled", "balanced"])
        yield from _no_choice("precision", self.precision, Literal["float32", "amp"])
        if self.epochs < 0 or self.batch_size < 1 or self.accumulate < 1:
            yield f"epochs={self.epochs}, batch_size={self.batch_size}, accumulate={self.accumulate} are too small"
        yield from _too_many(self, "epochs", "batch_size", "accumulate")
        if self.whole_batch and self.accumulate > 1:
            yield f"whole_batch and accumulate={self.accumulate} contradict each other"
        if not 0 <= self.label_smoothing < 1:
            yield f"label_smoothing={self.label_smoothing} is not in 0..1"
        if self.mixup < 0:
            yield f"mixup={self.mixup} is negative"
        if isinstance(self.class_weights, str):
            yield from _no_choice("class_weights", self.class_weights, Literal["balanced"])
        elif any(not weight >= 0 for weight in self.class_weights):
            yield f"class_weights={self.class_weights} are not all positive"

    @property
    def loss_options(self) -> list[str]:
        """Names of what is set of the loss, and so has to be heeded by it."""
        return [name for name in ("class_weights", "label_smoothing", "mixup") if getattr(self, name)]


EQUAL_MACS = 100 * 9.157  # 1e9 multiply-adds of Former-DFER, as its paper has it, on one clip in its 100 epochs


def equal_macs(gflops: float) -> int:
    """Return in how many epochs a network costs as much as Former-DFER in 100, for recipes called `equal-macs`.

    What is made equal is the forward pass over one clip times epochs; backward is about twice of that in all of them.

    Args:
        gflops: of its forward pass over one clip, in 1e9 multiply-adds.
    """
    return max(1, round(EQUAL_MACS / gflops))


def layer_decay(
    lr: float,
    decay: float,
    layers: Sequence[str | Sequence[str]],
) -> dict[str, float]:
    """Return the rates of `Stage.lr` where each layer learns slower than the one behind it.

    As in BEiT and MAE (fine-tuning): the last entry has the whole rate, the one before it `decay` of that, and so on.

    Args:
        lr: of the last entry.
        decay: such as 0.75.
        layers: keys of `Stage.lr` from the input to the output, those of one depth together:
            `[("tower.patch_embed", "tower.position"), *(f"tower.blocks.{i}" for i in range(12)), ("head",)]`.
    """
    rates = {}
    for depth, layer in enumerate(reversed(layers)):
        for key in (layer,) if isinstance(layer, str) else layer:
            rates[key] = lr * decay**depth
    return rates
