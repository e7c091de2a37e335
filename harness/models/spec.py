"""A method as a plugin offers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from harness.core import options
from harness.core.backbone_spec import CLIP, NONE
from harness.core.errors import BadOption, HarnessError, suggestion
from harness.core.frame_input import FrameInput
from harness.core.lazy import load_object
from harness.core.options import NoOptions, flatten
from harness.core.public_keys import PublicKeys
from harness.core.weights_spec import WeightsSpec

if TYPE_CHECKING:
    from harness.models.method import Method, Task


FACTS = (  # fields that describe the method and change no number
    *("family", "architecture", "pretraining", "modality", "face_data", "venue", "year", "paper", "code", "exactness"),
)

CONTRACT = ("loss", "step", "stages", "prepare", "grow_to_final", "forward_frames")  # of `Method`

# What a method reads from the feature cache: lets a run encode it beforehand, in parallel.
Features = Literal["none", "test", "train+test"]


# How far an implementation goes: equal to public code or to what a paper prints, written from a paper's description,
# or only in the manner of it.
Exactness = Literal["", "exact", "reading", "sketch"]

SOURCE = "source"  # recipe that every method has: its defaults

SKETCH = "sketch"  # whose rows are never ranked

# What the harness can feed a method with.
STREAMS = ("frames",)

# Ends of file names by which an option names weights.
FILES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".npz", ".npy", ".pkl", ".onnx")


@dataclass(frozen=True)
class MethodSpec:
    """A method of the benchmark: the 'model' hook. `build(task, options)` returns a `harness.models.method.Method`.

    Attributes:
        name: as on the command line.
        version: raised when a change alters results.
        build: `build(task, options)`; or "module:Class", so that listing imports no torch.
        options: a frozen dataclass of typed options.
        input: what it wants to see of a clip.
        features: what it reads from the feature cache.
        gpus: that a job asks for where there are any: 1, or a fraction, which shares one.
        summary: one line for `harness list`.
        paper: authors, title and venue, or an address.
        published: key of leaderboards/published.
        demo: overrides that make a short recipe for the demo.
        backbone: what it runs on: `clip`, the run's; `none`, where it brings all of its network; or a name of its own.
        paper_backbone: of a method on the run's CLIP: what its paper used, for `--backbone paper`.
        weights: files that it needs beside the backbone.
        streams: what it is fed of a clip; a method that needs more than frames cannot run yet.
        prepares: whether it reads training clips in their test view, in `Method.prepare`.
        recipes: named sets of options, such as those of another paper's table.
        starts_from: of a recipe whose training starts from weights that others trained: which file a run has to give
            it, for people.
        by_dataset: overrides by the name of a dataset, where a recipe differs from one to the other. A recipe of
            `recipes`, the demo and what a user sets come over them.
        family: of its network, as "CLIP", "image network and time", "3D network" or "self-supervised".
        architecture: of a method without a backbone, as its row names it: "ResNet-18 + Transformer".
        pretraining: data that its weights were trained on before: "MS-Celeb-1M".
        modality: of what it uses: visual, audio, text.
        face_data: labelled faces used before, which other methods of a table may not have seen.
        venue: as "CVPR 2022".
        year: of publication.
        code: address of public code.
        exactness: how far the implementation goes.
        small: overrides over the demo's that make it small, for `harness conform`: fewer frames, pixels, channels.
        in_demo: whether the demo runs it where no methods are named.
        public_keys: names of the tensors in the files that its authors publish; None: there are none.
    """

    name: str
    version: str
    build: str | Callable[[Task, Any], Method]
    options: type = NoOptions
    input: FrameInput = FrameInput()  # noqa: RUF009  (frozen)
    features: Features = "none"
    gpus: float = 1.0
    summary: str = ""
    paper: str = ""
    published: str = ""
    demo: Mapping[str, Any] = field(default_factory=dict)
    backbone: str = CLIP
    paper_backbone: str = ""
    weights: tuple[WeightsSpec, ...] = ()
    streams: tuple[str, ...] = STREAMS
    prepares: bool = False
    recipes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    family: str = ""
    architecture: str = ""
    pretraining: str = ""
    modality: tuple[str, ...] = ("visual",)
    face_data: str = ""
    venue: str = ""
    year: int | None = None
    code: str = ""
    exactness: Exactness = ""
    small: Mapping[str, Any] = field(default_factory=dict)
    by_dataset: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    starts_from: Mapping[str, str] = field(default_factory=dict)
    in_demo: bool = True
    public_keys: PublicKeys | None = None

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise ValueError(f"method {self.name!r}: {problem}")

    def _problems(self) -> Iterator[str]:
        if not 0 <= self.gpus <= 1:
            yield f"gpus={self.gpus:g}, but a job trains on one GPU: 1, or a fraction, which shares it"
        if self.paper_backbone and self.backbone != CLIP:
            yield f"paper_backbone is of methods on the run's CLIP; backbone={self.backbone!r} is its own already"
        if self.features != "none" and self.backbone == NONE:
            yield "features come from a backbone, and it says backbone='none'"
        if len({declared.name for declared in self.weights}) < len(self.weights):
            yield "two of its weights have one name"
        if self.exactness not in get_args(Exactness):
            yield f"exactness {self.exactness!r} is none of {', '.join(map(repr, get_args(Exactness)))}"
        if SOURCE in self.recipes:
            yield f"recipe {SOURCE!r} is that of its defaults; give yours another name"
        for recipe in self.starts_from:
            if recipe not in self.recipes:
                yield f"starts_from names recipe {recipe!r}, which it has not; {suggestion(recipe, self.recipes)}"
        if self.starts_from and self.public_keys is None:
            yield "starts_from names files, and public_keys does not say how the names in them become its own"
        if self.name.endswith(f"-{SKETCH}") and not self.is_sketch:
            yield f"its name calls it a sketch, and exactness={self.exactness!r} does not; say exactness={SKETCH!r}"

    @property
    def is_sketch(self) -> bool:
        """Whether its key part is its implementer's: it is run only by its name, and never ranked."""
        return self.exactness == SKETCH

    @property
    def needs(self) -> dict[str, list[str]]:
        """Names of what has to be there beside its code: weights and streams."""
        return {"weights": [declared.name for declared in self.weights], "streams": list(self.streams)}

    def facts(self) -> dict[str, Any]:
        """Return what a table says of the method beside its numbers; part of no identity."""
        return {name: getattr(self, name) for name in FACTS if getattr(self, name)} | {"needs": self.needs}

    def settle(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], FrameInput]:
        """Return options and frame input: flat `values` (`NAME`, `input.NAME`) over the method's own.

        Raises:
            BadOption: there is no such option, or a value does not fit it.
        """
        own = {name: value for name, value in values.items() if not name.startswith("input.")}
        seen = {name.removeprefix("input."): value for name, value in values.items() if name.startswith("input.")}
        settled = asdict(options.build(self.options, own, self.name))
        for name, value in settled.items():
            if names_a_file(value):
                raise BadOption(
                    f"{self.name}.{name}: {value} is a file, which an option would know by its path and not by what is "
                    f"in it; the method's spec has to declare it: weights=(WeightsSpec(...),)"
                )
        return settled, options.build(
            FrameInput,
            seen,
            f"{self.name}.input",
            base=self.input,
        )

    def recipe(self, name: str) -> dict[str, Any]:
        """Return the flat overrides of a recipe; none of `source`, which is the method's own, and of no name.

        Raises:
            BadOption: the method has no such recipe.
        """
        if name in ("", SOURCE):
            return {}
        if name not in self.recipes:
            raise BadOption(f"method {self.name!r} has no recipe {name!r}; {suggestion(name, [SOURCE, *self.recipes])}")
        return flatten(self.recipes[name])

    def on(self, dataset: str) -> dict[str, Any]:
        """Return the flat overrides of a dataset; none where its recipe is that of all."""
        return flatten(self.by_dataset.get(dataset, {}))

    def told_by_dataset(self, dataset: str) -> dict[str, Any]:
        """Return what `by_dataset` makes of each option that it names for some dataset, by flat name.

        Raises:
            BadOption: there is no such option, or a value does not fit it.
        """
        settled, seen = self.settle(self.on(dataset))
        whole = {**settled, **{f"input.{name}": value for name, value in asdict(seen).items()}}
        names = sorted({name for own in self.by_dataset for name in self.on(own)})
        return {name: whole[name] for name in names if name in whole}

    def construct(
        self,
        task: Task,
        values: Mapping[str, Any],
    ) -> Method:
        """Return the method's module with these options. Raises: BadOption."""
        build: Callable[[Task, Any], Method] = load_object(self.build) if isinstance(self.build, str) else self.build
        method = build(task, options.build(self.options, values, self.name))
        check_contract(method, self.name)
        return method


def names_a_file(value: object) -> bool:
    """Return whether an option's value names a file: a path, or text that ends as files of weights do."""
    if isinstance(value, Path):
        return True
    if isinstance(value, list | tuple):
        return any(map(names_a_file, value))
    if not isinstance(value, str) or not value:
        return False
    return value.endswith(FILES) or (Path(value).is_absolute() and Path(value).is_file())


def check_contract(method: object, name: str) -> None:
    """Look at what a plugin built.

    Raises:
        HarnessError: it is no `Method`, or keeps something else under a name of the contract.
    """
    from harness.models.method import Method

    if not isinstance(method, Method):
        raise HarnessError(f"method {name!r}: build returned a {type(method).__name__}, which is no harness.Method")
    for taken in CONTRACT:
        if taken in {*vars(method), *method._modules, *method._parameters, *method._buffers}:
            raise HarnessError(
                f"method {name!r} keeps something of its own as {taken!r}, which is a method that the harness calls; "
                f"give it another name"
            )
