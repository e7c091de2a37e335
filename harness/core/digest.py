"""Hash plain data and dataclasses, so that equal ones have equal names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

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
    """Return the first hex digits of the SHA-256 of the canonical JSON of plain data and dataclasses."""
    canonical = json.dumps(
        data,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        default=_fields,
    )
    return hashlib.sha256(canonical.encode(errors="backslashreplace")).hexdigest()[:length]


def _fields(data: Any) -> dict[str, Any]:
    """Return the fields that enter a digest, as `asdict` would, without copying: every job of a plan is asked its id.

    A field that came after the first ids were stored enters only where it is not at its default, so that ids keep.
    """
    later = _later(type(data))
    values = {f.name: getattr(data, f.name) for f in fields(data)}
    return {name: value for name, value in values.items() if name not in later or value != later[name]}


def first_form(cls: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dataclass that was stored as JSON as it was at first: without later fields that are at their default.

    So results from before and after a field came belong to one row.
    """
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in _later(cls).items()}
    return {name: value for name, value in data.items() if name not in plain or value != plain[name]}


def _later(cls: type) -> Mapping[str, Any]:
    """Return the fields of a dataclass that came after the first ids were stored, each with its default."""
    first = FIRST_FIELDS.get(cls.__name__)
    return {} if first is None else {f.name: _default(f) for f in fields(cls) if f.name not in first}


def _default(later: Field[Any]) -> Any:
    return later.default if later.default_factory is MISSING else later.default_factory()
