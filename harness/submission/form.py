"""The types of everything in a `result.json` that anything here reads, held strictly: strangers' text is no number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

Plain = dict[str, Any]
Words = dict[str, str]


class _Hardware(TypedDict, total=False):
    cpu: str | None
    cores: int | None
    gpus: list[str] | None
    machine: str | None


class _Provenance(TypedDict, total=False):
    packages: Words
    distribution: str
    weights: Words
    python: str
    source: Plain
    hardware: _Hardware
    threads: int | None
    started: str | None
    finished: str | None


class _Told(TypedDict, total=False):
    id: str
    dataset: str
    demo: bool
    fold: str
    seed: int
    method: str
    variant: str | None
    official: bool
    split_sha256: Words | None
    options: Plain
    input: Plain
    plugin: Words
    facts: Plain
    by_dataset: Plain
    quick: bool
    folds: list[str] | None
    reader: str | None
    backbone: Words
    weights: Words
    recipe: str
    protocol: Plain
    protocol_hash: str
    fingerprint: str
    selection: str
    epoch: int | None
    classes: list[str]
    metrics: dict[str, float | None]
    metrics_last: dict[str, float | None]
    metric_versions: Words
    confusion: list[list[int]]
    n_scored: int
    n_unscored: int
    cost: Plain
    phases: dict[str, float]
    warnings: list[str]
    error: None
    provenance: _Provenance


_TOLD = TypeAdapter(_Told)


def fault(result: Mapping[str, Any]) -> str | None:
    """Return the first value that is of another type than results have, as "seed: Input should be a valid integer"."""
    try:
        _TOLD.validate_python(result, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return None
