"""One clip, as a method's frame input wants it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from harness.core.dataset_spec import Sample
from harness.core.frame_input import FrameInput
from harness.video.decode import check_shape
from harness.video.sampling import frame_indices
from harness.video.source import open_source
from harness.video.transform import augmented_view, centre_view


def load_clip(
    sample: Sample,
    given: FrameInput,
    seed: int | None,
) -> Tensor:
    """Return a clip as (T, 3, S, S) uint8: augmented and sampled at random by `seed`, or the test view without one.

    Raises:
        BadSample: the clip has no frames, or one of them cannot be decoded or is too narrow to be resized.
    """
    source = open_source(sample)
    rng = None if seed is None else np.random.RandomState(seed)
    picks = frame_indices(
        source.count,
        given.frames,
        given.sampling,
        rng,
        given.duration,
    )
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
    return (
        centre_view(tensor, given)
        if seed is None
        else augmented_view(
            tensor,
            given,
            seed,
        )
    )


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
