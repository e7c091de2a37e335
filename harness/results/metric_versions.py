"""By which version of a metric a result was scored, and which of its values are of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

FIRST = "1"  # of every metric in results from before versions were stored


def stored_version(versions: Mapping[str, Any], name: str) -> str:
    """Return the version that computed a metric. Args: the `metric_versions` of a result."""
    return str(versions.get(name, FIRST))


def belongs(key: str, name: str) -> bool:
    """Return whether a stored value is of this metric: `recall.fear` is of `recall`."""
    return key == name or key.startswith(f"{name}.")


def values_of(keys: Iterable[str], name: str) -> list[str]:
    """Return the stored values that are of a metric."""
    return [key for key in keys if belongs(key, name)]
