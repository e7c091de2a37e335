"""Which of several lists is read, tables of labels without folds, and what is said of the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.core.dataset_spec import DatasetSpec
from harness.data.layouts.labels import looks_permuted
from harness.data.layouts.reader import Layouts
from harness.data.splits import labels_sha256
from harness_plugins.datasets import dfew, mafw
from helpers.copies import (
    DFEW,
    FERV39K,
    MAFW,
    assert_whole,
    codes,
    labels,
    read,
    split,
    write_clips,
    write_list,
    write_lists,
)
from helpers.workbooks import write_book

OFFICIAL = "EmoLabel_DataSplit/{part}(single-labeled)/set_{fold}.csv"
ORDER = ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise", *MAFW.class_names[7:]]


def small(layouts: Layouts, spec: DatasetSpec) -> Layouts:
    """The layouts of a dataset as if the small copies were its release."""
    parts = {fold: split(spec, fold) for fold in spec.folds}
    sizes = {f: tuple(_sizes(parts[f][part], len(spec.classes)) for part in ("train", "test")) for f in spec.folds}
    hashes = {f: tuple(labels_sha256(parts[f][part].items()) for part in ("train", "test")) for f in spec.folds}
    changed: dict[str, Any] = {"counts": sizes, "sha256": hashes}
    return replace(layouts, **changed)


def _sizes(part: dict[str, int], classes: int) -> tuple[int, ...]:
    counts = Counter(part.values())
    return tuple(counts[i] for i in range(classes))


def test_of_several_lists_the_official_split_is_read_and_the_others_told(tmp_path: Path) -> None:
    write_clips(tmp_path, "clip_224x224", labels(DFEW))
    write_lists(tmp_path, "a_first/{part}_set_{fold}.csv", DFEW, "{number},{one}", "video_name,label")
    write_lists(tmp_path, "annotation/DFEW_set_{fold}_{part}.txt", DFEW, "{clip} 70 {zero}")
    changed = tmp_path / "a_first/train_set_3.csv"
    changed.write_text("".join(changed.read_text().splitlines(keepends=True)[:-1]))
    found = small(dfew.LAYOUTS, DFEW).read(tmp_path, "")
    assert "lists annotation/DFEW_set_{fold}_{part}.txt" in found.layout
    (problem,) = found.problems
    assert (problem.level, problem.code) == ("info", "other-lists")
    assert "--layout ':a_first/{part}_set_{fold}.csv' reads those" in problem.message
    again = small(dfew.LAYOUTS, DFEW).read(tmp_path, ":a_first/{part}_set_{fold}.csv")
    assert len(again.folds["3"].train) == len(found.folds["3"].train) - 1
    assert codes(again) == []


@pytest.mark.parametrize("spec", [DFEW, FERV39K, MAFW])
def test_a_folder_with_the_lists_of_all_three(tmp_path: Path, spec: DatasetSpec) -> None:
    lists, root = tmp_path / "annotation", tmp_path / spec.folder
    for other in (DFEW, FERV39K, MAFW):
        name = "FERV39K_{part}.txt" if other is FERV39K else other.title + "_set_{fold}_{part}.txt"
        write_lists(lists, name, other, "/data/" + other.title + "/faces/{clip} 70 {zero}")
    write_clips(root, "faces" if spec is MAFW else "DFEW_Face" if spec is DFEW else "2_ClipsforFaceCrop", labels(spec))
    assert_whole(spec, read(spec, root, f":{lists}"))


def test_clips_that_no_list_names_are_counted(tmp_path: Path) -> None:
    write_clips(tmp_path, "Clip/clip_224x224", [*labels(DFEW), "09000", "09001"])
    write_lists(tmp_path, OFFICIAL, DFEW, "{number},{one}", "video_name,label")
    (problem,) = read(DFEW, tmp_path).problems
    assert (problem.level, problem.code) == ("info", "unlisted-clips")
    assert problem.message.startswith("2 clips below Clip/clip_224x224 are in no list and not used, e.g. 09000")


def test_a_table_of_votes_tells_labels_and_their_numbers(tmp_path: Path) -> None:
    """MAFW's `single-set.xlsx`: a column for each class in its own order, and the label's number last."""
    write_clips(tmp_path, "data/frames", labels(MAFW), ".png")
    rows = [
        [f"{clip}.mp4", *(int(name == MAFW.class_names[k]) for name in ORDER), 1 + ORDER.index(MAFW.class_names[k])]
        for clip, k in labels(MAFW).items()
    ]
    write_book(tmp_path / "Labels" / "single-set.xlsx", [["clip", *ORDER, "single_label"], *rows])
    write_book(
        tmp_path / "Labels" / "multi-set.xlsx", [["clip", *ORDER, "multi_label"], ["00001.mp4", *range(11), "1,2"]]
    )
    write_book(tmp_path / "Labels" / "annotation.xlsx", [["clip", "invalid", *ORDER], ["00001.mp4", 0, *range(11)]])
    found = small(mafw.LAYOUTS, MAFW).read(tmp_path, "")
    assert_whole(MAFW, found)
    assert found.derived == MAFW.folds
    assert "lists Labels/single-set.xlsx" in found.layout
    assert found.places["00001"] == (str(tmp_path / "Labels" / "single-set.xlsx"), 2)
    assert codes(found) == []


@pytest.mark.parametrize("names", [["clip_name", "annotation"], ["order", "label"]])
def test_of_a_table_only_single_labels_of_clips_with_crops_make_the_official_split(
    tmp_path: Path, names: list[str]
) -> None:
    """DFEW's `annotation.xlsx`: votes, name, label from 1 or 0 for none; some clips have no crops."""
    write_clips(tmp_path, "Clip/clip_224x224", labels(DFEW))
    votes = ["1happy", "2sad", "3neutral", "4angry", "5surprise", "6disgust", "7fear"]
    rows = [[*[0] * 7, int(clip), k + 1] for clip, k in labels(DFEW).items()]
    rows += [[*[1] * 7, 9000, 0], [*[0] * 7, 9001, 1]]
    write_book(tmp_path / "Annotation" / "annotation.xlsx", [[*votes, *names], *rows])
    found = small(dfew.LAYOUTS, DFEW).read(tmp_path, "")
    assert_whole(DFEW, found)
    assert found.derived == DFEW.folds
    assert codes(found) == ["no-single-label"]


def test_permuted_numbers_of_a_list_that_lacks_clips_are_an_error(tmp_path: Path) -> None:
    sizes = (300, 200, 400, 250, 150, 50, 100)
    everything = {f"{1 + i:05d}": k for i, k in enumerate(k for k, n in enumerate(sizes) for _ in range(n))}
    layouts = replace(dfew.LAYOUTS, counts={"1": (sizes, (0,) * 7)}, folds=("1",))
    write_clips(tmp_path, "DFEW_Face", ["00001"], frames=1)
    few = dict(list(everything.items())[2:])
    for row, expected in (("{clip} 70 {zero}", []), ("{clip} 70 {turned}", ["class-order"])):
        text = "".join(row.format(clip=c, zero=k, turned=(k + 3) % 7) + "\n" for c, k in few.items())
        (tmp_path / "set_1_train.txt").write_text(text)
        (tmp_path / "set_1_test.txt").write_text("09000 70 0\n")
        problems = layouts.read(tmp_path, "").problems
        assert [p.code for p in problems if p.level == "error"] == expected


def test_a_scene_is_known_in_any_case(tmp_path: Path) -> None:
    write_clips(tmp_path, "2_ClipsForFaceCrop", [clip.lower() for clip in labels(FERV39K)])
    write_lists(tmp_path, "4_setups/All_scenes/{part}_All.csv", FERV39K, "{clip} {word}")
    for file in tmp_path.rglob("*.csv"):
        file.write_text(file.read_text().upper())
    found = read(FERV39K, tmp_path)
    assert_whole(FERV39K, found)
    assert all(s.source.is_dir() for s in found.folds["1"].test)


def test_a_part_alone_tells_the_order_of_its_numbers(tmp_path: Path) -> None:
    sizes = (9, 2, 7, 3, 5, 1, 4)
    tested = {f"{1 + i:05d}": k for i, k in enumerate(k for k, n in enumerate(sizes) for _ in range(n))}
    layouts = replace(dfew.LAYOUTS, counts={"1": ((0,) * 7, sizes)}, folds=("1",))
    write_clips(tmp_path, "DFEW_Face", tested, frames=1)
    write_list(tmp_path / "set_1_train.txt", DFEW, {"09000": 0}, "{clip} 70 0")
    lines = "".join(f"{clip} 70 {(k + 2) % 7}\n" for clip, k in tested.items())
    (tmp_path / "set_1_test.txt").write_text(lines)
    found = layouts.read(tmp_path, "")
    assert {s.id: s.label for s in found.folds["1"].test} == tested
    assert "class-order" in codes(found)


def test_numbers_follow_the_ids_where_those_tell_the_label(tmp_path: Path) -> None:
    write_clips(tmp_path, "2_ClipsforFaceCrop", labels(FERV39K))
    order = [1, 2, 0, 6, 3, 5, 4]
    for part, clips in split(FERV39K, "1").items():
        lines = [f"/data/FERV39K/{clip} 28 {order[k]}\n" for clip, k in clips.items()]
        (tmp_path / f"FERV39K_{part}.txt").write_text("".join(lines[: len(lines) - (part == "train")]))
    found = read(FERV39K, tmp_path)
    assert [p.code for p in found.problems] == ["class-order", "unlisted-clips"]
    assert "told by the ids (0 neutral, 1 happiness, 2 sadness, 3 surprise, 4 fear, 5 disgust, 6 anger)" in (
        found.problems[0].message
    )
    assert all(FERV39K.classes[s.label].word == s.id.split("/")[1] for s in found.folds["1"].train)


@pytest.mark.parametrize("template", ["lists/{part}{fold}.txt", "lists/{fold}_{part}.csv", "DFEW_{part}-{fold}.txt"])
def test_a_lone_number_is_the_fold(tmp_path: Path, template: str) -> None:
    write_clips(tmp_path, "clip_224x224", labels(DFEW))
    write_lists(tmp_path, template, DFEW, "{number},{one}")
    found = read(DFEW, tmp_path)
    assert_whole(DFEW, found)
    assert template in found.layout


def test_the_training_lists_of_two_folds_tell_all_others(tmp_path: Path) -> None:
    write_clips(tmp_path, "clip_224x224", labels(DFEW))
    write_lists(tmp_path, OFFICIAL, DFEW, "{number},{one}", "video_name,label")
    for file in tmp_path.rglob("*.csv"):
        if "test" in file.parent.name or file.name not in ("set_1.csv", "set_2.csv"):
            file.unlink()
    found = small(dfew.LAYOUTS, DFEW).read(tmp_path, "")
    assert_whole(DFEW, found)
    assert found.derived == DFEW.folds


def test_a_folder_called_by_a_date_is_no_clip(tmp_path: Path) -> None:
    write_clips(tmp_path, "clip_224x224", [*labels(DFEW), "20240131123456", "\u0663"])
    write_lists(tmp_path, OFFICIAL, DFEW, "{number},{one}", "video_name,label")
    assert_whole(DFEW, read(DFEW, tmp_path))


SIZES = (1956, 1515, 2135, 1738, 1175, 116, 721)  # training clips of DFEW's first fold, in the order of its classes


@pytest.mark.parametrize("missing", [0.05, 0.2, 0.5, 0.8])
def test_permuted_numbers_are_seen_whatever_share_of_the_rows_is_missing(missing: float) -> None:
    drawn = np.random.default_rng(1).multivariate_hypergeometric(SIZES, round((1 - missing) * sum(SIZES)))
    assert not looks_permuted(drawn.tolist(), SIZES)
    for order in ((3, 5, 6, 0, 2, 1, 4), (0, 1, 2, 3, 5, 4, 6), (6, 5, 4, 3, 2, 1, 0)):
        assert looks_permuted([int(drawn[k]) for k in order], SIZES), order


def test_sizes_of_few_rows_and_of_balanced_subsets_tell_no_order() -> None:
    assert not looks_permuted((0, 0, 0, 0, 0, 5, 0), SIZES)
    assert not looks_permuted((100,) * 7, SIZES)
