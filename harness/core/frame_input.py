"""What a method wants to see of a clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.core.errors import BadOption
from harness.core.options import option

Augmentation = Literal["random-resized-crop", "scale-jitter", "flip", "colour-jitter", "rotation"]


@dataclass(frozen=True)
class FrameInput:
    """Frames that a method wants to see of a clip: part of the job's identity and a column of every table.

    Raises:
        BadOption: values that do not fit together.
    """

    frames: int = option(16, "T, frames sampled from a clip", minimum=1)
    size: int = option(0, "height and width in pixels; 0 = the backbone's own", minimum=0)
    sampling: Literal["segments", "tsn-legacy"] = option("segments", "how frames are picked")
    duration: int = option(1, "consecutive frames per segment; T / duration segments", minimum=1)
    normalisation: Literal["clip", "none"] = option("clip", "CLIP's mean and deviation, or pixels in 0..1")
    base_size: int = option(0, "pixels that the shorter side is brought to first; 0 = as on disk", minimum=0)
    crop_size: int = option(0, "pixels of the crop taken of base_size, then resized to size; 0 = no crop", minimum=0)
    augmentation: tuple[Augmentation, ...] = option(
        ("random-resized-crop", "flip"), "steps applied to training clips, the same for all frames of a clip"
    )
    crop_scale: tuple[float, float] = option((0.08, 1.0), "area kept by random-resized-crop")
    colour_jitter: tuple[float, float, float, float] = option(
        (0.5, 0.0, 0.0, 0.0), "strength in brightness, contrast, saturation and hue of colour-jitter"
    )
    rotation: float = option(4.0, "degrees to either side of rotation", minimum=0)
    views: int = option(4, "V, augmented views kept per training clip; 0 = encode anew each epoch", minimum=0)

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise BadOption(f"frame input: {problem}")

    def _problems(self) -> Iterator[str]:
        if self.frames % self.duration:
            yield f"frames={self.frames} is no multiple of duration={self.duration}"
        if self.crop_size > self.base_size:
            yield f"crop_size={self.crop_size} does not fit into base_size={self.base_size}"
        if not 0 < self.crop_scale[0] <= self.crop_scale[1] <= 1:
            yield f"crop_scale={self.crop_scale} is no range within 0..1"
        if not (all(0 <= strength <= 1 for strength in self.colour_jitter) and self.colour_jitter[3] <= 0.5):
            yield f"colour_jitter={self.colour_jitter}: strengths are within 0..1, that of hue within 0..0.5"
        if self.rotation > 180:
            yield f"rotation={self.rotation} is more than 180 degrees"
