"""What the registry hands out: a spec, and the plugin that it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True)
class Registered(Generic[S_co]):
    """A registered spec and where it came from.

    Attributes:
        spec: as the plugin offers it.
        plugin: name of the plugin.
        source_sha256: of what its numbers depend on.
        distribution: the installed package that holds the plugin, and its version; empty for a file.
    """

    spec: S_co
    plugin: str
    source_sha256: str
    distribution: str = ""
