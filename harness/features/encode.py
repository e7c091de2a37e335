"""Encode clips with a frozen encoder, in batches of a fixed size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from harness.core.dataset_spec import Sample
from harness.core.errors import BadSample, HarnessError
from harness.core.frame_input import FrameInput
from harness.features.view import View
from harness.models.backbone import Backbone, encode_clips
from harness.system.device import move
from harness.system.seeds import seed_of
from harness.video.load import load_clip, normalise
from harness.video.pipeline import STANDARD, Pipeline

CLIPS_AT_ONCE = 8  # through the encoder; fixed, since the batch can change the last bits of a sum


def view_seed(view: View, sample: Sample) -> int | None:
    """Return the seed of a view: of an augmented one a hash of clip and view, of a test view none."""
    return seed_of("view", sample.id, view.number) if view.tested is None else None


@torch.no_grad()
def encode(
    clips: Sequence[Tensor | None],
    given: FrameInput,
    backbone: Backbone,
) -> np.ndarray:
    """Encode clips of bytes (T, 3, S, S) to features (N, T, D) float32; None becomes NaN."""
    encoder = backbone.frame_encoder()
    device = backbone.device
    blank = torch.zeros(
        given.frames,
        3,
        given.size,
        given.size,
        dtype=torch.uint8,
    )
    batches = []
    for batch in _chunks(clips):
        frames = torch.stack([blank if clip is None else clip for clip in batch])  # (n, T, 3, S, S)
        mean, std = given.mean or backbone.source.mean, given.std or backbone.source.std
        pixels = normalise(
            move(frames.flatten(0, 1), device),
            mean,
            std,
            given.normalisation,
        )
        clips_of = pixels.reshape(frames.shape)  # (n, T, 3, H, W)
        batches.append(encode_clips(encoder, clips_of).float().cpu())  # (n, T, D)
    features: np.ndarray = torch.cat(batches).numpy()
    if not np.isfinite(features).all():  # before the marks of clips that cannot be read, which are NaN
        raise HarnessError(f"backbone {backbone.source.id.name!r} gives features that are not finite")
    features[[i for i, clip in enumerate(clips) if clip is None]] = np.nan
    return features


def _chunks(clips: Sequence[Tensor | None]) -> Iterator[Sequence[Tensor | None]]:
    return (clips[start : start + CLIPS_AT_ONCE] for start in range(0, len(clips), CLIPS_AT_ONCE))


def load_all(
    samples: Sequence[Sample],
    view: View,
    pipeline: Pipeline = STANDARD,
) -> tuple[list[Tensor | None], dict[str, str]]:
    """Return the clips, None for each that cannot be read, and the reasons."""
    clips: list[Tensor | None] = []
    bad: dict[str, str] = {}
    for sample in samples:
        try:
            seed = view_seed(view, sample)
            clips.append(load_clip(sample, view.input, seed, view.tested or 0, pipeline))
        except BadSample as error:
            clips.append(None)
            bad[sample.id] = str(error)
    return clips, bad
