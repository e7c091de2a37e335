"""How large parsed JSON may be."""

from __future__ import annotations

from typing import Any

import pytest

from harness.results.plain import plain_fault


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else 1


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), "nan"),
        ([1, [float("-inf")]], "-inf"),
        (2**63, "64 bits"),
        (-(2**63), "64 bits"),
        (nested(32), "deeper than 32"),
        ({"a": {"b": "x" * 1_000_001}}, "1,000,001 characters"),
        ({"x" * 1_000_001: 1}, "1,000,001 characters"),
    ],
)
def test_what_no_reader_would_take_is_told(value: Any, told: str) -> None:
    assert told in str(plain_fault({"inside": value}))


@pytest.mark.parametrize("value", [nested(31), 2**63 - 1, "x" * 1_000_000, True, None, 0.5, {"a": []}])
def test_all_else_is_taken(value: Any) -> None:
    assert plain_fault({"inside": value}) is None
