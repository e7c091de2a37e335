"""`harness data set` is used by the next bench."""

from __future__ import annotations

import json
from pathlib import Path

from harness.data.places import DatasetPlace, configured_places
from helpers.commands import Invoke


def test_data_set_is_used_by_the_next_bench(invoke: Invoke, toy_args: list[str], toy_root: Path) -> None:
    answer = invoke("data", "set", "toy", toy_root / "TOY")
    assert (answer.code, configured_places()) == (0, {"toy": DatasetPlace(toy_root / "TOY")})
    assert str(toy_root / "TOY") in answer.out
    plan = invoke(*toy_args[:-2], "--dry-run", "--json")
    assert json.loads(plan.out)["to_do"] == 1
    assert "data of toy" in invoke("doctor").out
