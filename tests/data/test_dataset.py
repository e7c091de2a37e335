"""A dataset opened at a root: its identity, and what is wrong with it."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.dataset_spec import DatasetSpec, Fold, Sample
from harness.core.errors import BadData
from harness.data.dataset import Dataset, open_dataset
from harness.plugin import registry
from helpers.toy import CLASSES, FOLDS, load

TOY = DatasetSpec("toy", "1", "Toy", "TOY", CLASSES, FOLDS, load)


def opened(root: Path, spec: DatasetSpec = TOY) -> Dataset:
    return open_dataset(spec, root, root.parent.parent / "cache", thorough=True)


@pytest.fixture
def root(toy_root: Path) -> Path:
    return toy_root / "TOY"


def test_frames_are_counted_whatever_the_plugin_says(root: Path) -> None:
    (root / "clips" / "000" / "4.jpg").unlink()
    frames = {s.id: s.frames for s in opened(root).folds["1"].test}
    assert frames["000"] == 3
    assert set(frames.values()) == {3, 4}


def test_the_fingerprint_is_of_names_contents_and_splits(root: Path) -> None:
    found = [opened(root).fingerprint]
    (root / "clips" / "000" / "4.jpg").write_bytes(b"of another sizE")
    found.append(opened(root).fingerprint)
    (root / "clips" / "000" / "4.jpg").write_bytes(b"of the same size"[:15])
    found.append(opened(root).fingerprint)
    (root / "clips" / "000" / "4.jpg").rename(root / "clips" / "000" / "5.jpg")
    found.append(opened(root).fingerprint)
    labels = root / "labels.txt"
    labels.write_text(labels.read_text().replace("000 left", "000 right"))
    found.append(opened(root).fingerprint)
    found.append(opened(root, replace(TOY, version="2")).fingerprint)
    assert len(set(found)) == len(found)


def test_data_are_known_by_their_fingerprint_of_before_as_far_as_that_can_tell(root: Path) -> None:
    before = opened(root)
    frame = root / "clips" / "000" / "4.jpg"
    frame.write_bytes(bytes(frame.stat().st_size))
    after = opened(root)
    assert not after.is_known_as(before.fingerprint)
    assert after.is_known_as(before.earlier_fingerprint)
    frame.write_bytes(b"of another size")
    assert not opened(root).is_known_as(before.earlier_fingerprint)


def with_targets(*targets: float) -> DatasetSpec:
    def read(root: Path, fold: str) -> Fold:
        plain = load(root, fold)
        return Fold([replace(sample, targets=targets) for sample in plain.train], plain.test)

    return replace(TOY, load=read)


def test_soft_targets_are_part_of_the_fingerprint_and_of_no_split(root: Path) -> None:
    plain, soft, other = (opened(root, spec) for spec in (TOY, with_targets(0.5, 0.5, 0), with_targets(0, 0.5, 0.5)))
    assert len({dataset.fingerprint for dataset in (plain, soft, other)}) == 3
    assert plain.split_sha256 == soft.split_sha256
    assert soft.folds["1"].train[0].targets == (0.5, 0.5, 0)


@pytest.mark.parametrize("targets", [(0.5, 0.5), (1.5, -0.5, 0.0), (0.2, 0.2, 0.2)])
def test_soft_targets_are_distributions_over_the_classes(targets: tuple[float, ...], root: Path) -> None:
    with pytest.raises(BadData, match=r"the soft targets of clip 001 are .*: expected 3 numbers"):
        opened(root, with_targets(*targets))


def test_the_fingerprint_depends_neither_on_times_nor_on_the_place(root: Path) -> None:
    before = opened(root).fingerprint
    for path in root.rglob("*"):
        os.utime(path, ns=(1, 1))
    assert opened(root).fingerprint == before
    moved = Path(shutil.move(root, root.parent / "elsewhere \"'[b] ü"))
    assert opened(moved).fingerprint == before


def test_missing_clips_are_named(root: Path) -> None:
    shutil.rmtree(root / "clips" / "000")
    (root / "clips" / "002" / "4.jpg").unlink()
    assert [s.id for s in opened(root).missing(["1"])] == ["000"]


def test_a_missing_folder_says_what_the_flag_means(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"Toy: no folder .*; give --data-root, the folder that holds TOY/"):
        opened(tmp_path / "a" / "b")


def test_whatever_a_plugins_loader_raises_names_dataset_fold_and_place(root: Path) -> None:
    labels = root / "labels.txt"
    labels.write_text(labels.read_text().replace("000 left", "000 lft"))
    with pytest.raises(BadData, match=r"Toy: fold '1' cannot be read: ValueError: .*lft.* \(toy\.py:\d+\)"):
        opened(root)


def test_a_clip_outside_the_root_is_refused(root: Path) -> None:
    def stray(place: Path, fold: str) -> Fold:
        return Fold([], [Sample("000", place.parent / "000", 0)])

    with pytest.raises(BadData, match=r"Toy: clip 000 is at .*, which is not below"):
        opened(root, replace(TOY, load=stray))


def test_an_unknown_label_in_an_annotation_names_file_and_line(tmp_path: Path) -> None:
    root = tmp_path / "d" / "DFEW"
    (root / "Clip" / "clip_224x224").mkdir(parents=True)
    for part, rows in {"test": "3,1\n", "train": "1,1\n2,9\n"}.items():
        folder = root / "EmoLabel_DataSplit" / f"{part}(single-labeled)"
        folder.mkdir(parents=True)
        (folder / "set_1.csv").write_text(f"video_name,label\n{rows}")
    with pytest.raises(BadData, match=r"set_1\.csv:3: unknown label '9'; valid: 1 \(happiness\)") as caught:
        opened(root, registry.dataset("dfew"))
    assert str(folder / "set_1.csv") in str(caught.value)


def test_the_summary_says_what_was_read(root: Path) -> None:
    dataset = opened(root)
    assert dataset.summary == f"Toy: {root}; which has no official split"
    read = replace(dataset, found=replace(dataset.found, layout="clips:labels"))
    assert read.summary == "Toy: clips:labels; which has no official split"


def test_a_layout_is_refused_of_a_plugin_that_reads_one_only(root: Path) -> None:
    with pytest.raises(BadData, match="Toy: its plugin reads one layout only, so 'clips:lists' cannot be chosen"):
        open_dataset(TOY, root, root.parent.parent / "cache", "clips:lists")
