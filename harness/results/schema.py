"""What every table needs of a `result.json`, declared once: anything of another form is refused with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

Count = Annotated[int, Ge(0)]
Plain = dict[str, Any] | None


class _Plugin(TypedDict):
    name: str
    version: str


class _Backbone(TypedDict):
    name: str
    weights: str


class _Protocol(TypedDict):
    classes: Annotated[list[str], MinLen(1)]
    selection: Literal["last", "val", "oracle"]


class _Input(TypedDict, total=False):
    frames: int | None
    size: int | None


class _Always(TypedDict):
    id: str
    dataset: str
    demo: bool
    fold: str | int
    seed: Annotated[int, Ge(-(2**63)), Le(2**63 - 1)]
    method: str
    status: Literal["done", "failed"]
    plugin: _Plugin
    backbone: _Backbone
    protocol: _Protocol
    protocol_hash: str
    fingerprint: str


class _Provenance(TypedDict, total=False):
    finished: str | None
    hardware: Plain
    threads: int | None


class _Doubt(TypedDict):
    code: str
    message: str


class _Result(_Always, total=False):
    variant: str | None
    quick: bool
    options: Plain
    by_dataset: Plain
    folds: list[str] | None
    reader: str | None
    input: _Input | None
    metrics: Plain
    metrics_last: Plain
    cost: Plain
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
    size = len(found["protocol"]["classes"])
    matrix = found.get("confusion")
    if matrix is not None and [len(line) for line in matrix] != [size] * size:
        return f"confusion: is not a matrix of {size} x {size} classes"
    return None
