"""Folds that no result may be made on are refused with what is wrong, whoever reads them; doubts are told of."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.core.dataset_spec import DatasetSpec, Fold, Inventory, Sample
from harness.data.dataset import open_dataset, read_inventory
from harness.data.fold_check import BadFolds, check_form
from helpers.toy import CLASSES, FOLDS, load

TOY = DatasetSpec("toy", "1", "Toy", "TOY", CLASSES, FOLDS, load)
Change = Callable[[Fold], Any]


@pytest.fixture
def root(toy_root: Path) -> Path:
    return toy_root / "TOY"


def changed(change: Change) -> DatasetSpec:
    return replace(TOY, load=lambda root, fold: change(load(root, fold)))


def first(fold: Fold, **fields: Any) -> Fold:
    return Fold(fold.train, [replace(fold.test[0], **fields), *fold.test[1:]])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda fold: Fold(fold.test, fold.test),
            "fold 1: 12 clips are in train and in test: 000, 002, 004 and 9",
        ),
        (lambda fold: Fold(fold.train, [*fold.test, fold.test[0]]), "fold 1: 1 ids come more than once in one part"),
        (lambda fold: first(fold, id="x", source=fold.train[0].source), "sources have two ids: .*001"),
        (lambda fold: first(fold, label=3), "label 3 of clip 00. is none of the 3 classes"),
        (lambda fold: first(fold, id=7), "the id of a clip is the int 7"),
        (lambda fold: first(fold, source="x"), "source of clip 00. is the str 'x'; expected a pathlib.Path"),
        (lambda fold: fold.test, "fold 1 is the list .*; expected Fold"),
        (lambda fold: Fold(fold.train, iter(fold.test)), "fold 1: test is the list_iterator"),
    ],
)
def test_what_no_result_may_be_made_on(change: Change, says: str, root: Path) -> None:
    with pytest.raises(BadFolds, match=f"Toy: (.*\n)*.*{says}"):
        read_inventory(changed(change), root, "")


def test_numbers_of_other_types_are_labels(root: Path) -> None:
    spec = changed(lambda fold: first(fold, label=np.int64(fold.test[0].label)))
    assert read_inventory(spec, root, "").folds["1"].test[0].label == 0


def test_a_link_to_another_clip_is_that_clip(root: Path) -> None:
    (root / "clips" / "again").symlink_to("001")
    spec = changed(lambda fold: Fold(fold.train, [*fold.test, Sample("again", root / "clips" / "again", 1)]))
    with pytest.raises(BadFolds, match="1 pairs of ids lead to one source, by links: 001 and again"):
        read_inventory(spec, root, "")


def test_one_file_by_hard_links_can_be_used_and_is_told(root: Path) -> None:
    (root / "clips" / "a.mp4").write_bytes(b"x")
    (root / "clips" / "b.mp4").hardlink_to(root / "clips" / "a.mp4")
    a, b = (Sample(name, root / "clips" / f"{name}.mp4", 0) for name in "ab")
    spec = replace(TOY, folds=("1",), load=lambda root, fold: Fold([a], [b]))
    dataset = open_dataset(spec, root, root / "cache")
    told = [doubt.message for doubt in dataset.doubts["1"] if doubt.code == "same-file"]
    assert told == ["1 pairs of clips are one file: a and b"]


def test_folds_have_to_be_those_declared(root: Path) -> None:
    found = Inventory({"1": load(root, "1")}, "", "")
    with pytest.raises(BadFolds, match="fold 2 is declared and not read; there are 1"):
        check_form(TOY, found)


def test_the_error_travels_between_processes(root: Path) -> None:
    with pytest.raises(BadFolds) as caught:
        read_inventory(changed(lambda fold: Fold(fold.test, fold.test)), root, "")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.problems) == (str(caught.value), caught.value.problems)


def test_doubts_name_their_fold(root: Path) -> None:
    def few(place: Path, name: str) -> Fold:
        fold = load(place, name)
        return Fold([clip for clip in fold.train if clip.label or name == "2"], fold.test)

    dataset = open_dataset(replace(TOY, load=few), root, root / "cache")
    assert [doubt.code for doubt in dataset.doubts["1"]] == ["class-never-trained"]
    assert dataset.doubts["2"] == []
    assert "Toy: warning: fold 1: no training clip of left (4 test clips)" in dataset.notes
