"""What the registry hands out: a spec, and the plugin that it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True)
class Registered(Generic[S_co]):
    """A registered spec and where it came from."""

    spec: S_co
    plugin: str
    source_sha256: str
