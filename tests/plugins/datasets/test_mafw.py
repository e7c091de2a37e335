"""MAFW in its official layout: annotations, mistakes in them, and the facts of the spec."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import BadData, UnknownName
from harness.data.splits import five_chunks
from harness_plugins.datasets import mafw

(SPEC,) = mafw.register_datasets()
TOTALS = (1242, 1470, 1138, 1390, 1072, 639, 625, 236, 916, 262, 182)


def list_of(root: Path, part: str, fold: str = "1") -> Path:
    return root / "Train & Test Set" / "single" / "no_caption" / f"set_{fold}" / f"{part}.txt"


def write(root: Path, train: str, test: str, fold: str = "1") -> Path:
    """An official tree without frames, which loading does not look at."""
    (root / "data" / "frames").mkdir(parents=True, exist_ok=True)
    for part, rows in (("train", train), ("test", test)):
        list_of(root, part, fold).parent.mkdir(parents=True, exist_ok=True)
        list_of(root, part, fold).write_bytes(rows.encode())
    return root


def test_official_format(tmp_path: Path) -> None:
    write(tmp_path, "00025.mp4 anger\n00003.mp4 disappointment", "\ufeff10045.mp4 contempt\r\n", fold="5")
    fold = SPEC.load(tmp_path, "5")
    assert [(s.id, s.label) for s in fold.train] == [("00025", 3), ("00003", 10)]
    assert [(s.id, s.label, s.group) for s in fold.test] == [("10045", 7, "")]
    assert fold.train[0].source == tmp_path / "data" / "frames" / "00025"


@given(st.dictionaries(st.integers(1, 99999), st.integers(0, 10), min_size=2, max_size=30))
def test_every_row_is_read(tmp_path_factory: pytest.TempPathFactory, labels: dict[int, int]) -> None:
    rows = [f"{clip:05d}.mp4 {SPEC.classes[label].word}" for clip, label in labels.items()]
    fold = SPEC.load(write(tmp_path_factory.mktemp("mafw"), "\n".join(rows[1:]), rows[0]), "1")
    expected = [(f"{clip:05d}", label) for clip, label in labels.items()]
    assert [(s.id, s.label) for s in [*fold.test, *fold.train]] == expected


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        ("00001.mp4 angr\n", 1, "unknown label 'angr'; did you mean 'anger'?; valid: happiness, sadness"),
        ("00001.mp4 fear\n00002.mp4 4\n", 2, "unknown label '4'; valid: happiness, sadness"),
        ("00001.mp4 fear_anger\n", 1, "label 'fear_anger' is a compound one; the harness reads the single-labelled"),
        ("00001.mp4\n", 1, "expected `clip label`, `clip frames label` or a header, found 1 columns: ['00001.mp4']"),
        ("00001.npy fear\n", 1, "clip id '00001.npy' is not a whole number"),
        ("../1.mp4 fear\n", 1, "clip id '../1.mp4' is not a plain path"),
        ("..\\\\1.mp4 fear\n", 1, "clip id '..\\\\\\\\1.mp4' is not a plain path"),
        ("00001.mp4 fear\n\n1.mp4 fear\n", 3, "duplicate id '00001', first in line 1"),
        ("00009.mp4 fear", 1, "train and test share id '00009', first in "),
        ("", 1, "the file lists no clips"),
    ],
)
def test_bad_rows_name_file_and_line(tmp_path: Path, rows: str, line: int, reason: str) -> None:
    write(tmp_path, "00009.mp4 fear", rows)
    with pytest.raises(BadData) as caught:
        SPEC.load(tmp_path, "1")
    assert str(caught.value).startswith(f"{list_of(tmp_path, 'test')}:{line}: {reason}")


def test_other_folds_follow_from_one_whole_fold(tmp_path: Path) -> None:
    words = ["fear"] * 7 + ["anger"] * 5
    rows = [f"{i:05d}.mp4 {word}" for i, word in enumerate(words, 1)]
    tested = [rows[i] for i in (2, 3, 8)]  # chunks of fear: 1 2 | 3 4 | 5 | 6 | 7; of anger: 8 | 9 | ...
    write(tmp_path, "\n".join(row for row in rows if row not in tested), "\n".join(tested), fold="2")
    assert [s.id for s in SPEC.load(tmp_path, "2").test] == ["00003", "00004", "00009"]
    assert [s.id for s in SPEC.load(tmp_path, "1").test] == ["00001", "00002", "00008"]
    assert len(SPEC.load(tmp_path, "5").train) == 10
    assert mafw.LAYOUTS.read(tmp_path, "").derived == ("1", "3", "4", "5")


def test_missing_list_names_the_path(tmp_path: Path) -> None:
    write(tmp_path, "00001.mp4 fear", "00002.mp4 fear", fold="2")
    list_of(tmp_path, "test", "2").unlink()
    with pytest.raises(BadData, match=r"no train list; expected 'Train & Test Set/single/no_caption/set_1/train\.txt'"):
        SPEC.load(tmp_path, "1")


def test_lists_that_leave_out_clips_or_have_compound_labels_are_named_and_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "00001.mp4 fear", "00002.mp4 fear")
    single = list_of(tmp_path, "train").parents[2]
    (single / "no_caption").rename(single / "with_caption")
    with pytest.raises(
        BadData, match=r"Left alone: .*with_caption/set_1/test\.txt \(with captions, and so without the n"
    ):
        SPEC.load(tmp_path, "1")
    single.rename(single.with_name("compound"))
    with pytest.raises(BadData, match=r"Left alone: .*/set_1/test\.txt \(compound labels\)"):
        SPEC.load(tmp_path, "1")
    fold = mafw.LAYOUTS.read(tmp_path, ":Train & Test Set/compound").folds["1"]
    assert [s.id for s in fold.train] == ["00001"]


def test_missing_frames(tmp_path: Path) -> None:
    (tmp_path / "data" / "nothing").mkdir(parents=True)
    with pytest.raises(BadData, match=r"expected them at 'data/frames' below .*; the root holds 'data'\. Unpack"):
        SPEC.load(tmp_path, "1")


def test_unknown_fold(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="MAFW has no fold '0'"):
        SPEC.load(tmp_path, "0")


def test_counts_follow_the_official_rule() -> None:
    parts = five_chunks({c: [f"{c}{i:05d}" for i in range(total)] for c, total in enumerate(TOTALS)})
    for fold, part in zip(SPEC.folds, parts, strict=True):
        train, test = SPEC.counts[fold]
        assert test == tuple(list(part.values()).count(c) for c in range(11))
        assert tuple(a + b for a, b in zip(train, test, strict=True)) == TOTALS


def test_spec() -> None:
    assert SPEC.class_names[7:] == ("contempt", "anxiety", "helplessness", "disappointment")
    assert set(SPEC.counts) == set(SPEC.split_sha256) == set(SPEC.folds)
    assert len({h for pair in SPEC.split_sha256.values() for h in pair}) == 10
    assert all({*pair} <= {*SPEC.class_names} for pair in SPEC.temporal_pairs)
