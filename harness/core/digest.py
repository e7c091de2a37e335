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
