"""Listings of the tensors in public files of weights: their names and shapes, with where these come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from helpers.pixels import built, spec_of

FOLDER = Path(__file__).parents[1] / "plugins" / "methods" / "public_files"


def listed(name: str) -> dict[str, list[int]]:
    """Shapes by public name, without the prefix of parallel training."""
    listing: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert listing["source"]
    return {key.removeprefix("module."): shape for key, shape in listing["keys"].items()}


def assert_takes_public_file(method: str, file: str = "", **options: Any) -> None:
    """Every public tensor has one place of its shape in the method, and every place is filled."""
    keys = spec_of(method).public_keys
    assert keys is not None
    with torch.device("meta"):
        own = {name: list(value.shape) for name, value in built(method, **options).state_dict().items()}
    renamed = {keys.own_name(public): shape for public, shape in listed(file or method).items()}
    renamed.pop(None, None)
    needed = {name: shape for name, shape in own.items() if not keys.is_made_here(name)}
    assert renamed == needed
