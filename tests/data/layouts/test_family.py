"""What the numbers of lists mean where they do not say so themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.dataset_spec import ClassLabel
from harness.data import Numbered
from harness.data.clip_list import ClipList, ListRow
from harness.data.layouts.family import Meaning, Reading, _numbers
from harness.plugin import registry

CLASSES = registry.dataset("dfew").classes


@pytest.mark.parametrize(
    ("header", "numbered", "first"),
    [((), True, 0), (("video_name", "label"), True, 1), ((), False, 0), (("video_name", "label"), False, 0)],
)
def test_where_neither_end_occurs_a_header_of_a_numbered_release_counts_from_one(
    header: tuple[str, ...], numbered: bool, first: int
) -> None:
    classes: list[ClassLabel] = [one if numbered else replace(one, number=None) for one in CLASSES]
    rows = [ListRow(Path("list.csv"), line, f"{line:05d}", str(label)) for line, label in enumerate((2, 3, 4), 1)]
    into = Reading()
    lists = {("1", "train"): ClipList(rows, (), header)}
    found = _numbers("list", lists, Meaning(classes, Numbered(5), {}, "official"), into)
    assert found.classes == {first + place: place for place in range(7)}
    assert [problem.code for problem in into.problems] == ["label-numbers"]
