"""A dataset opened at a root: its folds with frames counted, and its identity."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from math import isclose
from pathlib import Path

from harness.core.dataset_spec import DatasetSpec, Fold, Inventory, Sample
from harness.core.digest import digest
from harness.core.errors import BadData, HarnessError
from harness.core.job import Protocol, Selection
from harness.data.clip_index import ClipInfo, scan_clips
from harness.data.paths import Below
from harness.data.places import is_demo
from harness.data.splits import canonical_sha256, is_official
from harness.system.plugin_code import contained


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset on disk, checked against what the spec says."""

    spec: DatasetSpec
    root: Path
    folds: Mapping[str, Fold]
    fingerprint: str
    found: Inventory
    infos: Mapping[Path, ClipInfo]  # of each clip's source
    demo: bool

    @cached_property
    def split_sha256(self) -> dict[str, dict[str, str]]:
        """Canonical hash of the train and test part of each fold."""
        return {
            name: {"train": canonical_sha256(fold.train), "test": canonical_sha256(fold.test)}
            for name, fold in self.folds.items()
        }

    def official(self, fold: str) -> bool:
        """Return whether a fold is, clip by clip and label by label, the official one."""
        return is_official(self.spec, fold, self.folds[fold])

    @property
    def summary(self) -> str:
        """One line: what was read, and whether it is the official split."""
        unofficial = [name for name in self.folds if not self.official(name)]
        if self.demo:
            verdict = "a synthetic demo"
        elif not self.spec.split_sha256:
            verdict = "which has no official split"
        elif unofficial:
            verdict = f"NOT the official split in fold {', '.join(unofficial)}"
        else:
            verdict = "the official split"
        return f"{self.spec.title}: {self.found.layout or self.root}; {verdict}"

    @property
    def notes(self) -> list[str]:
        """What a run says before it starts: the summary, and what was odd about clips and lists."""
        odd = [p for p in self.found.problems if p.level == "warning"]
        return [self.summary, *(f"{self.spec.title}: warning: {p.place}{p.message}" for p in odd)]

    def protocol(self, selection: Selection) -> Protocol:
        """Return the protocol that results on this dataset are made under."""
        return Protocol(
            dataset=self.spec.name,
            dataset_version=self.spec.version,
            crop_source=self.found.crop_source,
            split_sha256=digest(self.split_sha256, 64),
            classes=self.spec.class_names,
            selection=selection,
        )

    @cached_property
    def samples(self) -> dict[str, Sample]:
        """Every clip of any fold by id."""
        return {s.id: s for fold in self.folds.values() for s in fold.samples}

    @cached_property
    def sides(self) -> dict[str, tuple[set[str], set[str]]]:
        """Ids of the training and of the test clips of each fold."""
        sides = {}
        for name, fold in self.folds.items():
            sides[name] = ({sample.id for sample in fold.train}, {sample.id for sample in fold.test})
        return sides

    def missing(self, folds: Iterable[str]) -> list[Sample]:
        """Return clips of these folds that have no frames on disk."""
        missing = []
        for name in folds:
            missing += [sample for sample in self.folds[name].samples if not sample.frames]
        return missing


def open_dataset(
    spec: DatasetSpec,
    root: Path,
    cache: Path,
    layout: str = "",
    *,
    thorough: bool = False,
) -> Dataset:
    """Read the annotations and count the frames of every clip.

    Args:
        spec: the dataset. Classes and folds that it leaves open are those found.
        root: its own folder, e.g. `.../DFEW`.
        cache: where counts are kept; a folder whose time has not changed is not listed again.
        layout: which clips and lists to read, `CLIPS:LISTS`; empty for what is found.
        thorough: list small trees again in any case, since a file rewritten in place leaves no trace in its folder.

    Raises:
        BadData: nothing there, or an annotation is wrong.
    """
    found = read_inventory(spec, root, layout).checked()
    return count_frames(spec, root, found, cache, thorough=thorough)


def read_inventory(
    spec: DatasetSpec,
    root: Path,
    layout: str,
) -> Inventory:
    """Read the lists below a root, as the plugin does. Whatever it raises on odd data is an error, not a crash.

    Raises:
        BadData: nothing there, or nothing that can be read.
    """
    if not root.is_dir():
        raise BadData(f"{spec.title}: no folder {root}; give --data-root, the folder that holds {spec.folder}/")
    if spec.read is None and layout:
        raise BadData(f"{spec.title}: its plugin reads one layout only, so {layout!r} cannot be chosen")
    if spec.read:
        with plugin_errors_as(spec.title):
            found = spec.read(root, layout)
    else:
        found = _loaded(spec, root)
    below = Below(root)
    for fold in found.folds.values():
        for sample in fold.samples:
            if not below.holds(sample.source):
                raise BadData(f"{spec.title}: clip {sample.id} is at {sample.source}, which is not below {root}")
    return found


def count_frames(
    spec: DatasetSpec,
    root: Path,
    found: Inventory,
    cache: Path,
    *,
    thorough: bool,
) -> Dataset:
    """Count the frames of every clip that was found, which makes it a dataset."""
    if not spec.folds:
        spec = replace(
            spec,
            folds=tuple(found.folds),
            classes=found.classes,
        )
    for fold in found.folds.values():
        _check_targets(spec, fold)
    clips = {os.fspath(s.source): s.source for fold in found.folds.values() for s in fold.samples}
    infos = scan_clips(
        [clips[name] for name in sorted(clips)],
        root,
        cache,
        thorough=thorough,
    )
    counted: dict[int, Sample] = {}  # one object a clip, whatever the number of folds
    folds = {
        name: Fold(_count(fold.train, infos, counted), _count(fold.test, infos, counted))
        for name, fold in found.folds.items()
    }
    return Dataset(
        spec=spec,
        root=root,
        folds=folds,
        fingerprint=_fingerprint(spec, root, folds, infos),
        found=found,
        infos=infos,
        demo=is_demo(root),
    )


def _check_targets(spec: DatasetSpec, fold: Fold) -> None:
    """Look at the soft targets of clips. Raises: BadData for one that is no distribution over the classes."""
    for sample in fold.samples:
        targets = sample.targets
        if not targets:
            continue
        if len(targets) != len(spec.classes) or min(targets) < 0 or not isclose(sum(targets), 1, abs_tol=1e-3):
            raise BadData(
                f"{spec.title}: the soft targets of clip {sample.id} are {targets}: expected {len(spec.classes)} "
                f"numbers, one for each class, none below 0, that sum to 1"
            )


def _loaded(spec: DatasetSpec, root: Path) -> Inventory:
    """Return what a plugin that reads fold by fold finds."""
    folds = {}
    for name in spec.folds:
        with plugin_errors_as(f"{spec.title}: fold {name!r}"):
            folds[name] = spec.load(root, name)
    return Inventory(folds, layout="", crop_source="")


@contextmanager
def plugin_errors_as(what: str) -> Iterator[None]:
    """Turn whatever a plugin raises into an error that says what cannot be read, and where it failed."""
    try:
        with contained():
            yield
    except HarnessError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
        raise BadData(f"{what} cannot be read: {reason}") from error


def _count(
    samples: Sequence[Sample],
    infos: Mapping[Path, ClipInfo],
    counted: dict[int, Sample],
) -> list[Sample]:
    """Add the frames. `counted` goes by identity, which is quicker than by content:
    readers share a clip among folds.
    """
    for sample in samples:
        if id(sample) not in counted:
            counted[id(sample)] = replace(sample, frames=infos[sample.source].frames)
    return [counted[id(sample)] for sample in samples]


def _fingerprint(
    spec: DatasetSpec,
    root: Path,
    folds: Mapping[str, Fold],
    infos: Mapping[Path, ClipInfo],
) -> str:
    """Return hash of the splits and of every clip's relative path and frame names and sizes; no times, no pixels."""
    splits = {name: [canonical_sha256(f.train), canonical_sha256(f.test)] for name, f in folds.items()}
    below = Below(root)
    files = sorted((below(path), info.digest) for path, info in infos.items())
    soft: dict[str, tuple[float, ...]] = {}
    for fold in folds.values():
        soft.update({sample.id: sample.targets for sample in fold.train if sample.targets})
    facts = [spec.name, spec.version, splits, files]
    return digest([*facts, soft] if soft else facts, 24)
