"""A backbone as a plugin offers it, and as an identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class BackboneSpec:
    """A CLIP of open_clip. `weights` is the default source: a tag of open_clip, a file, or `random`."""

    name: str
    model: str  # open_clip architecture, or the path of a JSON file with its configuration
    weights: str
    summary: str = ""


@dataclass(frozen=True)
class BackboneId:
    """The backbone as an identity: the name asked for and the hash of its weights."""

    name: str
    weights: str
    sha256: str


RANDOM = "random"

BUNDLED = "bundled"
