"""Whether what a frame input names will do."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

from harness.core.errors import HarnessError, UnknownName
from harness.core.frame_input import FrameInput
from harness.core.sampler_spec import AugmentationSpec
from harness.video.check_pipeline import check_augmentation, check_pipeline
from harness.video.pipeline import AUGMENTATIONS, STANDARD, Pipeline
from harness.video.samplers import SAMPLERS

EVERY = tuple(STANDARD.augmentations)


def test_what_ships_will_do() -> None:
    given = FrameInput(frames=4, size=24, augmentation=EVERY)
    check_pipeline(given, STANDARD)
    for step in AUGMENTATIONS:
        check_augmentation(step, given)


def test_what_ships_is_known_to_do_without_importing_torch() -> None:
    code = (
        "import sys\nfrom harness.core.frame_input import FrameInput\nfrom harness.video.pipeline import STANDARD\n"
        "from harness.video.check_pipeline import check_pipeline\n"
        f"check_pipeline(FrameInput(size=24, augmentation={EVERY!r}), STANDARD)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"sampling": "segmets"}, "'segments'"), ({"augmentation": ("flip", "rotations")}, "'rotation'")],
)
def test_an_unknown_name_is_answered_with_the_closest(changes: Any, told: str) -> None:
    with pytest.raises(UnknownName, match=told):
        check_pipeline(FrameInput(size=24, **changes), STANDARD)


def with_step(apply: Any) -> Pipeline:
    return Pipeline.of(SAMPLERS, [*AUGMENTATIONS, AugmentationSpec("own", "1", apply)])


@pytest.mark.parametrize(
    "apply",
    [
        lambda frames, given, generator: frames.float(),
        lambda frames, given, generator: frames[0],
        lambda frames, given, generator: frames[:1],
    ],
)
def test_an_augmentation_that_gives_no_frames_is_refused(apply: Any) -> None:
    with pytest.raises(HarnessError, match=r"augmentation 'own' gives torch\..* it has to give bytes"):
        check_pipeline(FrameInput(size=24, augmentation=("own",)), with_step(apply))


def test_an_augmentation_that_draws_from_elsewhere_is_refused() -> None:
    def loose(frames: torch.Tensor, given: FrameInput, generator: torch.Generator) -> torch.Tensor:
        return frames // int(np.random.randint(1, 250))

    with pytest.raises(HarnessError, match="augmentation 'own' gives other frames when it is asked again"):
        check_pipeline(FrameInput(size=24, augmentation=("own",)), with_step(loose))


def test_an_augmentation_draws_from_its_generator() -> None:
    def sound(frames: torch.Tensor, given: FrameInput, generator: torch.Generator) -> torch.Tensor:
        return frames // int(torch.randint(1, 250, (), generator=generator))

    check_pipeline(FrameInput(size=24, augmentation=("own",)), with_step(sound))
