"""One clip, as a method's frame input wants it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from harness.core.dataset_spec import Sample
from harness.core.frame_input import FrameInput
from harness.video.decode import check_shape
from harness.video.pipeline import STANDARD, Pipeline
from harness.video.sampling import frame_indices, kept_frames
from harness.video.source import open_source
from harness.video.transform import augmented_view, centre_view


def load_clip(
    sample: Sample,
    given: FrameInput,
    seed: int | None,
    view: int = 0,
    pipeline: Pipeline = STANDARD,
) -> Tensor:
    """Return a clip as (T, 3, S, S) uint8: augmented and sampled at random by `seed`, or a test view without one.

    Args:
        sample: the clip.
        given: what the method wants to see of it.
        seed: of an augmented view; None in testing.
        view: number of the test view: places in time, in each the crops, each of them as it is and mirrored.
        pipeline: what sampler and augmentations are looked up in.

    Raises:
        BadSample: the clip has no frames, or one of them cannot be decoded or is too narrow to be resized.
        HarnessError: a plugin's sampler gives no frames of the clip.
    """
    moment, crop, mirrored = place_of(view, given)
    source = open_source(sample)
    rng = None if seed is None else np.random.RandomState(seed)
    sampler = pipeline.sampler(given)
    kept = None
    if sampler.select is not None:
        kept = pipeline.remember(
            sample,
            sampler,
            given,
            lambda: kept_frames(source, sampler),
        )  # (n',)
    picks = frame_indices(
        source.count if kept is None else len(kept),
        given,
        sampler,
        rng,
        moment,
    )
    if kept is not None:
        picks = kept[picks]
    unique, places = np.unique(picks, return_inverse=True)  # short clips repeat frames; decode each once
    frames = source.read(unique.tolist())  # (n, H, W, 3)
    check_shape(
        sample,
        frames[0],
        max(given.base_size, given.size),
    )
    if len(unique) < len(picks):
        frames = frames[places]  # (T, H, W, 3)
    tensor = torch.from_numpy(frames).permute(
        0,
        3,
        1,
        2,
    )  # (T, 3, H, W), channels last in memory
    if seed is None:
        return centre_view(tensor, given, crop, mirrored=mirrored)
    return augmented_view(tensor, given, seed, pipeline.steps(given))


def place_of(view: int, given: FrameInput) -> tuple[int, int, bool]:
    """Return place in time, crop and whether a test view is mirrored, from its number."""
    rest, mirrored = divmod(view, 1 + given.test_flip)
    moment, crop = divmod(rest, given.test_crops)
    return moment, crop, bool(mirrored)


def normalise(
    frames: Tensor,
    mean: Sequence[float],
    std: Sequence[float],
    kind: str,
) -> Tensor:
    """Map bytes (..., 3, H, W) to floats: in 0..1, or by the backbone's mean and deviation."""
    pixels = frames.contiguous().float()  # channels first: three channels side by side would defeat vector instructions
    if kind == "none":
        return pixels.div_(255)
    deviation = torch.tensor(std, device=frames.device)[:, None, None]  # (3, 1, 1)
    shift = torch.tensor(mean, device=frames.device)[:, None, None] / deviation
    return pixels.mul_(1 / (255 * deviation)).sub_(shift)
