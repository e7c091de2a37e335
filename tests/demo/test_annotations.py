"""Layouts to the byte, class counts per fold, splits by the official rule."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from harness.demo.five_folds import FiveFoldReplica
from harness.demo.render import ClipPlan
from harness.demo.replica import apportion
from helpers.replicas import REPLICAS, Replica

pytestmark = pytest.mark.usefixtures("unrendered")
DFEW, FERV39K, MAFW = REPLICAS


def test_dfew_csv_has_a_header_and_unpadded_ids(tmp_path: Path) -> None:
    DFEW.write(tmp_path)
    raw = (tmp_path / "EmoLabel_DataSplit/train(single-labeled)/set_1.csv").read_bytes()
    lines = raw.split(b"\n")
    assert lines[0] == b"video_name,label"
    assert lines[-1] == b""
    assert b"\r" not in raw
    assert all(part.isdigit() and not part.startswith(b"0") for line in lines[1:-1] for part in line.split(b","))
    assert {int(line.split(b",")[1]) for line in lines[1:-1]} == set(range(1, 8))


def test_ferv39k_csv_has_no_header_and_spaces(tmp_path: Path) -> None:
    FERV39K.write(tmp_path)
    for part in ("train", "test"):
        lines = (tmp_path / f"4_setups/All_scenes/{part}_All.csv").read_text().splitlines()
        for line in lines:
            path, word = line.split(" ")
            _, emotion, number = path.split("/")
            assert emotion == word
            assert len(number) == 4
            assert number.isdigit()


def test_mafw_txt_has_no_final_newline(tmp_path: Path) -> None:
    MAFW.write(tmp_path)
    raw = (tmp_path / "Train & Test Set/single/no_caption/set_3/test.txt").read_bytes()
    first, word = raw.split(b"\n")[0].split(b" ")
    assert not raw.endswith(b"\n")
    assert b"\r" not in raw
    assert len(first) == 9
    assert first.endswith(b".mp4")
    assert word.decode() in MAFW.classes


def test_every_class_is_tested_in_every_fold(tmp_path: Path, replica: Replica) -> None:
    replica.write(tmp_path)
    for fold in range(1, replica.folds + 1):
        tested = Counter(label for _, label in replica.read(tmp_path, fold, "test"))
        assert all(tested[label] >= 2 for label in replica.classes)


def test_a_pair_has_a_hundred_clips_per_class(tmp_path: Path, replica: Replica) -> None:
    replica.write(tmp_path)
    rows = set(replica.read(tmp_path, 1, "train") + replica.read(tmp_path, 1, "test"))
    counts = Counter(label for _, label in rows)
    assert all(counts[label] >= 100 for pair in replica.pairs for label in pair)


@pytest.mark.parametrize("chosen", [DFEW, MAFW], ids=["DFEW", "MAFW"])
def test_folds_are_five_consecutive_chunks_per_class(tmp_path: Path, chosen: Replica) -> None:
    chosen.write(tmp_path)
    chunks: dict[str, list[list[str]]] = defaultdict(list)
    for fold in range(1, 6):
        test, train = chosen.read(tmp_path, fold, "test"), chosen.read(tmp_path, fold, "train")
        assert not set(test) & set(train)
        for label in chosen.classes:
            chunks[label].append([clip for clip, word in test if word == label])
    for folds in chunks.values():
        ids = [clip for chunk in folds for clip in chunk]
        small, extra = divmod(len(ids), 5)
        assert ids == sorted(ids)
        assert [len(chunk) for chunk in folds] == [small + 1] * extra + [small] * (5 - extra)


def test_the_first_fifth_of_a_cell_is_tested(tmp_path: Path) -> None:
    FERV39K.write(tmp_path)
    test, train = FERV39K.read(tmp_path, 1, "test"), FERV39K.read(tmp_path, 1, "train")
    cells: dict[str, list[str]] = defaultdict(list)
    for clip, _ in test + train:
        cells[clip.rsplit("/", 1)[0]].append(clip)
    tested = {clip for clip, _ in test}
    for clips in cells.values():
        first = sorted(clips)[: math.ceil(0.2 * len(clips))]
        assert [clip for clip in sorted(clips) if clip in tested] == first


def test_ids_are_interleaved_over_classes(tmp_path: Path, unrendered: list[ClipPlan]) -> None:
    DFEW.write(tmp_path)
    rows = sorted(DFEW.read(tmp_path, 1, "train") + DFEW.read(tmp_path, 1, "test"))
    runs = sum(first[1] != second[1] for first, second in itertools.pairwise(rows))
    assert runs > 0.7 * len(rows)  # 0.82 is expected of a random order
    assert [plan.folder for plan in unrendered] == [clip for clip, _ in rows]


def test_a_few_labels_are_wrong(tmp_path: Path, replica: Replica, unrendered: list[ClipPlan]) -> None:
    replica.write(tmp_path)
    labels = dict(replica.read(tmp_path, 1, "train") + replica.read(tmp_path, 1, "test"))
    wrong = sum(labels[plan.folder] != plan.act.shows for plan in unrendered)
    assert 0.02 < wrong / len(unrendered) < 0.07


def test_apportion_lifts_rare_classes() -> None:
    assert apportion({"a": 90, "b": 9, "c": 1}, 100, 5) == {"a": 90, "b": 9, "c": 5}


def test_apportion_lifts_the_classes_of_a_pair() -> None:
    assert apportion({"a": 90, "b": 9, "c": 1}, 200, 5, [("b", "c")]) == {"a": 180, "b": 100, "c": 100}


def test_longer_chunks_come_first() -> None:
    replica = FiveFoldReplica(
        **{"name": "X", "official": {"a": 12}, "clips": 12, "at_least": 1, "folder": "{key}", "file": "{frame}.png"},
        **{"lists": "{part}{fold}", "line": lambda number, label: f"{number}"},
    )
    texts = replica._lists(["a"] * 12)
    assert [texts[f"test{fold}"].split() for fold in range(1, 6)] == [
        ["1", "2", "3"], ["4", "5", "6"], ["7", "8"], ["9", "10"], ["11", "12"],
    ]  # fmt: skip
