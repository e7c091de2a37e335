"""Published GFLOPs of the Former-DFER paper's Tables 1 to 5, as far as its networks have frames as images."""

from __future__ import annotations

from typing import Any

import pytest

from harness.cost.table import architecture, rows
from harness.planning.choose import class_names, settled

TABLES: list[tuple[str, dict[str, Any], float]] = [
    ("former-dfer", {"depth_spatial": 3, "time": "gru"}, 9.01),
    ("former-dfer", {"depth_spatial": 1, "depth_temporal": 1}, 8.22),
    ("former-dfer", {"depth_spatial": 3, "depth_temporal": 1}, 9.04),
    ("former-dfer", {"depth_spatial": 1, "depth_temporal": 3}, 8.29),
    ("former-dfer", {"depth_spatial": 3, "depth_temporal": 3}, 9.11),
    ("former-dfer", {"depth_spatial": 6, "depth_temporal": 3}, 10.35),
    ("former-dfer", {"depth_spatial": 3, "depth_temporal": 6}, 9.22),
    ("former-dfer", {"depth_spatial": 6, "depth_temporal": 6}, 10.45),
]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "options", "printed"), TABLES)
def test_printed_figures_are_counted_and_cut(method: str, options: dict[str, Any], printed: float) -> None:
    (row,) = rows(settled([method], {method: options}), architecture("none"), "thop", class_names(7))
    assert isinstance(row, dict), row
    assert int(row["gflops"] * 100) / 100 == printed
