"""Read a dataset in any known layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.core.dataset_spec import ClassLabel, DatasetSpec, Fold, Inventory, Problem
from harness.core.errors import BadData, UnknownName, suggestion
from harness.core.text import first_few
from harness.data.layouts.complete import Rule, all_labels, complete
from harness.data.layouts.family import Counts, Meaning, Reading, read_family
from harness.data.layouts.folds import make_folds
from harness.data.layouts.ids import Ids
from harness.data.layouts.lists import PARTS, WHOLE, Cell, Family, Lists, find_lists
from harness.data.layouts.trees import Crops, Tree, find_tree
from harness.data.layouts.walk import list_folder
from harness.data.splits import labels_sha256

SHOWN = 6  # lists named that were left alone


@dataclass(frozen=True)
class Layouts:
    """Facts known of a dataset: how clips are called, where they lie, and how the official split is made."""

    name: str
    title: str
    classes: tuple[ClassLabel, ...]
    folds: tuple[str, ...]
    counts: Counts  # official clips per class, (train, test)
    sha256: Mapping[str, tuple[str, str]]  # official split of each fold, (train, test)
    ids: Ids
    crops: tuple[Crops, ...]  # by preference
    lists: str  # the official ones, with {fold} and {part}
    rule: Rule

    def spec(
        self,
        *,
        version: str,
        folder: str,
        paper: str,
        write_demo: str,
        temporal_pairs: tuple[tuple[str, str], ...] = (),
        overlaps: tuple[str, ...] = (),
    ) -> DatasetSpec:
        """Return the dataset as a plugin offers it; see `DatasetSpec` for what is asked for here."""
        return DatasetSpec(
            name=self.name,
            version=version,
            title=self.title,
            folder=folder,
            classes=self.classes,
            folds=self.folds,
            load=self.load,
            read=self.read,
            counts=self.counts,
            split_sha256=self.sha256,
            overlaps=overlaps,
            temporal_pairs=temporal_pairs,
            write_demo=write_demo,
            paper=paper,
        )

    def read(self, root: Path, layout: str) -> Inventory:
        """Return all folds below a root.

        `layout` is `CLIPS:LISTS`, each a path below the root or empty for what is found; the lists may lie elsewhere.

        Raises: BadData if clips or lists are not there, or a list is no list. A wrong row is a problem of the result.
        """
        # The lists, and the clips that are there.
        clips_asked, _, lists_asked = layout.partition(":")
        listing = list_folder(root)
        lists = find_lists(
            root,
            listing.texts,
            self.folds,
            self.lists,
            self.name,
            lists_asked,
        )
        reading = Reading()
        used, others = self._read_lists(lists.families, reading)
        tree = find_tree(
            root,
            listing.folders,
            self.ids,
            self.crops,
            reading.labels,
            clips_asked,
        )

        # The labels of all clips, where some fold lacks a list.
        by_ids = self._labels_of_ids(tree)
        known = by_ids | reading.labels if by_ids else None
        if (fold := self._open_fold(reading)) and known is None:
            known = self._read_whole(lists, tree, reading, used)
        if known is None and self._whole_size(reading.labels):
            known = reading.labels
        labels = all_labels(reading.parts, self.folds, known)
        if labels is None:
            raise BadData(self._missing(root, fold, lists))

        # Every fold, a missing part of it made by the rule of the official split.
        parts, derived = complete(
            reading.parts,
            labels,
            self.folds,
            self.rule,
        )
        folds = make_folds(root, self.folds, parts, tree, reading)
        left = (*_other_lists(others if not lists_asked else ()), *_unlisted(tree, folds))
        files = {cell: str(next(iter(rows.values())).file) for cell, rows in reading.rows.items() if rows}
        return Inventory(
            folds=folds,
            layout=f"clips {tree.path or '.'} ({tree.kind}), lists {', '.join(used) or 'none'}",
            crop_source=tree.name,
            problems=(*listing.problems, *lists.problems, *tree.problems, *reading.problems, *left),
            derived=tuple(derived),
            places={clip: (str(row.file), row.line) for clip, row in reading.places.items()},
            lists=files,
            stated={c: int(row.frames) for c, row in reading.places.items() if row.frames},
        )

    def load(self, root: Path, fold: str) -> Fold:
        """Return one fold as it is found below a root. Raises: BadData for wrong rows, or what `read` raises."""
        if fold not in self.folds:
            raise UnknownName(f"{self.title} has no fold {fold!r}; {suggestion(fold, self.folds)}")
        return self.read(root, "").checked().folds[fold]

    @cached_property
    def _meaning(self) -> Meaning:
        return Meaning(
            self.classes,
            self.ids,
            self.counts,
            self.lists,
        )

    def _read_lists(
        self,
        families: Sequence[Family],
        reading: Reading,
    ) -> tuple[list[str], list[str]]:
        """Read the preferred families until every part of every fold is there.

        Returns their templates, and those of other families that hold a part.
        """
        wanted = {(fold, part) for fold in self.folds for part in PARTS}
        used, others = [], []
        for family in self._official_first(families):
            cells = {cell: path for cell, path in family.files.items() if cell in wanted}
            if cells:
                read_family(family.template, cells, self._meaning, reading)
                used.append(family.template)
                wanted -= cells.keys()
                if family.held_out:
                    text = f"{family.template}: validation lists are taken for the test parts"
                    reading.problems.append(Problem("warning", "validation-list", text))
            elif WHOLE not in family.files:
                others.append(family.template)
        return used, others

    def _official_first(self, families: Sequence[Family]) -> Sequence[Family]:
        """Put the family first that is the official split, where several give all parts."""
        whole = [family for family in families if family.covers(self.folds)]
        best = next((family for family in whole if self._is_official(family)), None) if len(whole) > 1 else None
        return [best, *(family for family in families if family is not best)] if best else families

    def _is_official(self, family: Family) -> bool:
        trial = Reading()
        with suppress(BadData):
            read_family(family.template, family.files, self._meaning, trial)
        found = {cell: labels_sha256(part.items()) for cell, part in trial.parts.items()}
        folds = {fold: tuple(found.get((fold, part)) for part in PARTS) for fold in self.folds}
        return all(folds[fold] == self.sha256[fold] for fold in self.folds)

    def _labels_of_ids(self, tree: Tree) -> dict[str, int]:
        """Return the classes that ids on disk tell."""
        classes = {c.word: i for i, c in enumerate(self.classes)}
        return {clip: classes[word] for clip in tree.entries if (word := self.ids.word(clip))}

    def _open_fold(self, reading: Reading) -> Cell | None:
        """Return the first part that no list gives."""
        cells = ((fold, part) for fold in self.folds for part in PARTS)
        return next((cell for cell in cells if cell not in reading.parts), None)

    def _read_whole(
        self,
        lists: Lists,
        tree: Tree,
        reading: Reading,
        used: list[str],
    ) -> dict[str, int] | None:
        """Return the labels of the first list without a part that is one: many a text file merely has the name of one.

        DFEW's table of votes labels 362 clips that the official split leaves out, as no crops of them were made.
        """
        for family in lists.families:
            if WHOLE not in family.files:
                continue
            trial = Reading()
            try:
                read_family(family.template, family.files, self._meaning, trial)
            except BadData as error:
                lists.unused[family.template] = str(error)
                continue
            wrong = next((p for p in trial.problems if p.level == "error"), None)
            if wrong:
                lists.unused[family.template] = f"line {wrong.line}: {wrong.message}"
                continue
            reading.problems += trial.problems
            reading.rows[WHOLE] = trial.rows[WHOLE]
            used.append(family.template)
            there = {clip: label for clip, label in trial.labels.items() if clip in tree.entries}
            return (there if self._whole_size(there) else trial.labels) | reading.labels
        return None

    def _whole_size(self, labels: Mapping[str, int]) -> bool:
        """Return whether there are as many clips of each class as in all of the official split."""
        sizes = Counter(labels.values())
        return [sizes[i] for i in range(len(self.classes))] == [
            sum(s) for s in zip(*self.counts[self.folds[0]], strict=True)
        ]

    def _missing(
        self,
        root: Path,
        cell: Cell | None,
        lists: Lists,
    ) -> str:
        fold, part = cell or ("", "")
        expected = self.lists.format(fold=fold, part=part)
        left = [f"{path} ({reason})" for path, reason in sorted(lists.unused.items())]
        alone = f" Left alone: {first_few(left, SHOWN)}." if left else ""
        return (
            f"{self.title} fold {fold}: no {part} list; expected {expected!r} below {root}, or lists in a folder "
            f"that --layout :FOLDER names.{alone}"
        )


def _other_lists(templates: Sequence[str]) -> Iterator[Problem]:
    if templates:
        text = f"label lists also at {first_few(templates, SHOWN)}; --layout ':{templates[0]}' reads those"
        yield Problem("info", "other-lists", text)


def _unlisted(tree: Tree, folds: Mapping[str, Fold]) -> Iterator[Problem]:
    listed = {sample.id for fold in folds.values() for sample in fold.samples}
    if left := sorted(tree.entries.keys() - listed):
        text = f"{len(left):,} clips below {tree.path or '.'} are in no list and not used, e.g. {left[0]}"
        yield Problem("info", "unlisted-clips", text, tree.path)
