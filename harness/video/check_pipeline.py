"""Whether a frame input names what there is, and whether that is a pure function of what it is given."""

from __future__ import annotations

from harness.core.errors import HarnessError
from harness.core.frame_input import FrameInput
from harness.core.sampler_spec import AugmentationSpec
from harness.video.pipeline import AUGMENTATIONS, Pipeline
from harness.video.sampling import DEFAULTS, check_sampler

TRIED = (2, 3, 40, 48)  # frames, channels, height and width of the clip that an augmentation is tried on

PIXELS = 251  # its bytes count up to this, again and again

SET = ("crop_scale", "colour_jitter", "rotation")  # what the augmentations that ship read


def check_pipeline(given: FrameInput, pipeline: Pipeline) -> None:
    """Look up and try the sampler and the augmentations of a frame input.

    Raises:
        UnknownName: there is no such sampler or augmentation.
        BadOption: something is set that the sampler does not read.
        HarnessError: one of a plugin depends on more than its arguments, or gives no frames.
    """
    check_sampler(given, pipeline.sampler(given))
    unset = all(getattr(given, name) == getattr(DEFAULTS, name) for name in SET)
    for step in pipeline.steps(given):
        if not (unset and step in AUGMENTATIONS):  # what ships will do as it is, and importing torch takes seconds
            _check_step(step, given)


def _check_step(step: AugmentationSpec, given: FrameInput) -> None:
    import torch

    from harness.video.transform import augmented

    numbers = torch.arange(torch.Size(TRIED).numel()) % PIXELS
    clip = numbers.to(torch.uint8).reshape(TRIED)
    views = [augmented(clip.clone(), given, 1, [step]) for _ in range(2)]
    for view in views:
        if view.dtype != torch.uint8 or view.ndim != clip.ndim or view.shape[:2] != clip.shape[:2]:
            raise HarnessError(
                f"augmentation {step.name!r} gives {view.dtype} of shape {tuple(view.shape)} for bytes of shape "
                f"{TRIED}; it has to give bytes (T, 3, H, W) of as many frames"
            )
    if not torch.equal(*views):
        raise HarnessError(
            f"augmentation {step.name!r} gives other frames when it is asked again: whatever it draws, it has to draw "
            f"from `generator`"
        )
