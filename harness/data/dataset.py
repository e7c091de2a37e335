"""A dataset opened at a root: its folds with frames counted, and its identity."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from harness.core.dataset_spec import DatasetSpec, Fold, Inventory, Problem, Sample
from harness.core.digest import digest
from harness.core.errors import BadData, HarnessError
from harness.core.events import Say, say_nothing
from harness.core.job import Protocol, SelectionRule
from harness.data.clip_index import Care, ClipInfo, scan_clips
from harness.data.doubts import by_fold, doubts_of, of_lists
from harness.data.fold_check import check_form, checked_folds
from harness.data.legible import legible
from harness.data.odd_frames import odd_frames
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

    @cached_property
    def doubts(self) -> dict[str, list[Problem]]:
        """What limits the results of each fold: classes never trained or tested, groups on both sides, odd lists."""
        shared = [*of_lists(self.spec, self.found), *odd_frames(self.samples.values(), self.infos)]
        return {name: [*doubts_of(self.spec.class_names, fold), *shared] for name, fold in self.folds.items()}

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
        odd = [*(p for p in self.found.problems if p.level == "warning"), *by_fold(self.doubts, self.found)]
        return [self.summary, *(f"{self.spec.title}: warning: {p.place}{p.message}" for p in odd)]

    def protocol(self, selection: SelectionRule) -> Protocol:
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
    def earlier_fingerprint(self) -> str:
        """The fingerprint by names and sizes alone, as it was made before contents were hashed."""
        digests = {path: info.sizes for path, info in self.infos.items()}
        return _fingerprint(self.spec, self.root, self.folds, digests)

    def is_known_as(self, fingerprint: str) -> bool:
        """Return whether results with this fingerprint are of these data, as far as such a fingerprint can tell."""
        return fingerprint in (self.fingerprint, self.earlier_fingerprint)

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
    say: Say = say_nothing,
) -> Dataset:
    """Read the annotations and count the frames of every clip.

    Args:
        spec: the dataset. Classes and folds that it leaves open are those found.
        root: its own folder, e.g. `.../DFEW`.
        cache: where counts are kept; a folder whose time has not changed is not listed again.
        layout: which clips and lists to read, `CLIPS:LISTS`; empty for what is found.
        thorough: look at every file, since one that is rewritten in place leaves no trace in its folder.
        say: told how far the reading of new clips is, where it takes long.

    Raises:
        BadData: nothing there, or an annotation is wrong.
    """
    found = read_inventory(spec, root, layout).checked()
    care: Care = "files" if thorough else "folders"
    return count_frames(
        spec,
        root,
        found,
        cache,
        care,
        say,
    )


def read_inventory(
    spec: DatasetSpec,
    root: Path,
    layout: str,
) -> Inventory:
    """Read the lists below a root, as the plugin does. Whatever it raises on odd data is an error, not a crash.

    Raises:
        BadData: nothing there, or nothing that can be read.
        BadFolds: folds that no result may be made on.
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
    check_form(spec, found)
    found = legible(found)
    odd = list(checked_folds(spec, root, found))
    return replace(found, problems=(*found.problems, *odd)) if odd else found


def count_frames(
    spec: DatasetSpec,
    root: Path,
    found: Inventory,
    cache: Path,
    care: Care,
    say: Say = say_nothing,
) -> Dataset:
    """Count the frames of every clip that was found and hash them, which makes it a dataset."""
    if not spec.folds:
        spec = replace(
            spec,
            folds=tuple(found.folds),
            classes=found.classes,
        )
    clips = {os.fspath(s.source): s.source for fold in found.folds.values() for s in fold.samples}
    infos = scan_clips(
        [clips[name] for name in sorted(clips)],
        root,
        cache,
        care,
        say,
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
        fingerprint=_fingerprint(spec, root, folds, {path: info.digest for path, info in infos.items()}),
        found=found,
        infos=infos,
        demo=is_demo(root),
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
    digests: Mapping[Path, str],
) -> str:
    """Return hash of the splits and of every clip's relative path and contents; no times, no place."""
    splits = {name: [canonical_sha256(f.train), canonical_sha256(f.test)] for name, f in folds.items()}
    below = Below(root)
    files = sorted((below(path), held) for path, held in digests.items())
    soft: dict[str, tuple[float, ...]] = {}
    for fold in folds.values():
        soft.update({sample.id: sample.targets for sample in fold.train if sample.targets})
    facts = [spec.name, spec.version, splits, files]
    return digest([*facts, soft] if soft else facts, 24)
