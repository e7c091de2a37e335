"""The samplers and augmentations that a frame input can name. Imports no torch: they are listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from harness.core.dataset_spec import Sample
from harness.core.errors import find_named
from harness.core.frame_input import FrameInput
from harness.core.sampler_spec import AugmentationSpec, SamplerSpec
from harness.video.samplers import SAMPLERS

AUGMENTATIONS = (
    AugmentationSpec(
        "random-resized-crop",
        "1",
        "harness.video.augmentations:random_resized_crop",
        "a crop of `crop_scale` of the area, resized",
    ),
    AugmentationSpec(
        "scale-jitter",
        "1",
        "harness.video.augmentations:scale_jitter",
        "a crop of jittered height and width, resized (TSN)",
    ),
    AugmentationSpec("flip", "1", "harness.video.augmentations:flip", "mirrored, half of the time"),
    AugmentationSpec(
        "colour-jitter",
        "1",
        "harness.video.augmentations:colour_jitter",
        "brightness, contrast, saturation and hue by `colour_jitter`",
    ),
    AugmentationSpec("rotation", "1", "harness.video.augmentations:rotation", "turned by up to `rotation` degrees"),
)


def compute_anew(
    sample: Sample,
    sampler: SamplerSpec,
    given: FrameInput,
    compute: Callable[[], np.ndarray],
) -> np.ndarray:
    """Return what a sampler keeps of a clip, without a place to store it."""
    return compute()


@dataclass(frozen=True)
class Pipeline:
    """Samplers and augmentations by name, and what remembers the frames that a sampler keeps of a clip."""

    samplers: Mapping[str, SamplerSpec]
    augmentations: Mapping[str, AugmentationSpec]
    remember: Callable[[Sample, SamplerSpec, FrameInput, Callable[[], np.ndarray]], np.ndarray] = compute_anew

    @classmethod
    def of(
        cls,
        samplers: Iterable[SamplerSpec],
        augmentations: Iterable[AugmentationSpec],
    ) -> Pipeline:
        """Return a pipeline of these specs, each under its own name."""
        return cls({spec.name: spec for spec in samplers}, {spec.name: spec for spec in augmentations})

    def sampler(self, given: FrameInput) -> SamplerSpec:
        """Return the sampler that a frame input names. Raises: UnknownName, with the closest one."""
        return find_named("sampler", self.samplers, given.sampling)

    def steps(self, given: FrameInput) -> list[AugmentationSpec]:
        """Return the augmentations that a frame input names, in order. Raises: UnknownName, with the closest one."""
        return [find_named("augmentation", self.augmentations, name) for name in given.augmentation]


STANDARD = Pipeline.of(SAMPLERS, AUGMENTATIONS)
