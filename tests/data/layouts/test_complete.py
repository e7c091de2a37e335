"""What lists that are there tell of those that are not."""

from __future__ import annotations

import pytest

from harness.data.layouts.complete import all_labels, complete, five_folds

PARTS = {
    ("1", "train"): {"c": 0, "d": 1},
    ("1", "test"): {"a": 0, "b": 1},
    ("2", "test"): {"c": 0, "d": 1},
}
WHOLE = {"a": 0, "b": 1, "c": 0, "d": 1}


def test_a_whole_fold_or_all_test_parts_tell_the_labels_of_all_clips() -> None:
    one_fold = {cell: PARTS[cell] for cell in PARTS if cell[0] == "1"}
    tests = {cell: PARTS[cell] for cell in PARTS if cell[1] == "test"}
    assert all_labels(one_fold, ["1"], None) == WHOLE
    assert all_labels(tests, ["1", "2"], None) == WHOLE
    assert all_labels(tests, ["1", "2", "3"], None) is None
    assert all_labels({("1", "test"): PARTS["1", "test"]}, ["1"], None) is None
    assert all_labels({}, ["1"], WHOLE) == WHOLE


@pytest.mark.parametrize("missing", ["train", "test"])
def test_a_missing_part_is_what_the_other_leaves(missing: str) -> None:
    there = {("1", part): PARTS["1", part] for part in ("train", "test") if part != missing}
    whole, derived = complete(there, WHOLE, ["1"], five_folds)
    assert (whole["1", missing], derived) == (PARTS["1", missing], ["1"])
