"""What feeds a method: cached features if its encoder is frozen, frames otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import torch

from harness.core.context import RunContext
from harness.core.dataset_spec import Fold, Sample
from harness.core.errors import BadSample
from harness.core.job import JobSpec
from harness.data.dataset import Dataset
from harness.features.cache import FeatureCache, FeatureTable, raise_if_bad
from harness.features.selections import Selections
from harness.features.shards import shards_of
from harness.features.view import View
from harness.models.backbone import Backbone, FrameEncoder
from harness.models.inputs import Inputs
from harness.training.batches import CachedFeatures, Frames
from harness.video.load import load_clip
from harness.video.pipeline import Pipeline
from harness.video.source import check_all

NAMED = 10  # skipped clips that a result names; the rest are counted


class JobInputs:
    """The inputs of one job."""

    def __init__(
        self,
        dataset: Dataset,
        backbone: Backbone,
        job: JobSpec,
        context: RunContext,
        encoder: FrameEncoder | None,
        pipeline: Pipeline,
    ) -> None:
        self.dataset = dataset
        self.pipeline = Selections.kept_by(
            pipeline,
            Path(context.cache),
            dataset.fingerprint,
        )
        self.backbone = backbone
        self.job = job
        self.context = context
        self.encoder = encoder
        self.skip_bad = job.on_bad_sample == "skip"
        self.own_encoder = encoder is not None and not backbone.owns(encoder)
        self.cached = encoder is not None and not self.own_encoder and job.input.views > 0
        self.cache = FeatureCache.below(Path(context.cache), self.pipeline)
        self.bad: dict[str, str] = {}  # clip id -> why it cannot be used

    def fill_cache(
        self,
        fold: Fold,
        *,
        trains: bool,
        prepares: bool = False,
    ) -> None:
        """Fill what the cache lacks, and find the clips that cannot be read.

        Args:
            fold: whose clips are read.
            trains: whether training clips are read in their augmented views.
            prepares: whether they are read in their test view.

        Raises:
            BadData: some cannot, and bad clips are not to be skipped.
        """
        parts: list[tuple[View, Sequence[Sample]]] = [(view, fold.test) for view in self._test_views]
        if trains:
            parts += [(view, fold.train) for view in self._train_views]
        if self._monitored or prepares:
            parts += [(view, fold.train) for view in self._test_views]
        if self.cached:
            self.backbone.check_guard()  # by now the method is built, and could have changed what fills the cache
            for view, samples in parts:
                for shard in shards_of(self.dataset).holding(samples):
                    self.bad |= self.cache.ensure(
                        self.dataset,
                        view,
                        shard,
                        self.backbone,
                        skip_bad=self.skip_bad,
                    )
        elif self.skip_bad:
            self.bad = self._unreadable(fold.train if trains or prepares else (), fold.test)

    @contextmanager
    def naming_bad_clips(self, fold: Fold) -> Iterator[None]:
        """Turn the first clip that cannot be read into a report of all of them."""
        try:
            yield
        except torch.OutOfMemoryError:
            raise  # no clip's fault
        except (BadSample, RuntimeError):  # the latter is what a loader's process makes of the former
            if not self.cached:
                raise_if_bad(self._unreadable(fold.train, fold.test), skip_bad=False)
            raise

    def usable(self, samples: Iterable[Sample]) -> list[Sample]:
        """Return the samples without those that cannot be read, ordered by id."""
        return sorted((s for s in samples if s.id not in self.bad), key=lambda s: s.id)

    def train(self, samples: Sequence[Sample]) -> Inputs:
        """Return augmented training inputs."""
        if self.cached:
            return CachedFeatures(samples, [self._table(view) for view in self._train_views])
        return self._frames(samples, self.job.seed)

    def test(self, samples: Sequence[Sample]) -> Inputs:
        """Test views."""
        if self.cached:
            return CachedFeatures(samples, [self._table(view) for view in self._test_views])
        return self._frames(samples, None)

    def warnings(
        self,
        untrained: int,
        unscored: int,
    ) -> Iterator[str]:
        """Yield what was left out, for the result."""
        if self.own_encoder:
            yield "the cache holds features of the backbone; this method has another encoder, which runs on the frames"
        if self.bad:
            yield f"skipped clips that cannot be read: {untrained} in training, {unscored} in testing"
        yield from (f"skipped: {reason}" for reason in list(self.bad.values())[:NAMED])

    @property
    def _monitored(self) -> bool:
        return self.job.protocol.selection == "val"

    @cached_property
    def _test_views(self) -> list[View]:
        return list(View.tests(self.job.fingerprint, self.job.backbone, self.job.input))

    @cached_property
    def _train_views(self) -> list[View]:
        return list(View.training(self.job.fingerprint, self.job.backbone, self.job.input))

    def _table(self, view: View) -> FeatureTable:
        return FeatureTable(
            self.cache,
            self.dataset,
            view,
            self._refill,
        )

    def _refill(self, view: View, shard: int) -> None:
        """Encode a shard again that was removed or damaged while the job ran.

        Raises:
            BadData: a clip of it that could be read cannot any more.
        """
        self.backbone.check_guard()
        bad = self.cache.ensure(
            self.dataset,
            view,
            shard,
            self.backbone,
            skip_bad=True,
        )
        raise_if_bad({name: why for name, why in bad.items() if name not in self.bad}, skip_bad=False)

    def _frames(
        self,
        samples: Sequence[Sample],
        job_seed: int | None,
    ) -> Frames:
        return Frames(
            samples,
            self.job.input,
            self.backbone,
            self.encoder,
            job_seed=job_seed,
            workers=self.context.loader_workers,
            pipeline=self.pipeline,
        )

    def _unreadable(
        self,
        train: Iterable[Sample],
        test: Iterable[Sample],
    ) -> dict[str, str]:
        """Return clip id -> reason. Training may draw any frame of a clip, testing only those of the test view."""
        bad: dict[str, str] = {}
        readers: tuple[tuple[Iterable[Sample], Callable[[Sample], object]], ...] = (
            (train, check_all),
            (test, self._read_tested),
        )
        for samples, read in readers:
            for sample in samples:
                try:
                    read(sample)
                except BadSample as error:
                    bad[sample.id] = str(error)
        return bad

    def _read_tested(self, sample: Sample) -> None:
        given = self.job.input
        for view in range(given.test_views):
            load_clip(sample, given, None, view, self.pipeline)
