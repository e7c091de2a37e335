"""What can be asked for of frames, and what contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest

from harness.core import options
from harness.core.errors import BadOption
from harness.core.frame_input import FrameInput


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"frames": 15, "duration": 2}, "15 is no multiple of duration=2"),
        ({"crop_size": 112}, "crop_size=112 does not fit into base_size=0"),
        ({"base_size": 100, "crop_size": 112}, "crop_size=112"),
        ({"crop_scale": (0.0, 1.0)}, "crop_scale"),
        ({"crop_scale": (0.9, 0.5)}, "crop_scale"),
        ({"crop_scale": (0.5, 1.5)}, "crop_scale"),
        ({"crop_scale": (float("nan"), 1.0)}, "crop_scale"),
        ({"colour_jitter": (0.5, 0.0, 0.0, 0.6)}, "colour_jitter"),
        ({"colour_jitter": (-0.5, 0.0, 0.0, 0.0)}, "colour_jitter"),
        ({"rotation": 200.0}, "rotation=200"),
    ],
)
def test_values_that_do_not_fit_together_are_named(values: dict[str, Any], named: str) -> None:
    with pytest.raises(BadOption, match=named):
        options.build(FrameInput, values, "coop.input", base=FrameInput())


@pytest.mark.parametrize(("name", "least"), [("rotation", 0), ("duration", 1), ("frames", 1), ("test_clips", 1)])
def test_a_plugins_own_values_are_not_below_what_a_user_may_set(name: str, least: int) -> None:
    with pytest.raises(BadOption, match=f"frame input: {name}={least - 1} is less than {least}"):
        FrameInput(**{name: least - 1})


def test_the_papers_inputs_can_be_asked_for() -> None:
    FrameInput(frames=16, base_size=120, crop_size=112, augmentation=("scale-jitter", "flip"))  # A³lign-DFER
    FrameInput(frames=16, duration=2, sampling="tsn-legacy")  # Former-DFER
    FrameInput(augmentation=("colour-jitter", "random-resized-crop", "flip"))  # DFER-CLIP on DFEW
    FrameInput(augmentation=("rotation", "random-resized-crop", "flip"))  # and on FERV39k
