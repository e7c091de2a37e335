"""Samplers and augmentations as plugins offer them: which frames of a clip are seen, and how they are changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.core.frame_input import FrameInput

if TYPE_CHECKING:
    import numpy as np
    import torch

    # pick(count, given, rng, view) -> indices (T,) of frames; `rng` is None in testing, `view` counts test clips from 0
    Pick = Callable[[int, FrameInput, np.random.RandomState | None, int], np.ndarray]

    # select(frames (n, H, W, 3) uint8) -> indices (n',) of those that are kept, ascending.
    Select = Callable[[np.ndarray], np.ndarray]

    # apply(frames (T, 3, H, W) uint8, given, generator) -> frames (T, 3, H', W') uint8.
    Apply = Callable[[torch.Tensor, FrameInput, torch.Generator], torch.Tensor]

# Fields of `FrameInput` that some samplers read and others do not.
OPTIONAL = ("duration", "padding", "test_clips")


@dataclass(frozen=True)
class SamplerSpec:
    """A way to choose T frames of a clip.

    Attributes:
        name: as in `FrameInput.sampling`.
        version: raised when a change alters what is picked.
        pick: a pure function `pick(count, given, rng, view)` that returns indices (T,) in 0..count-1. `count` is the
            clip's number of frames and `rng` a seeded generator, None in testing; `view` counts test clips from 0.
        reads: which of `duration`, `padding` and `test_clips` it heeds; the others are refused where they are set.
        select: of a sampler that looks at the frames: a pure function of all of them, (n, H, W, 3) bytes, that returns
            the indices of those that are kept, ascending. It is called once a clip, its answer is stored, and `pick`
            counts the kept ones only.
        summary: one line for `harness list`.
    """

    name: str
    version: str
    pick: Pick
    reads: tuple[str, ...] = ()
    select: Select | None = None
    summary: str = ""

    def __post_init__(self) -> None:
        unknown = [name for name in self.reads if name not in OPTIONAL]
        if unknown:
            raise ValueError(f"sampler {self.name!r}: reads={unknown}, but a sampler may read {', '.join(OPTIONAL)}")


@dataclass(frozen=True)
class AugmentationSpec:
    """A step that changes the frames of training clips.

    Attributes:
        name: as in `FrameInput.augmentation`.
        version: raised when a change alters what it gives.
        apply: a pure function `apply(frames, given, generator)` of bytes (T, 3, H, W), which returns bytes
            (T, 3, H', W') of the same clip; whatever it draws, it draws from the generator. Or "module:function", so
            that listing imports no torch.
        summary: one line for `harness list`.
    """

    name: str
    version: str
    apply: str | Apply
    summary: str = ""
