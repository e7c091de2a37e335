"""MAFW in its official layout: annotations, mistakes in them, and the facts of the spec."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.annotations import BadRow
from harness.errors import BadData, UnknownName
from harness.splits import five_chunks
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
        ("00001.mp4 angry\n", 1, "unknown label 'angry'; did you mean 'anger'?; valid: happiness, sadness"),
        ("00001.mp4 fear\n00002.mp4 4\n", 2, "unknown label '4'; valid: happiness, sadness"),
        ("00001.mp4\tfear\ta\tb\n", 1, "expected 2 columns (video, label), found 4: "),
        ("00001.mp4\n", 1, "expected 2 columns (video, label), found 1: ('00001.mp4',)"),
        ("00001 fear\n", 1, "clip '00001' is not of the form '00025.mp4'"),
        ("../1.mp4 fear\n", 1, "clip id '../1' is not a whole number"),
        ("/1.mp4 fear\n", 1, "clip id '/1' is not a whole number"),
        ("00001.mp4 fear\n\n1.mp4 fear\n", 3, "duplicate id '00001', first in "),
        ("00009.mp4 fear", 1, "train and test share id '00009', first in "),
        ("", 1, "the file lists no clips"),
    ],
)
def test_bad_rows_name_file_and_line(tmp_path: Path, rows: str, line: int, reason: str) -> None:
    write(tmp_path, "00009.mp4 fear", rows)
    with pytest.raises(BadRow) as caught:
        SPEC.load(tmp_path, "1")
    assert str(caught.value).startswith(f"{list_of(tmp_path, 'test')}:{line}: {reason}")


def test_missing_list_names_the_path_and_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, "00001.mp4 fear", "00002.mp4 fear", fold="2")
    with pytest.raises(BadData) as caught:
        SPEC.load(tmp_path, "1")
    assert "'Train & Test Set/single/no_caption/set_1/train.txt'" in str(caught.value)
    assert "no_caption holds 'set_2'" in str(caught.value)


def test_missing_frames(tmp_path: Path) -> None:
    (tmp_path / "data" / "clips").mkdir(parents=True)
    with pytest.raises(BadData, match=r"expected 'data/frames' below .*data holds 'clips'"):
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
