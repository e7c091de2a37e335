"""Batches of what a method sees: cached features, or frames decoded on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from harness.core.dataset_spec import Sample
from harness.core.frame_input import FrameInput
from harness.features.cache import FeatureTable
from harness.models.backbone import Backbone, FrameEncoder, encode_clips
from harness.models.inputs import Batches
from harness.system.device import move
from harness.system.seeds import seed_of
from harness.video.load import load_clip, normalise
from harness.video.pipeline import STANDARD, Pipeline


class CachedFeatures:
    """Features of a frozen encoder, looked up. `tables` are its views: epoch e sees view e mod V, and so does pass e of
    testing.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        tables: Sequence[FeatureTable],
    ) -> None:
        self.samples = samples
        self.tables = tables
        self.views = len(tables)

    def batches(
        self,
        rows: Batches,
        epoch: int,
        device: torch.device,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield features (B, T, D) and labels (B,)."""
        table = self.tables[epoch % len(self.tables)]
        for batch in rows:
            features = table.gather(self.samples[row] for row in batch)  # (B, T, D)
            yield move(features, device), move(_labels(self.samples, batch), device)


class Frames:
    """Frames decoded and, in training, augmented anew each epoch; encoded here if the encoder is frozen."""

    def __init__(
        self,
        samples: Sequence[Sample],
        given: FrameInput,
        backbone: Backbone,
        encoder: FrameEncoder | None,
        *,
        job_seed: int | None,
        workers: int = 0,
        pipeline: Pipeline = STANDARD,
    ) -> None:
        """Take `job_seed` None for test views; otherwise a clip's seed is a hash of job seed, clip and epoch."""
        self.samples = samples
        self.given = given
        self.encoder = encoder
        self.job_seed = job_seed
        self.workers = workers
        self.pipeline = pipeline
        self.views = given.test_views if job_seed is None else 1
        source = backbone.source
        self.normalise = partial(
            normalise,
            mean=given.mean or source.mean,
            std=given.std or source.std,
            kind=given.normalisation,
        )

    def batches(
        self,
        rows: Batches,
        epoch: int,
        device: torch.device,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield frames (B, T, 3, S, S) or, behind a frozen encoder, features (B, T, D); and labels (B,)."""
        clips = ClipBatches(
            self.samples,
            rows,
            partial(_clip, self.given, self.job_seed, epoch, self.pipeline),
        )
        loader = DataLoader(
            clips,
            batch_size=None,
            num_workers=self.workers,
            pin_memory=device.type == "cuda",
            generator=torch.Generator(),  # its own, or making a loader would move the global one
        )
        for frames, labels in loader:
            yield self._prepare(move(frames, device)), move(labels, device)

    def _prepare(self, frames: Tensor) -> Tensor:
        pixels = self.normalise(frames)  # (B, T, 3, S, S)
        if self.encoder is None:
            return pixels
        with torch.no_grad():
            return encode_clips(self.encoder, pixels)


class ClipBatches(Dataset[tuple[Tensor, Tensor]]):
    """Whole batches as items, so that their order is ours and not the loader's."""

    def __init__(
        self,
        samples: Sequence[Sample],
        rows: Batches,
        load: Callable[[Sample], Tensor],
    ) -> None:
        self.samples = samples
        self.rows = rows
        self.load = load

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if index >= len(self.rows):
            raise IndexError(index)
        batch = self.rows[index]
        return torch.stack([self.load(self.samples[row]) for row in batch]), _labels(self.samples, batch)


def _clip(
    given: FrameInput,
    job_seed: int | None,
    epoch: int,
    pipeline: Pipeline,
    sample: Sample,
) -> Tensor:
    if job_seed is None:  # the passes of testing are its views
        return load_clip(sample, given, None, epoch % given.test_views, pipeline)
    return load_clip(
        sample,
        given,
        seed_of(job_seed, sample.id, epoch),
        pipeline=pipeline,
    )


def _labels(samples: Sequence[Sample], batch: Sequence[int]) -> Tensor:
    return torch.tensor([samples[row].label for row in batch])
