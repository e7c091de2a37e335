"""Weights that a method or a backbone needs, as a plugin declares them."""

from __future__ import annotations

import re
from dataclasses import dataclass

ANY = "any"

AUTHORS = "authors"  # file of a run that holds a trained network, which is only tested
PRETRAINED = "pretrained"  # file of a run that training starts from
GIVEN = (AUTHORS, PRETRAINED)  # names of files that a run gives a method, beside those that it declares

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class WeightsSpec:
    """A file of tensors. Its hash, never its path, is part of the identity of every job that needs it.

    Attributes:
        name: by which it is asked for and its file is called, without a suffix: "resnet18-msceleb".
        source: where it can be had: `torchvision:ResNet18_Weights.IMAGENET1K_V1`, `hub:OWNER/NAME/FILE`, an address, or
            nothing, where a person has to place it.
        sha256: of the only file that will do, or `any`.
        hint: for people: where to get it, and what it is.
    """

    name: str
    source: str = ""
    sha256: str = ANY
    hint: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"weights {self.name!r}: a name is letters, digits, dots, dashes and underscores")
        if self.sha256 != ANY and not SHA256.fullmatch(self.sha256):
            raise ValueError(f"weights {self.name!r}: sha256 is 64 hex digits in lower case, or {ANY!r}")
        if self.name in GIVEN:
            raise ValueError(f"weights {self.name!r}: the name is taken, by the files that a run gives a method")
        kind = self.source.partition(":")[0]
        if self.source and kind not in ("torchvision", "hub", "https", "http", "file"):
            raise ValueError(
                f"weights {self.name!r}: source {self.source!r} is none of torchvision:TAG, hub:OWNER/NAME/FILE or an "
                f"address"
            )
