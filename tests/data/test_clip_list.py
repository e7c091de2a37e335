"""Lists of clips: the forms that are read, what is forgiven, what is not, and where an error points."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import BadData
from harness.data.clip_list import BadRow, ClipList, ListRow, read_list

ROW = ListRow(Path("list.csv"), 7, "1", "Happy")

words = st.text(st.characters(codec="utf-8", categories=("L", "N"), include_characters="-_./"), min_size=1)


def write(folder: Path, content: bytes | str) -> Path:
    file = folder / "list.txt"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def fields(found: ClipList) -> list[tuple[str, ...]]:
    return [tuple(part for part in (r.clip, r.frames, r.label, r.fold, r.group) if part) for r in found.rows]


@pytest.mark.parametrize(
    "content",
    [
        b"a 1\nb 2\n",
        b"a 1\nb 2",
        b"\xef\xbb\xbfa 1\nb 2\n",
        b"a 1\r\nb 2\r\n",
        b"a 1\rb 2\r",
        b"  a 1  \nb    2 \n\n \n",
        b"a\t1\nb\t2\n",
        b"a,1\nb,2\n",
        b'"a","1"\r\n"b", "2"\r\n',
        b"a;1\nb;2\n",
        b"video_name,label\na,1\nb,2\n",
        b"label,clip\n1,a\n2,b\n",
        b",Name,Emotion\n0,a,1\n1,b,2\n",
        b"video_name label\na 1\nb 2\n",
    ],
)
def test_one_list_in_many_forms(tmp_path: Path, content: bytes) -> None:
    found = read_list(write(tmp_path, content))
    assert fields(found) == [("a", "1"), ("b", "2")]
    assert found.bad == []


@pytest.mark.parametrize(
    "content",
    [
        "/data/x/00001 70 3\n/data/x/00002 16 0\n",
        "/data/x/00001,70,3\n/data/x/00002,16,0\n",
        "/data/x/00001\t70\t3\n/data/x/00002\t16\t0\n",
        "path,num_frames,label\n/data/x/00001,70,3\n/data/x/00002,16,0\n",
    ],
)
def test_three_columns_are_path_frames_and_label(tmp_path: Path, content: str) -> None:
    assert fields(read_list(write(tmp_path, content))) == [("/data/x/00001", "70", "3"), ("/data/x/00002", "16", "0")]


def test_a_path_may_hold_spaces_and_commas(tmp_path: Path) -> None:
    found = read_list(write(tmp_path, "/My Data, old/a b/00001 70 3\n/put your path here00002 16 0\n"))
    assert fields(found) == [("/My Data, old/a b/00001", "70", "3"), ("/put your path here00002", "16", "0")]


def test_captions_behind_tabs_are_left_alone(tmp_path: Path) -> None:
    found = read_list(write(tmp_path, '1.mp4\tfear\t皱眉。\tA "woman, frowning.\n2.mp4\tanger\t\n3.mp4\tanger\n'))
    assert fields(found) == [("1.mp4", "fear"), ("2.mp4", "anger"), ("3.mp4", "anger")]


def test_folds_and_groups_come_from_a_header(tmp_path: Path) -> None:
    found = read_list(write(tmp_path, "clip,label,fold,subject\na,happy,1,s1\nb,sad,2,s2\n"))
    assert fields(found) == [("a", "happy", "1", "s1"), ("b", "sad", "2", "s2")]


def test_a_list_without_header_keeps_its_first_clip(tmp_path: Path) -> None:
    assert fields(read_list(write(tmp_path, "1,3\n2,4\n"))) == [("1", "3"), ("2", "4")]


def test_line_numbers_count_blank_lines_and_the_header(tmp_path: Path) -> None:
    found = read_list(write(tmp_path, "\nclip,label\n\n1,a\n\n\n2 , b\n"))
    assert [(row.line, row.clip, row.label) for row in found.rows] == [(4, "1", "a"), (7, "2", "b")]


@given(st.lists(st.tuples(words, words), min_size=1), st.sampled_from(["\n", "\r\n", "\n\n"]), st.booleans())
def test_rows_survive_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], newline: str, last: bool
) -> None:
    text = newline.join(f"{clip}\t{label}" for clip, label in rows) + newline * last
    found = read_list(write(tmp_path_factory.mktemp("rows"), text))
    heading = fields(found) == rows[1:] and found.header
    assert heading or fields(found) == rows


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_named_as_bad(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = write(tmp_path_factory.mktemp("bytes"), content)
    lines = content.count(b"\n") + content.count(b"\r") + 1
    try:
        found = read_list(file)
        seen = sorted([row.line for row in found.rows] + [error.line for error in found.bad])
    except BadRow as error:
        seen = [error.line]
    assert seen == sorted(set(seen))
    assert set(seen) <= set(range(1, lines + 1))


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("clip,label\n1,a\n2\n", 3, "expected 2 columns (clip, label), found 1: '2'"),
        ("clip,label\n1,a,\n", 2, "expected 2 columns (clip, label), found 3: '1,a,'"),
        ('clip,label\n1,a\n"2,b\n3,c\n', 3, "broken quotes (unexpected end of data): '\"2,b'"),
        ('clip,label\n1,a\n"2"x,b\n', 3, "broken quotes ("),
        (f"a 1\nb {'x' * 5000}\n", 2, "a field of 5,000 characters: 'xxx"),
        ("1,2,3,4\n", 1, "expected `clip label`, `clip frames label` or a header, found 4 columns"),
        ("1 a\n2\n", 2, "expected 2 columns (clip, label), found 1: '2'"),
        ("/x/1 70 3\n/x/2 4\n", 2, "expected 3 columns (clip, frames, label), found 2: '/x/2 4'"),
        ("1\tfear\tx\n2\n", 2, "expected 3 columns (clip, label), found 1: '2'"),
    ],
)
def test_a_wrong_row_is_kept_apart_with_its_place(tmp_path: Path, content: str, line: int, reason: str) -> None:
    file = write(tmp_path, content)
    (error, *_) = read_list(file).bad
    assert (error.file, error.line) == (file, line)
    assert str(error).startswith(f"{file}:{line}: {reason}")


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"clip,label\n", 1, "the file lists no clips below its header"),
        (b"", 1, "the file lists no clips"),
        (b" \n\n", 1, "the file lists no clips"),
        (b"clip,label\n1,\xff\n", 2, "byte 0xff is not UTF-8; save it as UTF-8"),
        ("clip,label\n1,a\n".encode("utf-16"), 1, "byte 0xff is not UTF-8"),
        (b"1,a\n2,\0b\n", 2, "not a text file (it holds a zero byte)"),
        (b"clip,video_name,label\n1,1,a\n", 1, "two columns of the header name the clip: 'clip,video_name,label'"),
    ],
)
def test_a_file_that_is_no_list(tmp_path: Path, content: bytes, line: int, reason: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(BadRow) as caught:
        read_list(file)
    assert str(caught.value).startswith(f"{file}:{line}: {reason}")


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"none\.txt: cannot be read: No such file"):
        read_list(tmp_path / "none.txt")


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.data.clip_list.LARGEST", 5)
    with pytest.raises(BadData, match=r"list\.txt: 6 bytes are no list of clips"):
        read_list(write(tmp_path, "1 a\n2 "))


def test_a_bad_row_keeps_its_place_when_pickled() -> None:
    error = pickle.loads(pickle.dumps(ROW.error("no")))
    assert (type(error), str(error), error.line) == (BadRow, "list.csv:7: no", 7)


cells = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\"'"), max_size=8)
clip_rows = st.lists(st.tuples(cells.map(lambda text: f"c{text}"), st.integers(0, 99)), min_size=1, max_size=12)


@given(clip_rows, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data())
def test_what_a_spreadsheet_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, int]],
    delimiter: str,
    end: str,
    mark: bool,
    data: st.DataObject,
) -> None:
    lines = [delimiter.join(("clip", "label", "fold"))]
    for clip, label in rows:
        quoted = f'"{clip}"' if set(clip) & set(",;") else clip
        point = data.draw(st.sampled_from(["", ".0", ".00"]))
        lines.append(delimiter.join((quoted, f"{label}{point}", f"1{point}")))
        lines += data.draw(st.sampled_from([[], [delimiter * 2], ["  "]]))
    content = ("\ufeff" if mark else "") + end.join([*lines, ""])
    file = tmp_path_factory.mktemp("list") / "list.csv"
    file.write_bytes(content.encode())
    found = read_list(file)
    assert not found.bad
    assert [(row.clip, row.label, row.fold) for row in found.rows] == [(clip, str(label), "1") for clip, label in rows]


@given(st.binary(max_size=200))
def test_any_file_is_a_list_or_an_error_that_names_it(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = write(tmp_path_factory.mktemp("list"), content)
    told = ""
    try:
        found = read_list(file)
        told = str(file) if found.rows or found.bad else "nothing"
    except BadData as error:
        told = str(error)
    assert str(file) in told
