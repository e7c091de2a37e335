"""The cache of frozen-encoder features: filled once, shared by all methods, folds, seeds and workers.

One file per view and shard. A shard is a fixed batch of clips, so its bits do not depend on who fills it. Files are
written under a temporary name and renamed, and a lease keeps two processes from encoding the same shard.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from harness.core.dataset_spec import Sample
from harness.core.errors import BadData
from harness.data.dataset import Dataset
from harness.features.encode import encode, load_all
from harness.features.shards import shards_of
from harness.features.view import View, features_folder, shard_file
from harness.models.backbone import Backbone
from harness.system.files import write_atomically
from harness.system.leases import leases_in
from harness.system.shutdown import shutdown
from harness.video.pipeline import STANDARD, Pipeline

WAIT_SECONDS = 0.2

NAMED = 10  # bad clips that an error names


@dataclass(frozen=True)
class FeatureCache:
    """Features on disk, below `root`."""

    root: Path
    pipeline: Pipeline = STANDARD

    @classmethod
    def below(cls, cache: Path, pipeline: Pipeline = STANDARD) -> FeatureCache:
        """Return the cache of features below the folder of all caches; `pipeline` reads the clips that it lacks."""
        return cls(features_folder(cache), pipeline)

    def path(self, view: View, shard: int) -> Path:
        """Return the file of one shard: (clips, T, D) float32; a clip that cannot be read is NaN."""
        return shard_file(self.root, view, shard)

    def has(self, view: View, shard: int) -> bool:
        """Return whether a shard is there."""
        return self.path(view, shard).is_file()

    def ensure(
        self,
        dataset: Dataset,
        view: View,
        shard: int,
        backbone: Backbone,
        *,
        skip_bad: bool,
    ) -> dict[str, str]:
        """Encode a shard that is not there, or whose bad clips have been mended since.

        Returns:
            Clip id -> reason for each clip that cannot be read.

        Raises:
            BadData: there are such clips and they are not to be skipped.
        """
        leases, name = leases_in(self.root), f"{view.key}-{shard:05d}"
        while self._to_fill(dataset, view, shard):
            if not leases.acquire(name):
                shutdown.check()
                time.sleep(WAIT_SECONDS)  # somebody else encodes it
                continue
            try:
                if self._to_fill(dataset, view, shard):
                    self._fill(dataset, view, shard, backbone, skip_bad=skip_bad)
            finally:
                leases.release(name)
        bad = self._bad(view, shard)
        raise_if_bad(bad, skip_bad)
        return bad

    def _fill(
        self,
        dataset: Dataset,
        view: View,
        shard: int,
        backbone: Backbone,
        *,
        skip_bad: bool,
    ) -> None:
        clips, bad = load_all(
            shards_of(dataset).batches[shard],
            view,
            self.pipeline,
        )
        raise_if_bad(bad, skip_bad)
        self._write(
            dataset,
            view,
            shard,
            encode(clips, view.input, backbone),
            bad,
        )

    def info(self) -> list[dict[str, Any]]:
        """Return one entry a view: what it is of, shards and bytes."""
        return [_info(folder) for folder in sorted(self.root.glob("*")) if (folder / "view.json").is_file()]

    def clear(self) -> int:
        """Remove everything. Returns the bytes freed."""
        freed = sum(int(entry["bytes"]) for entry in self.info())
        shutil.rmtree(self.root, ignore_errors=True)
        return freed

    def _bad(
        self,
        view: View,
        shard: int,
    ) -> dict[str, str]:
        path = self.path(view, shard).with_suffix(".bad.json")
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}

    def _to_fill(
        self,
        dataset: Dataset,
        view: View,
        shard: int,
    ) -> bool:
        """Return whether a shard is missing, or clips that could not be read when it was written can be read now."""
        if not self.has(view, shard):
            return True
        bad = self._bad(view, shard)
        suspects = [sample for sample in shards_of(dataset).batches[shard] if sample.id in bad]
        return bool(suspects) and len(load_all(suspects, view, self.pipeline)[1]) < len(bad)

    def _write(
        self,
        dataset: Dataset,
        view: View,
        shard: int,
        features: np.ndarray,
        bad: Mapping[str, str],
    ) -> None:
        self._describe(dataset, view)
        path = self.path(view, shard)
        reasons = path.with_suffix(".bad.json")
        if bad:  # before the features, so that no reader takes them for whole
            write_atomically(reasons, lambda draft: draft.write_text(json.dumps(bad), encoding="utf-8"))
        write_atomically(path, lambda draft: _save(draft, features))
        if not bad:
            reasons.unlink(missing_ok=True)

    def _describe(self, dataset: Dataset, view: View) -> None:
        path = self.root / view.key / "view.json"
        if not path.is_file():
            about = {
                "dataset": dataset.spec.name,
                "demo": dataset.demo,
                **asdict(view),
            }
            write_atomically(path, lambda draft: draft.write_text(json.dumps(about, indent=2), encoding="utf-8"))


class FeatureTable:
    """Rows of the cache by clip, memory-mapped."""

    def __init__(
        self,
        cache: FeatureCache,
        dataset: Dataset,
        view: View,
    ) -> None:
        self.cache = cache
        self.view = view
        self._rows = shards_of(dataset).rows
        self._shards: dict[int, np.ndarray] = {}

    def gather(self, samples: Iterable[Sample]) -> Tensor:
        """Return features (B, T, D) of these clips."""
        return torch.from_numpy(np.stack([self.row(sample) for sample in samples]))

    def row(self, sample: Sample) -> np.ndarray:
        """Return features (T, D) of one clip; all NaN if it could not be read."""
        shard, row = self._rows[sample.id]
        if shard not in self._shards:
            self._shards[shard] = np.load(self.cache.path(self.view, shard), mmap_mode="r")
        features: np.ndarray = self._shards[shard][row]
        return features


def raise_if_bad(bad: Mapping[str, str], skip_bad: bool) -> None:
    """Raise BadData with the count and the first of the clips that cannot be read, unless they are to be skipped."""
    if bad and not skip_bad:
        first = "\n".join(list(bad.values())[:NAMED])
        raise BadData(
            f"{len(bad)} clips cannot be used:\n{first}\nCopy them again, or leave them out with --on-bad-sample skip"
        )


def _save(path: Path, features: np.ndarray) -> None:
    whole = io.BytesIO()  # into a file itself NumPy writes without saying why the disk would not take it
    np.save(whole, features)
    path.write_bytes(whole.getbuffer())


def _info(folder: Path) -> dict[str, Any]:
    shards = list(folder.glob("*.npy"))
    about = json.loads((folder / "view.json").read_text(encoding="utf-8"))
    return {
        **about,
        "key": folder.name,
        "shards": len(shards),
        "bytes": sum(s.stat().st_size for s in shards),
    }
