"""Samplers and augmentations of the field's public loaders; each is described where it is defined."""

from __future__ import annotations

from harness import AugmentationSpec, SamplerSpec, hookimpl
from harness.data import AUGMENTATIONS, SAMPLERS


@hookimpl
def register_samplers() -> tuple[SamplerSpec, ...]:
    """Offer the samplers."""
    return SAMPLERS


@hookimpl
def register_augmentations() -> tuple[AugmentationSpec, ...]:
    """Offer the augmentations."""
    return AUGMENTATIONS
