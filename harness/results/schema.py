"""What every table needs of a `result.json`, declared once: anything of another form is refused with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired

from annotated_types import Ge, Le, MinLen
from pydantic import AllowInfNan, Strict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from harness.results.plain import plain_fault

Count = Annotated[int, Strict(), Ge(0), Le(2**53)]
Score = Annotated[float, Strict(), AllowInfNan(allow_inf_nan=False)]
Amount = Annotated[float, Strict(), Ge(0), AllowInfNan(allow_inf_nan=False)]
Flag = Annotated[bool, Strict()]
Plain = dict[str, Any] | None
Scores = dict[str, Score | None] | None


class _Plugin(TypedDict):
    name: str
    version: str
    source_sha256: NotRequired[str | None]


class _Backbone(TypedDict):
    name: str
    weights: str
    sha256: NotRequired[str | None]
    code: NotRequired[str | None]


class _Protocol(TypedDict):
    classes: Annotated[list[str], MinLen(1)]
    selection: Literal["last", "val", "oracle", "authors"]


class _Input(TypedDict, total=False):
    frames: Count | None
    size: Count | None


class _Cost(TypedDict, total=False):
    gflops: Amount | None
    gflops_text: Amount | None
    gflops_train: Amount | None
    gflops_trained: Amount | None
    tflops_training: Amount | None
    batch: Count | None
    params_total: Count | None
    params_trainable: Count | None
    params_stored: Count | None
    latency_ms: Amount | None
    clips_per_second: Amount | None
    peak_memory_mb: Amount | None
    uncounted: Plain
    error: str | None


class _Facts(TypedDict, total=False):
    family: str | None
    architecture: str | None
    pretraining: str | None
    modality: list[str] | None
    face_data: str | None
    venue: str | None
    year: Count | None
    paper: str | None
    code: str | None
    exactness: str | None
    needs: Plain


class _Always(TypedDict):
    id: str
    dataset: str
    demo: Flag
    fold: str | Annotated[int, Strict()]
    seed: Annotated[int, Strict(), Ge(-(2**63)), Le(2**63 - 1)]
    method: str
    status: Literal["done", "failed"]
    plugin: _Plugin
    backbone: _Backbone
    protocol: _Protocol
    protocol_hash: str
    fingerprint: str


class _Hardware(TypedDict, total=False):
    cpu: str | None
    cores: Count | None
    gpus: list[str] | None
    machine: str | None
    kernels: str | None


class _Provenance(TypedDict, total=False):
    started: str | None
    finished: str | None
    hardware: _Hardware | None
    packages: Plain
    source: Plain
    threads: Count | None
    retries: list[str] | None
    distribution: str | None


class _Doubt(TypedDict):
    code: str
    message: str


class _Result(_Always, total=False):
    variant: str | None
    quick: Flag | None
    official: Flag | None
    epoch: Count | None
    selection: str | None
    classes: list[str] | None
    facts: _Facts | None
    weights: Plain
    recipe: str | None
    phases: dict[str, Amount] | None
    warnings: list[str] | None
    metric_versions: dict[str, str] | None
    options: Plain
    by_dataset: Plain
    folds: list[str] | None
    reader: str | None
    input: _Input | None
    metrics: Scores
    metrics_last: Scores
    cost: _Cost | None
    confusion: list[list[Count]] | None
    doubts: list[_Doubt] | None
    n_scored: Count | None
    n_unscored: Count | None
    provenance: _Provenance | None


_FORM = TypeAdapter(_Result)


def fault(result: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a parsed `result.json`, as "seed: Input should be a valid integer";
    None if nothing is.
    """
    try:
        found = _FORM.validate_python(result)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    wrong = plain_fault(dict(result))
    if wrong:
        return wrong
    size = len(found["protocol"]["classes"])
    matrix = found.get("confusion")
    if matrix is not None and [len(line) for line in matrix] != [size] * size:
        return f"confusion: is not a matrix of {size} x {size} classes"
    return None
