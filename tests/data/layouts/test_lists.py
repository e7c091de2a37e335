"""What the path of a list says of it: its fold, its part, and whether it is a validation list."""

from __future__ import annotations

import pytest

from harness.data.layouts.lists import classify


@pytest.mark.parametrize(
    ("path", "part", "held_out"),
    [
        ("train.csv", "train", False),
        ("test.csv", "test", False),
        ("val.csv", "test", True),
        ("lists/val.csv", "test", True),
        ("val/clips.csv", "test", True),
        ("val/train.csv", "train", False),
        ("train/val.csv", "test", True),
    ],
)
def test_part_and_validation(path: str, part: str, held_out: bool) -> None:
    _, cell, held = classify(path, ["1"])
    assert (part in cell, held) == (True, held_out)
