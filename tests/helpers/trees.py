"""Module trees of networks, whole and narrowed."""

from __future__ import annotations

from typing import Any

import torch

from helpers.pixels import built, spec_of


def tree(name: str, **options: Any) -> list[tuple[str, str]]:
    """Names and types of all modules in their order, none of their parameters held in memory."""
    with torch.device("meta"):
        return [(at, type(part).__name__) for at, part in built(name, **options).named_modules()]


def assert_same_tree(name: str, **options: Any) -> None:
    """The demo's network has the modules of the whole one, by name, type and order."""
    spec = spec_of(name)
    assert tree(name, **{**spec.demo, **options}) == tree(name, **options)
    assert tree(name, **{**spec.demo, **spec.small, **options}) == tree(name, **options)
