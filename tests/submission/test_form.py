"""The types of what is read of a stranger's `result.json`."""

from __future__ import annotations

from typing import Any

import pytest

from harness.submission.form import fault


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ({"folds": [1]}, "folds.0"),
        ({"folds": "1"}, "folds"),
        ({"reader": 3}, "reader"),
        ({"quick": "no"}, "quick"),
        ({"by_dataset": []}, "by_dataset"),
        ({"seed": "1"}, "seed"),
        ({"seed": True}, "seed"),
    ],
)
def test_another_type_is_told_with_its_place(told: dict[str, Any], at: str) -> None:
    assert (fault(told) or "").startswith(f"{at}: Input should be")


def test_what_results_hold_passes() -> None:
    assert fault({"folds": ["1", "2"], "reader": None, "quick": False, "by_dataset": {"epochs": 3}, "seed": 1}) is None
