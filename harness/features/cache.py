"""The cache of frozen-encoder features: filled once, shared by all methods, folds, seeds and workers.

One file per view and shard. A shard is a fixed batch of clips, so its bits do not depend on who fills it. Files are
written under a temporary name and renamed, and a lease keeps two processes from encoding the same shard. Each ends with
a checksum, against which it is held when it is opened; one that is damaged is encoded again.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from harness.core.dataset_spec import Sample
from harness.core.digest import digest
from harness.core.errors import BadData
from harness.data.dataset import Dataset
from harness.features.arrays import map_array, write_array
from harness.features.encode import encode, load_all
from harness.features.selections import SELECTIONS
from harness.features.shards import shards_of
from harness.features.view import View, features_folder, shard_file
from harness.models.backbone import Backbone
from harness.system.leases import leases_in
from harness.system.regular import MB, read_regular
from harness.system.sealed import Damaged, looks_sealed, remove, tell_damaged, write_in_place
from harness.system.shutdown import shutdown
from harness.video.pipeline import STANDARD, Pipeline

WAIT_SECONDS = 0.2

NAMED = 10  # bad clips that an error names

ABOUT = "view.json"

UNKNOWN = {"dataset": "?", "number": 0, "input": {}}  # of a folder that does not tell what is in it

SMALL = 16 * MB  # bytes of JSON beside the features


@dataclass(frozen=True)
class Shard:
    """Features of a fixed batch of clips, held against their checksum.

    Attributes:
        features: (clips, T, D) float32, mapped from the file; a clip that cannot be read is NaN.
        bad: clip id -> reason for each of those.
        file: that it was opened from.
        stamp: of the file as it was then; one that is written again has another.
    """

    features: np.ndarray
    bad: Mapping[str, str]
    file: str
    stamp: tuple[int, ...]

    @property
    def stands(self) -> bool:
        """Whether it is what was opened: its file was not written again. One that was removed is still whole."""
        try:
            return _stamp(self.file) == self.stamp
        except FileNotFoundError:
            return True
        except Damaged:
            return False


@dataclass(frozen=True)
class FeatureCache:
    """Features on disk, below `root`. What is open is not checked again before its file changes."""

    root: Path
    pipeline: Pipeline = STANDARD
    _open: dict[Path, Shard] = field(
        default_factory=dict,
        compare=False,
        repr=False,
    )

    @classmethod
    def below(cls, cache: Path, pipeline: Pipeline = STANDARD) -> FeatureCache:
        """Return the cache of features below the folder of all caches; `pipeline` reads the clips that it lacks."""
        return cls(features_folder(cache), pipeline)

    def path(self, view: View, shard: int) -> Path:
        """Return the file of one shard: (clips, T, D) float32; a clip that cannot be read is NaN."""
        return shard_file(self.root, view, shard)

    def has(self, view: View, shard: int) -> bool:
        """Return whether a shard is there, by a look at the end of its file."""
        try:
            return looks_sealed(self.path(view, shard))
        except FileNotFoundError:
            return False

    def opened(
        self,
        dataset: Dataset,
        view: View,
        shard: int,
    ) -> Shard | None:
        """Return a shard as it is on disk, or None if it is not there or damaged, which is said.

        One that was open when its file was removed is still whole.
        """
        path = self.path(view, shard)
        known = self._open.get(path)
        if known is not None and known.stands:
            return known
        try:
            found = self._open[path] = self._checked(dataset, view, shard)
        except FileNotFoundError:
            return None
        except Damaged as error:
            self._open.pop(path, None)
            tell_damaged(path, error, "its clips are encoded again")
            return None
        return found

    def _checked(
        self,
        dataset: Dataset,
        view: View,
        shard: int,
    ) -> Shard:
        """Open a shard. Raises: FileNotFoundError; Damaged if it is not what was written for these clips."""
        path, clips = self.path(view, shard), shards_of(dataset).batches[shard]
        stamp = _stamp(path)
        bad = _read_reasons(path)
        features = map_array(path, _about(view, shard, clips, bad))
        if features.dtype != np.float32 or features.ndim != 3 or len(features) != len(clips) or not features.size:
            raise Damaged(f"it holds {features.dtype} of shape {features.shape}, not features of {len(clips)} clips")
        return Shard(features, bad, str(path), stamp)

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
        found = self.opened(dataset, view, shard)
        bad = dict(found.bad) if found else {}
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
        folders = (path for path in sorted(self.root.glob("[!.]*")) if path.is_dir() and path.name != SELECTIONS)
        return [_info(folder) for folder in folders]

    def clear(self) -> int:
        """Remove everything. Returns the bytes freed."""
        freed = sum(int(entry["bytes"]) for entry in self.info())
        shutil.rmtree(self.root, ignore_errors=True)
        self._open.clear()
        return freed

    def _to_fill(
        self,
        dataset: Dataset,
        view: View,
        shard: int,
    ) -> bool:
        """Return whether a shard is missing or damaged, or clips that could not be read then can be read now."""
        found = self.opened(dataset, view, shard)
        if found is None:
            return True
        suspects = [sample for sample in shards_of(dataset).batches[shard] if sample.id in found.bad]
        return bool(suspects) and len(load_all(suspects, view, self.pipeline)[1]) < len(found.bad)

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
        about = _about(
            view,
            shard,
            shards_of(dataset).batches[shard],
            bad,
        )
        if bad:  # before the features, so that no reader takes them for whole
            _write_json(_reasons(path), bad)
        write_array(path, features, about)
        if not bad:
            remove(_reasons(path))

    def _describe(self, dataset: Dataset, view: View) -> None:
        folder = self.root / view.key
        if not _description(folder):
            about = {
                "dataset": dataset.spec.name,
                "demo": dataset.demo,
                **asdict(view),
            }
            _write_json(folder / ABOUT, about)


class FeatureTable:
    """Rows of the cache by clip, memory-mapped."""

    def __init__(
        self,
        cache: FeatureCache,
        dataset: Dataset,
        view: View,
        refill: Callable[[View, int], None] | None = None,
    ) -> None:
        """Take the cache, and what encodes a shard anew that was removed or damaged since it was filled."""
        self.cache = cache
        self.dataset = dataset
        self.view = view
        self.refill = refill
        self._rows = shards_of(dataset).rows
        self._shards: dict[int, Shard] = {}

    def gather(self, samples: Iterable[Sample]) -> Tensor:
        """Return features (B, T, D) of these clips."""
        return torch.from_numpy(np.stack([self.row(sample) for sample in samples]))

    def row(self, sample: Sample) -> np.ndarray:
        """Return features (T, D) of one clip; all NaN if it could not be read."""
        shard, row = self._rows[sample.id]
        features: np.ndarray = self._shard(shard).features[row]
        return features

    def _shard(self, number: int) -> Shard:
        known = self._shards.get(number)
        if known is not None and known.stands:
            return known
        found = self.cache.opened(self.dataset, self.view, number)
        if found is None and self.refill is not None:
            self.refill(self.view, number)
            found = self.cache.opened(self.dataset, self.view, number)
        if found is None:
            raise BadData(f"{self.cache.path(self.view, number)}: features that were filled are gone; run it again")
        self._shards[number] = found
        return found


def raise_if_bad(bad: Mapping[str, str], skip_bad: bool) -> None:
    """Raise BadData with the count and the first of the clips that cannot be read, unless they are to be skipped."""
    if bad and not skip_bad:
        first = "\n".join(list(bad.values())[:NAMED])
        raise BadData(
            f"{len(bad)} clips cannot be used:\n{first}\nCopy them again, or leave them out with --on-bad-sample skip"
        )


def _about(
    view: View,
    shard: int,
    clips: Iterable[Sample],
    bad: Mapping[str, str],
) -> str:
    """Return what a shard is of, which its checksum covers: a file in the place of another is found, too."""
    return f"features, {view.key}/{shard}, {digest([[sample.id for sample in clips], dict(bad)])}"


def _stamp(file: str | Path) -> tuple[int, ...]:
    """Return what changes when a file is written.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it cannot be reached, such as by links that run in a circle.
    """
    try:
        facts = os.stat(file)  # noqa: PTH116  (asked for each clip of each batch)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Damaged(error.strerror or str(error)) from error
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _reasons(path: Path) -> Path:
    return path.with_suffix(".bad.json")


def _read_reasons(path: Path) -> dict[str, str]:
    """Return why clips of a shard could not be read; none if all could. Raises: Damaged."""
    try:
        found = json.loads(read_regular(_reasons(path), SMALL))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"{_reasons(path).name} cannot be read") from error
    if not isinstance(found, dict) or not all(isinstance(why, str) for why in found.values()):
        raise Damaged(f"{_reasons(path).name} does not say which clips could not be read")
    return found


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    write_in_place(path, json.dumps(data, indent=2).encode())


def _description(folder: Path) -> dict[str, Any]:
    """Return what the features in a folder are of, for people; empty where that cannot be told."""
    try:
        found = json.loads(read_regular(folder / ABOUT, SMALL))
        named = isinstance(found["dataset"], str) and isinstance(found["number"], int)
        return dict(found) if named and isinstance(found["input"], dict) else {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}


def _info(folder: Path) -> dict[str, Any]:
    shards = list(folder.glob("*.npy"))
    return {
        **UNKNOWN,
        **_description(folder),
        "key": folder.name,
        "shards": len(shards),
        "bytes": sum(s.lstat().st_size for s in shards),
    }
