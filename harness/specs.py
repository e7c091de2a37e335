"""The nouns of the harness: frozen, and free of torch, so that `harness list` answers at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from harness import options
from harness.frame_input import FrameInput as FrameInput  # one of the nouns, in a file of its own
from harness.lazy import load_object

if TYPE_CHECKING:
    import numpy as np

    from harness.found import Inventory
    from harness.method import Method, Task

T = TypeVar("T")
Selection = Literal["last", "val", "oracle"]
Status = Literal["done", "failed"]
OnBadSample = Literal["fail", "skip"]
# What a method reads from the feature cache: lets a run encode it beforehand, in parallel.
Features = Literal["none", "test", "train+test"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled video: a folder of frames or a video file."""

    id: str  # unique in its dataset, e.g. "00001" or "Action/Happy/0015"
    source: Path  # absolute
    label: int  # index into DatasetSpec.classes
    group: str = ""  # subject, scene or movie where known; for leak checks and whole-group hold-outs
    frames: int = 0  # counted by the harness, never taken from an annotation


@dataclass(frozen=True)
class Fold:
    """One official split of a dataset."""

    train: Sequence[Sample]
    test: Sequence[Sample]


@dataclass(frozen=True)
class ClassLabel:
    """One expression: the noun used in prompts and results, and how the annotation writes it."""

    name: str  # "happiness"
    word: str  # "Happy"
    number: int | None = None  # official number, 1-based in DFEW


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset and its official protocol. `load(root, fold)` reads annotations only; the harness counts frames."""

    name: str
    version: str
    title: str  # as papers print it
    folder: str  # below the data root
    classes: tuple[ClassLabel, ...]
    folds: tuple[str, ...]
    load: Callable[[Path, str], Fold]
    paper: str = ""
    read: Callable[[Path, str], Inventory] | None = (
        None  # all folds of a root, in the layout asked for; else `load` reads
    )
    counts: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)  # train, test per class
    split_sha256: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # of the official train and test
    overlaps: tuple[str, ...] = ()  # what it shares with other datasets, as sentences
    temporal_pairs: tuple[tuple[str, str], ...] = ()  # class pairs that only time separates, in the demo replica
    write_demo: str = ""  # "module:function" that writes a synthetic replica, (root, pairs, seed, progress)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The nouns, in label order."""
        return tuple(c.name for c in self.classes)


@dataclass(frozen=True)
class BackboneSpec:
    """A CLIP of open_clip. `weights` is the default source: a tag of open_clip, a file, or `random`."""

    name: str
    model: str  # open_clip architecture, or the path of a JSON file with its configuration
    weights: str
    summary: str = ""


@dataclass(frozen=True)
class Schedule:
    """Learning rate over a stage; see `harness.training.schedule` for the formulae."""

    kind: Literal["constant", "cosine", "milestones"] = "cosine"
    per: Literal["epoch", "step"] = "epoch"
    warmup_epochs: int = 0
    warmup: Literal["linear", "constant"] = "linear"
    warmup_lr: float = 1e-5  # of a constant warm-up
    min_lr: float = 0.0  # floor of the cosine
    period: Literal["rest", "all"] = "rest"  # the cosine's half period: what is left after warm-up, or all epochs
    milestones: tuple[int, ...] = ()  # epochs
    gamma: float = 0.1


@dataclass(frozen=True)
class Stage:
    """One stretch of training. Only parameters under a prefix in `lr` move; everything else is frozen."""

    name: str
    epochs: int
    batch_size: int
    lr: Mapping[str, float]  # parameter-name prefix -> learning rate; one parameter group each
    optimizer: Literal["sgd", "adamw"] = "sgd"
    momentum: float = 0.9  # SGD
    betas: tuple[float, float] = (0.9, 0.999)  # AdamW
    weight_decay: float = 0.0
    decay_vectors: bool = True  # False: parameters with fewer than two dimensions are not decayed
    schedule: Schedule = Schedule()
    clip_norm: float = 0.0  # 0 = off
    accumulate: int = 1  # micro-batches per step; `batch_size` stays the effective batch
    precision: Literal["float32", "amp"] = "amp"  # amp: bfloat16 autocast, on a GPU only
    before: Callable[[], None] | None = None  # called once before the stage, e.g. to grow a module


@dataclass(frozen=True)
class NoOptions:
    """A method without options."""


@dataclass(frozen=True)
class MethodSpec:
    """A method of the benchmark: the 'model' hook. `build(task, options)` returns a `harness.method.Method`."""

    name: str
    version: str
    build: str | Callable[[Task, Any], Method]  # or "module:Class", so that listing imports no torch
    options: type = NoOptions  # a frozen dataclass of typed options
    input: FrameInput = FrameInput()  # noqa: RUF009  (frozen)
    features: Features = "none"
    gpus: float = 1.0  # that a job asks for where there are any; a fraction shares one
    summary: str = ""
    paper: str = ""
    published: str = ""  # key of leaderboards/published
    demo: Mapping[str, Any] = field(default_factory=dict)  # overrides that make a short recipe for the demo

    def __post_init__(self) -> None:
        if self.gpus < 0 or (self.gpus > 1 and self.gpus != int(self.gpus)):
            raise ValueError(f"method {self.name!r}: gpus={self.gpus:g} is neither a fraction nor a whole number")

    def settle(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], FrameInput]:
        """Return options and frame input: flat `values` (`NAME`, `input.NAME`) over the method's own.

        Raises:
            BadOption: there is no such option, or a value does not fit it.
        """
        own = {name: value for name, value in values.items() if not name.startswith("input.")}
        seen = {name.removeprefix("input."): value for name, value in values.items() if name.startswith("input.")}
        settled = asdict(options.build(self.options, own, self.name))
        return settled, options.build(FrameInput, seen, f"{self.name}.input", base=self.input)

    def construct(self, task: Task, values: Mapping[str, Any]) -> Method:
        """Return the method's module with these options. Raises: BadOption."""
        build: Callable[[Task, Any], Method] = load_object(self.build) if isinstance(self.build, str) else self.build
        return build(task, options.build(self.options, values, self.name))


@dataclass(frozen=True)
class Predictions:
    """What a metric sees. `logits` are finite or the job has failed."""

    labels: np.ndarray  # (N,) int
    logits: np.ndarray  # (N, C) float32
    classes: tuple[str, ...]

    @cached_property
    def predicted(self) -> np.ndarray:
        """(N,) index of the largest logit."""
        largest: np.ndarray = self.logits.argmax(axis=1)
        return largest

    @cached_property
    def confidence(self) -> np.ndarray:
        """(N,) largest softmax probability, in float64: a sum in float32 moves clips between bins of confidence."""
        import numpy as np

        exact = self.logits.T.astype(np.float64, order="C")  # (C, N), so that sums do not depend on the layout
        exponentials = np.exp(exact - exact.max(axis=0))  # the largest is 1
        highest: np.ndarray = 1 / exponentials.sum(axis=0)
        return highest


@dataclass(frozen=True)
class MetricSpec:
    """A figure of merit. `compute` returns a fraction, or one per class by name."""

    name: str  # key in result.json: "war"
    title: str  # as printed: "WAR"
    compute: Callable[[Predictions], float | Mapping[str, float]]
    higher_is_better: bool = True
    unit: Literal["percent", "number"] = "percent"  # how tables print it; stored values are fractions


@dataclass(frozen=True)
class Protocol:
    """What must be equal for two methods to be ranked together."""

    dataset: str
    dataset_version: str
    crop_source: str
    split_sha256: str  # of all folds
    classes: tuple[str, ...]
    selection: Selection = "last"
    aggregation: str = "mean-of-folds"
    test_views: int = 1

    @property
    def hash(self) -> str:
        """Stands on every row; rows of different hashes never share a ranking."""
        return digest(self)


@dataclass(frozen=True)
class BackboneId:
    """The backbone as an identity: the name asked for and the hash of its weights."""

    name: str
    weights: str
    sha256: str


@dataclass(frozen=True)
class JobSpec:
    """One fold, one method, one seed: the unit that is planned, run, stored and skipped. Plain JSON."""

    dataset: str
    fingerprint: str
    fold: str
    method: str
    method_version: str
    seed: int
    options: Mapping[str, Any]
    input: FrameInput
    backbone: BackboneId
    protocol: Protocol
    variant: str = ""
    on_bad_sample: OnBadSample = "fail"
    demo: bool = False

    @cached_property
    def id(self) -> str:
        """12 hex digits of a hash of every field: nothing in it names a worker, a device count or a path."""
        return digest(self)

    @property
    def row(self) -> str:
        """The leaderboard row this job belongs to."""
        return self.variant or self.method

    @property
    def label(self) -> str:
        """How logs and progress lines call the job."""
        return f"{self.dataset}/{self.fold} {self.row} seed {self.seed}"

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the job again."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JobSpec:
        """The job that `to_json` described."""
        nested = {
            "input": _restore(FrameInput, data["input"]),
            "backbone": BackboneId(**data["backbone"]),
            "protocol": _restore(Protocol, data["protocol"]),
        }
        return cls(**{**data, **nested})


# Fields that were part of identities when the first ids were stored; nothing is ever added here.
FIRST_FIELDS: Mapping[str, frozenset[str]] = {
    "JobSpec": frozenset(
        {"dataset", "fingerprint", "fold", "method", "method_version", "seed", "options", "input", "backbone"}
        | {"protocol", "variant", "on_bad_sample", "demo"}
    ),
    "FrameInput": frozenset(
        {"frames", "size", "sampling", "duration", "normalisation", "base_size", "crop_size", "augmentation"}
        | {"crop_scale", "colour_jitter", "rotation", "views"}
    ),
    "BackboneId": frozenset({"name", "weights", "sha256"}),
    "Protocol": frozenset(
        {"dataset", "dataset_version", "crop_source", "split_sha256", "classes"}
        | {"selection", "aggregation", "test_views"}
    ),
}


def digest(data: Any, length: int = 12) -> str:
    """First hex digits of the SHA-256 of the canonical JSON of plain data and dataclasses."""
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_fields)
    return hashlib.sha256(canonical.encode()).hexdigest()[:length]


def _fields(data: Any) -> dict[str, Any]:
    """Return the fields that enter a digest, as `asdict` would, without copying: every job of a plan is asked its id.

    A field that came after the first ids were stored enters only where it is not at its default, so that ids keep.
    """
    first = FIRST_FIELDS.get(type(data).__name__)
    values = {}
    for f in fields(data):
        value = getattr(data, f.name)
        if first is None or f.name in first or value != _default(f):
            values[f.name] = value
    return values


def _default(later: Field[Any]) -> Any:
    return later.default if later.default_factory is MISSING else later.default_factory()


def _restore(cls: Callable[..., T], data: Mapping[str, Any]) -> T:
    return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})
