"""DFEW in its official layout: annotations, mistakes in them, and the facts of the spec."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import BadData, UnknownName
from harness.data.splits import five_chunks, is_official
from harness_plugins.datasets import dfew

(SPEC,) = dfew.register_datasets()
HEADER = "video_name,label\n"


def list_of(root: Path, part: str, fold: str = "1") -> Path:
    return root / "EmoLabel_DataSplit" / f"{part}(single-labeled)" / f"set_{fold}.csv"


def write(root: Path, train: str, test: str, fold: str = "1") -> Path:
    """An official tree without frames, which loading does not look at."""
    (root / "Clip" / "clip_224x224").mkdir(parents=True, exist_ok=True)
    for part, rows in (("train", train), ("test", test)):
        list_of(root, part, fold).parent.mkdir(parents=True, exist_ok=True)
        list_of(root, part, fold).write_bytes((HEADER + rows).encode())
    return root


def test_official_format(tmp_path: Path) -> None:
    write(tmp_path, "2,3\n10,1\n", "16372,7\r\n1,6", fold="4")
    fold = SPEC.load(tmp_path, "4")
    assert [(s.id, s.label) for s in fold.train] == [("00002", 2), ("00010", 0)]
    assert [(s.id, s.label) for s in fold.test] == [("16372", 6), ("00001", 5)]
    assert fold.train[0].source == tmp_path / "Clip" / "clip_224x224" / "00002"
    assert {(s.group, s.frames) for s in [*fold.train, *fold.test]} == {("", 0)}
    assert dfew.LAYOUTS.read(tmp_path, "").crop_source == "Clip/clip_224x224"
    assert not is_official(SPEC, "4", fold)


@given(st.dictionaries(st.integers(1, 99999), st.integers(1, 7), min_size=2, max_size=30))
def test_every_row_is_read(tmp_path_factory: pytest.TempPathFactory, labels: dict[int, int]) -> None:
    rows = [f"{clip},{label}\n" for clip, label in labels.items()]
    fold = SPEC.load(write(tmp_path_factory.mktemp("dfew"), "".join(rows[1:]), rows[0]), "1")
    expected = [(f"{clip:05d}", label - 1) for clip, label in labels.items()]
    assert [(s.id, s.label) for s in [*fold.test, *fold.train]] == expected


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        ("1,3\n2,8\n", 3, "unknown label '8'; valid: 1 (happiness), 2 (sadness), 3 (neutral)"),
        ("1,0\n", 2, "unknown label '0'; valid: 1 (happiness)"),
        ("1,3\n2,2\n3,happy\n", 4, "unknown label 'happy'; valid: 1 (happiness)"),
        ("1,3,16\n", 2, "expected 2 columns (clip, label), found 3: '1,3,16'"),
        ("\n1\n", 3, "expected 2 columns (clip, label), found 1: '1'"),
        ("../1,3\n", 2, "clip id '../1' is not a plain path"),
        ("/etc/passwd,3\n", 2, "clip id 'passwd' is not a whole number"),
        ("1.0,3\n", 2, "clip id '1.0' is not a whole number"),
        ("5,3\n00005,3\n", 3, "duplicate id '00005', first in line 2"),
        ("9,1\n", 2, "train and test share id '00009', first in "),
        ("8,2\n10,3\n", 2, "train and test share id '00008', first in "),
    ],
)
def test_bad_rows_name_file_and_line(tmp_path: Path, rows: str, line: int, reason: str) -> None:
    write(tmp_path, "9,1\n8,2\n", rows)
    with pytest.raises(BadData) as caught:
        SPEC.load(tmp_path, "1")
    assert str(caught.value).startswith(f"{list_of(tmp_path, 'test')}:{line}: {reason}")


def test_a_list_without_header_is_not_robbed_of_its_first_clip(tmp_path: Path) -> None:
    list_of(write(tmp_path, "1,1\n", ""), "test").write_text("2,3\n3,3\n")
    assert [s.id for s in SPEC.load(tmp_path, "1").test] == ["00002", "00003"]


def test_missing_list_names_the_path(tmp_path: Path) -> None:
    list_of(write(tmp_path, "1,1\n", "2,1\n"), "test").unlink()
    with pytest.raises(BadData, match=r"DFEW fold 1: no test list; expected 'EmoLabel_DataSplit/test\(single-label"):
        SPEC.load(tmp_path, "1")


def test_missing_crops_and_missing_root(tmp_path: Path) -> None:
    write(tmp_path, "1,1\n", "2,1\n")
    (tmp_path / "Clip" / "clip_224x224").rename(tmp_path / "Clip" / "clips")
    with pytest.raises(BadData, match=r"expected them at 'Clip/clip_224x224' below .*; the root holds 'Clip', 'Emo"):
        SPEC.load(tmp_path, "1")
    with pytest.raises(BadData, match=r"below .*none; the root holds nothing"):
        SPEC.load(tmp_path / "none", "1")


def test_unknown_fold(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="DFEW has no fold '6'"):
        SPEC.load(tmp_path, "6")


def test_counts_follow_the_official_rule() -> None:
    totals = (2445, 1894, 2669, 2173, 1469, 145, 902)
    parts = five_chunks({c: [f"{c}{i:05d}" for i in range(total)] for c, total in enumerate(totals)})
    for fold, part in zip(SPEC.folds, parts, strict=True):
        train, test = SPEC.counts[fold]
        assert test == tuple(list(part.values()).count(c) for c in range(7))
        assert tuple(a + b for a, b in zip(train, test, strict=True)) == totals


def test_spec() -> None:
    assert SPEC.class_names == ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
    assert [c.number for c in SPEC.classes] == [1, 2, 3, 4, 5, 6, 7]
    assert set(SPEC.counts) == set(SPEC.split_sha256) == set(SPEC.folds)
    assert len({h for pair in SPEC.split_sha256.values() for h in pair}) == 10
