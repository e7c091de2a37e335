"""One clip, as a method's frame input wants it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from harness.specs import FrameInput, Sample
from harness.video.decode import frame_files, read_frames
from harness.video.sampling import frame_indices
from harness.video.transform import test_view, train_view


def load_clip(sample: Sample, given: FrameInput, seed: int | None) -> Tensor:
    """A clip as (T, 3, S, S) uint8: augmented and sampled at random by `seed`, or the test view without one.

    Raises:
        BadSample: the clip has no frames, or one of them cannot be decoded.
    """
    files = frame_files(sample)
    rng = None if seed is None else np.random.RandomState(seed)
    picks = frame_indices(len(files), given.frames, given.sampling, rng, given.duration)
    unique, places = np.unique(picks, return_inverse=True)  # short clips repeat frames; decode each once
    frames = read_frames(sample, [files[i] for i in unique])[places]  # (T, H, W, 3)
    tensor = torch.from_numpy(frames).permute(0, 3, 1, 2)  # (T, 3, H, W)
    return test_view(tensor, given) if seed is None else train_view(tensor, given, seed)


def normalise(frames: Tensor, mean: Sequence[float], std: Sequence[float], kind: str) -> Tensor:
    """Bytes (..., 3, H, W) to floats: in 0..1, or by the backbone's mean and deviation."""
    pixels = frames.float() / 255
    if kind == "none":
        return pixels
    shape = (3, 1, 1)
    return (pixels - pixels.new_tensor(mean).view(shape)) / pixels.new_tensor(std).view(shape)
