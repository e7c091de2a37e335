"""What methods want to see, checked against the samplers and augmentations that there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.core.digest import digest
from harness.core.errors import HarnessError
from harness.core.frame_input import FrameInput
from harness.core.registered import Registered
from harness.core.sampler_spec import AugmentationSpec, SamplerSpec
from harness.plugin import registry
from harness.system.plugin_code import contained
from harness.video.check_pipeline import check_pipeline

TRIED_SIZE = 64  # pixels, where the backbone's are not known yet


def checked_input(given: FrameInput, owner: str) -> FrameInput:
    """Return a frame input that knows the code of what it names, where that is a plugin's.

    Args:
        given: what a method wants to see.
        owner: the row, for errors.

    Raises:
        HarnessError: it names no sampler or augmentation, or one that does not do.
    """
    sized = replace(given, size=given.size or TRIED_SIZE)
    try:
        with contained():
            check_pipeline(sized, registry.pipeline())
    except HarnessError as error:
        raise type(error)(f"{owner}.input: {error}") from error
    except Exception as error:  # of a plugin, in any way
        raise HarnessError(f"{owner}.input: {type(error).__name__} in its sampler or augmentations: {error}") from error
    code = [[offer.spec.name, offer.spec.version, offer.source_sha256] for offer in _of_plugins(given)]
    return replace(given, code=digest(code)) if code else given


def _of_plugins(given: FrameInput) -> Iterator[Registered[SamplerSpec] | Registered[AugmentationSpec]]:
    offers = registry.plugins().offers
    named = [offers("samplers")[given.sampling], *(offers("augmentations")[name] for name in given.augmentation)]
    return (offer for offer in named if not registry.ships(offer.plugin))  # whose versions are enough
