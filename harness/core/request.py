"""What a bench is asked for: the flags of the command line over the keys of a bench file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from harness.core import limits
from harness.core.bench_file import read_bench_file
from harness.core.errors import BadOption, suggestion
from harness.core.job import OnBadSample, Selection
from harness.core.options import flatten
from harness.core.text import in_short


def parse_names(value: Any) -> list[str]:
    """Return a list of names; `a,b`, `[a, b]` and `1` all are one."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        return [str(value)]
    if len(value) > limits.MOST_NAMES:
        raise ValueError(f"{len(value):,} are more than can be meant, at most {limits.MOST_NAMES:,}")
    return [str(item) for item in value]


def _gpus(value: float) -> float:
    if value > 1 and value != int(value):
        raise ValueError("more than one GPU has to be a whole number")
    return value


def _in_a_list(value: Any) -> Any:
    return [value] if isinstance(value, str | Path) else value


def _given(value: Any) -> Any:
    if value == "":
        raise ValueError("is empty, as a variable of a shell that is not set is")
    return value


Folder = Annotated[Path, BeforeValidator(_given), AfterValidator(limits.usable_path)]
Text = Annotated[str, BeforeValidator(_given), Field(max_length=limits.LONGEST_PATH)]
Names = Annotated[list[Text], BeforeValidator(parse_names), Field(max_length=limits.MOST_NAMES)]
Asked = Annotated[Names, Field(min_length=1)]
Seed = Annotated[int, Field(ge=0, le=limits.LARGEST_SEED)]
Seeds = Annotated[list[Seed], BeforeValidator(parse_names), Field(min_length=1, max_length=limits.MOST_SEEDS)]
Cores = Annotated[int, Field(ge=1, le=limits.MOST_CORES)]


def parse_layouts(value: Any) -> Any:
    """Return `["dfew=CLIPS:LISTS"]` as `{"dfew": "CLIPS:LISTS"}`. Raises: ValueError for another form."""
    if not isinstance(value, list | tuple):
        return value
    pairs = [str(text).partition("=") for text in value]
    if not all(name.strip() and layout.strip() for name, _, layout in pairs):
        raise ValueError("expected DATASET=CLIPS:LISTS, as in dfew=DFEW_Frame_Face")
    return {name.strip(): layout.strip() for name, _, layout in pairs}


def parse_files(value: Any) -> Any:
    """Return `["METHOD=FILE"]` as `{"METHOD": "FILE"}`.

    Raises:
        ValueError: another form, or a method that is named twice.
    """
    if not isinstance(value, list | tuple):
        return value
    pairs = [str(text).partition("=") for text in value]
    if not all(name.strip() and file.strip() for name, _, file in pairs):
        raise ValueError("expected METHOD=FILE, as in former-dfer=former-dfer-fold1.pth")
    found = {name.strip(): file.strip() for name, _, file in pairs}
    if len(found) < len(pairs):
        raise ValueError("names a method twice; a method takes one file")
    return found


Files = Annotated[dict[str, Folder], BeforeValidator(parse_files), Field(max_length=limits.MOST_NAMES)]


class Variant(BaseModel):
    """`[[variant]]`: a method under other options, with a leaderboard row of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Text
    method: Text
    backbone: str = ""  # as --backbone takes it; empty: the run's
    recipe: str = ""  # one of the method's; `set` is laid over it
    set: dict[str, Any] = {}


class Request(BaseModel):
    """A bench. Keys of a bench file equal the long flags, with `-` or `_`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    methods: Asked | None = None  # None: all, or none beside variants
    datasets: Asked | None = None  # None: the demo's
    dataset_name: Text | None = None  # of one's own clips among the datasets; None: as it was named, or nameless
    folds: Asked = ["all"]
    seeds: Seeds = [1]
    backbone: Text | None = None  # None: ViT-B-32, or `demo` on the demo
    executor: Literal["ray", "inline"] = "ray"
    selection: Selection = "last"
    out: Folder = Path("runs")
    data_root: Folder | None = None
    layout: Annotated[dict[str, str], BeforeValidator(parse_layouts)] = {}  # dataset -> CLIPS:LISTS
    demo: bool = False
    plugin: Annotated[list[Folder], BeforeValidator(_in_a_list)] = []
    set: dict[str, dict[str, Any]] = {}
    recipe: Text | None = None  # of the methods' own; None: their defaults
    weights: Files = {}  # method -> what its authors trained, which is only tested
    pretrained: Files = {}  # method -> what its training starts from
    variant: Annotated[list[Variant], Field(max_length=limits.MOST_NAMES)] = []
    on_bad_sample: OnBadSample = "fail"
    no_cache: bool = False  # True: encode anew each epoch
    retry_failed: bool = False
    force: bool = False
    keep_stale: bool = False
    save_weights: bool = False
    quick: bool = False  # no latency, no cost: results that are never ranked, which the next full run replaces
    compile: bool = False
    threads: Cores | None = None  # None: as many as a job has CPUs
    loader_workers: Annotated[int, Field(ge=0, le=limits.MOST_PROCESSES)] = 0
    address: Text | None = None
    gpus_per_job: Annotated[float, Field(ge=0, le=limits.MOST_CORES), AfterValidator(_gpus)] | None = (
        None  # None: the method's own
    )
    cpus_per_job: Cores | None = None  # None: the threads of a job
    max_jobs: Annotated[int, Field(ge=1, le=limits.MOST_AT_ONCE)] | None = None  # None: as many as have room
    max_retries: Annotated[int, Field(ge=0, le=limits.MOST_TRIES)] = 2
    job_timeout: Annotated[float, Field(gt=0, le=limits.MOST_SECONDS)] | None = None  # seconds
    collect: bool = False
    ship_code: bool = False
    logs: bool = False
    trackers: Names = []
    checkpoint_every: Annotated[int, Field(ge=0, le=limits.MOST_EPOCHS)] = 1  # epochs; 0: only when asked to stop


def build_request(given: Mapping[str, Any], bench_file: Path | None = None) -> Request:
    """Lay flags that were given over the keys of a bench file over the defaults.

    Raises:
        BadOption: an unknown key (with the closest right one) or a value of the wrong type; names the bench file.
    """
    from_file = read_bench_file(bench_file) if bench_file is not None else {}
    flags = {key: value for key, value in given.items() if value is not None}
    merged = {**from_file, **flags}
    merged["set"] = _merge(from_file.get("set", {}), flags.get("set", {}))
    where = f"{bench_file}: " if bench_file is not None else ""
    for key in merged:
        if key not in Request.model_fields:
            known = [name.replace("_", "-") for name in Request.model_fields]
            raise BadOption(f"{where}unknown key {key!r}; {suggestion(key.replace('_', '-'), known)}")
    try:
        return Request(**merged)
    except ValidationError as error:
        raise BadOption(where + _explain(error)) from error


def parse_overrides(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return `METHOD.OPTION=VALUE` texts as {method: {option: value}}. Raises: BadOption on another form."""
    overrides: dict[str, dict[str, str]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        method, dot, name = key.strip().partition(".")
        if not (equals and dot and method and name):
            raise BadOption(f"--set {text!r} is not METHOD.OPTION=VALUE, as in --set coop.context_tokens=8")
        overrides.setdefault(method, {})[name] = value
    return overrides


def _merge(low: Any, high: Any) -> Any:
    parts = [part for side in (low, high) for part in (side.values() if isinstance(side, Mapping) else [side])]
    if not all(isinstance(part, Mapping) for part in (low, high, *parts)):
        return low or high  # left for the validator to refuse
    merged = {}
    for method in {**low, **high}:
        merged[method] = {**flatten(low.get(method, {})), **flatten(high.get(method, {}))}
    return merged


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{path}: unknown key; {suggestion(str(first['loc'][-1]), Variant.model_fields)}"
    return f"{path}: {first['msg']} (got {in_short(first['input'])})"


DEFAULT_BACKBONE = "ViT-B-32"

DEMO_BACKBONE = "demo"
