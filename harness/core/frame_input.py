"""What a method wants to see of a clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from harness.core.errors import BadOption
from harness.core.limits import MOST_FRAMES, MOST_PIXELS, MOST_PLACES, MOST_VIEWS
from harness.core.options import option, out_of_bounds

# What stands in the place of frames that a short clip lacks: its last frame, its first, or all of them again.
Padding = Literal["last", "first", "repeat"]


@dataclass(frozen=True)
class FrameInput:
    """Frames that a method wants to see of a clip: part of the job's identity and a column of every table.

    Raises:
        BadOption: values that do not fit together.
    """

    frames: int = option(16, "T, frames sampled from a clip", minimum=1, maximum=MOST_FRAMES)
    size: int = option(0, "height and width in pixels; 0 = the backbone's own", minimum=0, maximum=MOST_PIXELS)
    sampling: str = option("segments", "how frames are picked, a name of `harness list samplers`")
    duration: int = option(1, "consecutive frames per segment; T / duration segments", minimum=1, maximum=MOST_FRAMES)
    normalisation: Literal["clip", "none"] = option("clip", "CLIP's mean and deviation, or pixels in 0..1")
    base_size: int = option(
        0, "pixels that the shorter side is brought to first; 0 = as on disk", minimum=0, maximum=MOST_PIXELS
    )
    crop_size: int = option(
        0, "pixels of the crop taken of base_size, then resized to size; 0 = no crop", minimum=0, maximum=MOST_PIXELS
    )
    augmentation: tuple[str, ...] = option(
        ("random-resized-crop", "flip"),
        "steps applied to training clips, the same for all frames of a clip; names of `harness list augmentations`",
    )
    crop_scale: tuple[float, float] = option((0.08, 1.0), "area kept by random-resized-crop")
    colour_jitter: tuple[float, float, float, float] = option(
        (0.5, 0.0, 0.0, 0.0), "strength in brightness, contrast, saturation and hue of colour-jitter"
    )
    rotation: float = option(4.0, "degrees to either side of rotation", minimum=0)
    views: int = option(
        4, "V, augmented views kept per training clip; 0 = encode anew each epoch", minimum=0, maximum=MOST_VIEWS
    )
    padding: Padding = option("last", "what is shown for frames that a short clip lacks")  # noqa: RUF009  (frozen)
    mean: tuple[float, ...] = option((), "of red, green and blue in 0..1, where weights of its own want another")
    std: tuple[float, ...] = option((), "deviation of the same")
    test_clips: int = option(
        1, "places in time that a clip is tested at; their probabilities are averaged", minimum=1, maximum=MOST_PLACES
    )
    test_crops: Literal[1, 3, 5] = option(1, "crops that it is tested in: centre; along the longer side; and corners")
    test_flip: bool = option(False, "whether it is tested mirrored, too")
    code: str = field(default="", metadata={"internal": True})  # hash of a plugin's samplers and augmentations

    @property
    def test_views(self) -> int:
        """Return how often a clip is seen in testing: places in time, times crops, times two if mirrored."""
        return self.test_clips * self.test_crops * (1 + self.test_flip)

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise BadOption(f"frame input: {problem}")

    def _problems(self) -> Iterator[str]:
        yield from out_of_bounds(self)
        if self.frames % self.duration:
            yield f"frames={self.frames} is no multiple of duration={self.duration}"
        if self.crop_size > self.base_size:
            yield f"crop_size={self.crop_size} does not fit into base_size={self.base_size}"
        if not 0 < self.crop_scale[0] <= self.crop_scale[1] <= 1:
            yield f"crop_scale={self.crop_scale} is no range within 0..1"
        if not (all(0 <= strength <= 1 for strength in self.colour_jitter) and self.colour_jitter[3] <= 0.5):
            yield f"colour_jitter={self.colour_jitter}: strengths are within 0..1, that of hue within 0..0.5"
        if len(self.mean) not in (0, 3) or len(self.mean) != len(self.std):
            yield f"mean={self.mean} and std={self.std}: either both are of three channels, or neither is given"
        if self.mean and self.normalisation == "none":
            yield "mean and std are given, but normalisation='none' leaves pixels in 0..1"
        if any(deviation <= 0 for deviation in self.std):
            yield f"std={self.std} is not positive"
        if self.test_crops > 1 and not self.crop_size:
            yield f"test_crops={self.test_crops}, but crop_size and base_size do not say what is cut out of what"
        if self.rotation > 180:
            yield f"rotation={self.rotation} is more than 180 degrees"
