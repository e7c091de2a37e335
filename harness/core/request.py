"""What a bench is asked for: the flags of the command line over the keys of a bench file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from harness.core.errors import BadOption, suggestion
from harness.core.job import OnBadSample, Selection
from harness.core.options import flatten


def parse_names(value: Any) -> list[str]:
    """Return a list of names; `a,b`, `[a, b]` and `1` all are one."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _gpus(value: float) -> float:
    if value > 1 and value != int(value):
        raise ValueError("more than one GPU has to be a whole number")
    return value


def _in_a_list(value: Any) -> Any:
    return [value] if isinstance(value, str | Path) else value


Folder = Annotated[Path, AfterValidator(Path.expanduser)]  # in a bench file no shell does it
Names = Annotated[list[str], BeforeValidator(parse_names)]
Seeds = Annotated[list[int], BeforeValidator(parse_names), Field(min_length=1)]


def parse_layouts(value: Any) -> Any:
    """Return `["dfew=CLIPS:LISTS"]` as `{"dfew": "CLIPS:LISTS"}`. Raises: ValueError for another form."""
    if not isinstance(value, list | tuple):
        return value
    pairs = [str(text).partition("=") for text in value]
    if not all(name.strip() and layout.strip() for name, _, layout in pairs):
        raise ValueError("expected DATASET=CLIPS:LISTS, as in dfew=DFEW_Frame_Face")
    return {name.strip(): layout.strip() for name, _, layout in pairs}


class Variant(BaseModel):
    """`[[variant]]`: a method under other options, with a leaderboard row of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=1)
    method: str
    backbone: str = ""  # as --backbone takes it; empty: the run's
    recipe: str = ""  # one of the method's; `set` is laid over it
    set: dict[str, Any] = {}


class Request(BaseModel):
    """A bench. Keys of a bench file equal the long flags, with `-` or `_`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    methods: Names | None = None  # None: all, or none beside variants
    datasets: Names | None = None  # None: the demo's
    dataset_name: str | None = None  # of one's own clips among the datasets; None: as it was named, or nameless
    folds: Names = ["all"]
    seeds: Seeds = [1]
    backbone: str | None = None  # None: ViT-B-32, or `demo` on the demo
    executor: Literal["ray", "inline"] = "ray"
    selection: Selection = "last"
    out: Folder = Path("runs")
    data_root: Folder | None = None
    layout: Annotated[dict[str, str], BeforeValidator(parse_layouts)] = {}  # dataset -> CLIPS:LISTS
    demo: bool = False
    plugin: Annotated[list[Folder], BeforeValidator(_in_a_list)] = []
    set: dict[str, dict[str, Any]] = {}
    variant: list[Variant] = []
    on_bad_sample: OnBadSample = "fail"
    no_cache: bool = False  # True: encode anew each epoch
    retry_failed: bool = False
    force: bool = False
    keep_stale: bool = False
    save_weights: bool = False
    quick: bool = False  # no latency, no cost: results that are never ranked, which the next full run replaces
    compile: bool = False
    threads: Annotated[int, Field(ge=1)] | None = None  # None: as many as a job has CPUs
    loader_workers: Annotated[int, Field(ge=0)] = 0
    address: str | None = None
    gpus_per_job: Annotated[float, Field(ge=0), AfterValidator(_gpus)] | None = None  # None: the method's own
    cpus_per_job: Annotated[int, Field(ge=1)] | None = None  # None: the threads of a job
    max_jobs: Annotated[int, Field(ge=1)] | None = None  # None: as many as there is room for
    max_retries: Annotated[int, Field(ge=0)] = 2
    job_timeout: Annotated[float, Field(gt=0)] | None = None  # seconds
    collect: bool = False
    ship_code: bool = False
    logs: bool = False
    trackers: Names = []
    checkpoint_every: Annotated[int, Field(ge=0)] = 1  # epochs; 0: only when asked to stop


def build_request(given: Mapping[str, Any], bench_file: Path | None = None) -> Request:
    """Lay flags that were given over the keys of a bench file over the defaults.

    Raises:
        BadOption: an unknown key (with the closest right one) or a value of the wrong type; names the bench file.
    """
    from_file = _read(bench_file) if bench_file else {}
    flags = {key: value for key, value in given.items() if value is not None}
    merged = {**from_file, **flags}
    merged["set"] = _merge(from_file.get("set", {}), flags.get("set", {}))
    where = f"{bench_file}: " if bench_file else ""
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


def _read(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadOption(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadOption(f"{path}: not TOML ({error})") from error
    return {key.replace("-", "_"): value for key, value in data.items()}


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
    return f"{path}: {first['msg']} (got {first['input']!r})"


DEFAULT_BACKBONE = "ViT-B-32"

DEMO_BACKBONE = "demo"
