"""Annotation rows: what is forgiven, what is not, and where an error points."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.annotations import (
    BadRow,
    Row,
    below,
    build_fold,
    class_by_number,
    class_by_word,
    find_file,
    find_folder,
    numeric_id,
    read_rows,
    require_fold,
)
from harness.errors import BadData, UnknownName
from harness.specs import ClassLabel, Sample

CLASSES = (ClassLabel("happiness", "Happy", 1), ClassLabel("sadness", "Sad", 2))
ROW = Row(Path("list.csv"), 7, ("1", "Happy"))

words = st.text(st.characters(codec="utf-8", categories=("L", "N"), include_characters="-_./"), min_size=1)


def write(folder: Path, content: bytes) -> Path:
    file = folder / "list.txt"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    "content",
    [
        b"1 a\n2 b\n",
        b"1 a\n2 b",
        b"\xef\xbb\xbf1 a\n2 b\n",
        b"1 a\r\n2 b\r\n",
        b"  1 a  \n2\tb \n\n \n",
    ],
)
def test_bom_crlf_blank_lines_and_spaces_are_forgiven(tmp_path: Path, content: bytes) -> None:
    rows = read_rows(write(tmp_path, content), ("clip", "label"))
    assert [row.fields for row in rows] == [("1", "a"), ("2", "b")]


def test_line_numbers_count_blank_lines_and_the_header(tmp_path: Path) -> None:
    file = write(tmp_path, b"\nclip,label\n\n1,a\n\n\n2 , b\n")
    rows = read_rows(file, ("clip", "label"), delimiter=",", header=True)
    assert [(row.line, row.fields) for row in rows] == [(4, ("1", "a")), (7, ("2", "b"))]


@given(st.lists(st.tuples(words, words), min_size=1), st.sampled_from(["\n", "\r\n", "\n\n"]), st.booleans())
def test_rows_survive_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], newline: str, last: bool
) -> None:
    text = newline.join(f"{clip} {label}" for clip, label in rows) + newline * last
    file = write(tmp_path_factory.mktemp("rows"), text.encode())
    assert [row.fields for row in read_rows(file, ("clip", "label"))] == rows


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_named_as_bad(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = write(tmp_path_factory.mktemp("bytes"), content)
    lines = content.count(b"\n") + content.count(b"\r") + 1
    try:
        found = [row.line for row in read_rows(file, ("clip", "label")) if len(row.fields) == 2]
    except BadRow as error:
        found = [error.line]
    assert found == sorted(set(found))
    assert set(found) <= set(range(1, lines + 1))


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"clip,label\n1,a\n2\n", 3, "expected 2 columns (clip, label), found 1: ('2',)"),
        (b"clip,label\n1,a,\n", 2, "expected 2 columns (clip, label), found 3: ('1', 'a', '')"),
        (b"1,a\n2,b\n", 1, "expected the header 'clip,label', found '1,a'"),
        (b"clip,label\n", 1, "the file lists no clips"),
        (b"", 1, "the file lists no clips"),
        (b"clip,label\n1,\xff\n", 2, "byte 0xff is not UTF-8"),
    ],
)
def test_malformed_files(tmp_path: Path, content: bytes, line: int, reason: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(BadRow) as caught:
        read_rows(file, ("clip", "label"), delimiter=",", header=True)
    assert (caught.value.file, caught.value.line) == (file, line)
    assert str(caught.value).startswith(f"{file}:{line}: {reason}")


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"none\.txt: cannot be read: No such file"):
        read_rows(tmp_path / "none.txt", ("clip", "label"))


def test_a_bad_row_keeps_its_place_when_pickled() -> None:
    error = pickle.loads(pickle.dumps(ROW.error("no")))
    assert (type(error), str(error), error.line) == (BadRow, "list.csv:7: no", 7)


def test_classes_by_word_and_number() -> None:
    assert class_by_word(ROW, "Sad", CLASSES) == 1
    assert class_by_number(ROW, "1", CLASSES) == 0


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("Hapy", r"^list.csv:7: unknown label 'Hapy'; did you mean 'Happy'\?; valid: Happy, Sad$"),
        ("sad", r"unknown label 'sad'; did you mean 'Sad'\?; valid: Happy, Sad$"),
        ("zzz", r"unknown label 'zzz'; valid: Happy, Sad$"),
    ],
)
def test_unknown_word(word: str, message: str) -> None:
    with pytest.raises(BadRow, match=message):
        class_by_word(ROW, word, CLASSES)


@pytest.mark.parametrize("number", ["0", "3", "-1", "1.0", "", "Happy"])
def test_unknown_number(number: str) -> None:
    message = rf"^list.csv:7: unknown label '{number}'; valid: 1 \(happiness\), 2 \(sadness\)$"
    with pytest.raises(BadRow, match=message):
        class_by_number(ROW, number, CLASSES)


@given(st.integers(0, 999_999_999), st.integers(0, 12))
def test_numeric_ids_are_padded(number: int, zeros: int) -> None:
    value = str(number).zfill(min(zeros, 9))
    assert numeric_id(ROW, value, digits=5) == f"{number:05d}"


@pytest.mark.parametrize("value", ["", "a", "-1", "1.0", "1e3", "../1", "/1", "\u0661", "1" * 10, "1 2"])
def test_ids_that_are_no_numbers(value: str) -> None:
    with pytest.raises(BadRow, match=r"^list\.csv:7: clip id .* is not a whole number"):
        numeric_id(ROW, value, digits=5)


@given(st.text(max_size=12))
def test_no_id_leads_out_of_the_folder(relative: str) -> None:
    folder = Path("/data/crops")
    try:
        path = below(ROW, folder, relative)
    except BadRow:
        return
    assert path.is_relative_to(folder)
    assert path != folder
    assert ".." not in path.parts


@pytest.mark.parametrize(
    "relative", ["..", "../x", "a/../../x", "/etc", "a//b", "", ".", "a/", "..\\x", "C:/x", "a\0b"]
)
def test_ids_that_would_lead_out_of_the_folder(relative: str) -> None:
    with pytest.raises(BadRow, match=r"list\.csv:7: clip id .* is not a plain path below crops/"):
        below(ROW, Path("/data/crops"), relative)


def test_below_is_absolute_and_keeps_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "crops").symlink_to(tmp_path / "disk")
    monkeypatch.chdir(tmp_path)
    assert below(ROW, Path("crops"), "a/b") == tmp_path / "crops" / "a" / "b"


def sample(row: Row) -> Sample:
    return Sample(row.fields[0], Path(row.fields[0]), 0)


def rows(file: str, *ids: str) -> list[Row]:
    return [Row(Path(file), line, (clip,)) for line, clip in enumerate(ids, start=1)]


def test_fold_keeps_the_order_of_the_files() -> None:
    fold = build_fold(rows("train", "b", "a"), rows("test", "d", "c"), sample)
    assert [s.id for s in fold.train] == ["b", "a"]
    assert [s.id for s in fold.test] == ["d", "c"]


def test_duplicate_in_one_file() -> None:
    with pytest.raises(BadRow, match=r"^train:3: duplicate id 'a', first in train:1$"):
        build_fold(rows("train", "a", "b", "a"), rows("test", "c"), sample)


def test_clip_in_train_and_test() -> None:
    with pytest.raises(BadRow, match=r"^test:2: train and test share id 'b', first in train:2$"):
        build_fold(rows("train", "a", "b"), rows("test", "c", "b"), sample)


def test_unknown_fold() -> None:
    require_fold("2", ("1", "2"), "DFEW")
    with pytest.raises(UnknownName, match="DFEW has no fold '6'; known: 1, 2"):
        require_fold("6", ("1", "2"), "DFEW")


def test_the_first_candidate_found_wins(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    assert find_folder(tmp_path, ("a", "b", "c"), "crops") == "b"


def test_a_missing_folder_tells_what_is_there(tmp_path: Path) -> None:
    for name in ["Clip", "Annotation", *(f"other{i}" for i in range(9))]:
        (tmp_path / name).mkdir()
    with pytest.raises(BadData) as caught:
        find_folder(tmp_path, ("Clips/crops", "Faces"), "face crops")
    message = str(caught.value)
    assert f"face crops not found: expected 'Clips/crops' or 'Faces' below {tmp_path}" in message
    assert f"{tmp_path} holds 'Clip', " in message
    assert "and 5 more" in message
    assert "--data-root" in message


def test_a_missing_root_tells_what_is_beside_it(tmp_path: Path) -> None:
    (tmp_path / "dfew").mkdir()
    with pytest.raises(BadData, match=rf"{tmp_path} holds 'dfew'"):
        find_file(tmp_path / "DFEW", ("list.csv",), "list")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "list.csv").mkdir()
    with pytest.raises(BadData, match="list not found"):
        find_file(tmp_path, ("list.csv",), "list")
