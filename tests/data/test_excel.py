"""Workbooks as lists of clips: what is read of them, and that broken ones are named."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.errors import BadData
from harness.data.clip_list import read_list
from harness.data.excel import workbook_lines
from helpers.workbooks import write_book


def test_a_workbook_is_read_like_a_list(tmp_path: Path) -> None:
    file = write_book(
        tmp_path / "a.xlsx", [["clip", "votes", "single_label"], ["00001.mp4", 0.5, 3.0], [], [7, None, 1]]
    )
    found = read_list(file)
    assert [(row.line, row.clip, row.label) for row in found.rows] == [(2, "00001.mp4", "3"), (4, "7", "1")]
    assert found.bad == []
    assert found.header == ("clip", "votes", "single_label")


def test_cells_never_end_a_field_or_a_line(tmp_path: Path) -> None:
    file = write_book(tmp_path / "a.xlsx", [["clip", "label"], ["a\tb\nc", "Happy"]])
    assert workbook_lines(file) == [(1, "clip\tlabel"), (2, "a b c\tHappy")]


def test_rows_are_padded_to_one_width(tmp_path: Path) -> None:
    file = write_book(tmp_path / "a.xlsx", [["clip", "label", "x"], ["1", "Sad"], [None, "Sad", 3]])
    assert workbook_lines(file) == [(1, "clip\tlabel\tx"), (2, "1\tSad\t"), (3, "\tSad\t3")]


@settings(max_examples=40)
@given(st.integers(0, 6000), st.binary(min_size=1, max_size=4))
def test_a_broken_workbook_is_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, place: int, instead: bytes
) -> None:
    file = write_book(tmp_path_factory.mktemp("book") / "a.xlsx", [["clip", "label"], ["1", "Happy"]])
    content = bytearray(file.read_bytes())
    content[place % len(content) : place % len(content) + len(instead)] = instead
    file.write_bytes(content)
    message = str(file)
    try:
        read_list(file)
    except BadData as error:
        message = str(error)
    assert str(file) in message


def test_one_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts, parts.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(260):
            part.write(bytes(1_000_000))
    with pytest.raises(BadData, match=r"a\.xlsx: unpacks to more than 256,000,000 bytes"):
        read_list(file)
