"""Which frames of each clip a sampler that looks at them keeps: computed once a clip, shared by all jobs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.core.dataset_spec import Sample
from harness.core.digest import digest
from harness.core.errors import CannotWrite
from harness.core.frame_input import FrameInput
from harness.core.sampler_spec import SamplerSpec
from harness.features.arrays import read_array, write_array
from harness.features.view import features_folder
from harness.system.regular import MB
from harness.system.sealed import Damaged, tell_damaged
from harness.video.pipeline import Pipeline

SELECTIONS = "selections"  # the folder, beside those of views

MOST = 16 * MB  # bytes of one, which are two million frames


@dataclass(frozen=True)
class Selections:
    """Kept frames on disk, below `root`: a file for each clip, sampler and version of the dataset's files."""

    root: Path
    fingerprint: str

    @classmethod
    def below(cls, cache: Path, fingerprint: str) -> Selections:
        """Return the selections of a dataset below the folder of all caches."""
        return cls(features_folder(cache) / SELECTIONS, fingerprint)

    @classmethod
    def kept_by(
        cls,
        pipeline: Pipeline,
        cache: Path,
        fingerprint: str,
    ) -> Pipeline:
        """Return a pipeline that remembers its selections of a dataset below the folder of all caches."""
        return replace(pipeline, remember=cls.below(cache, fingerprint))

    def __call__(
        self,
        sample: Sample,
        sampler: SamplerSpec,
        given: FrameInput,
        compute: Callable[[], np.ndarray],
    ) -> np.ndarray:
        """Return the indices (n',) of the frames that are kept of a clip, computed unless they are stored."""
        key = digest([self.fingerprint, sampler.name, sampler.version, given.code], 20)
        name = digest(sample.id, 20)
        path, about = self.root / key / name[:2] / f"{name}.npy", f"frames kept, {key}/{name}"
        with suppress(FileNotFoundError):
            try:
                stored = read_array(path, about, MOST)
                if stored.ndim == 1 and stored.size and stored.dtype.kind in "iu":
                    return stored
                raise Damaged("it names no frames")
            except Damaged as error:
                tell_damaged(path, error, "the frames of its clip are chosen again")
        kept = compute()
        with suppress(CannotWrite):  # the next job computes it again
            write_array(path, kept, about)
        return kept
