"""A stored result of another form is refused with its file and the place that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import HarnessError
from harness.leaderboard import load
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet

GONE = object()
FAULTS: list[tuple[str, Any, str]] = [
    ("plugin", GONE, "plugin: Field required"),
    ("protocol.classes", [], "protocol.classes: "),
    ("protocol.selection", "best", "protocol.selection: "),
    ("seed", "abc", "seed: "),
    ("seed", 10**30, "seed: "),
    ("status", "maybe", "status: "),
    ("confusion", [[1, 2], [3]], "confusion: is not a matrix of 7 x 7 classes"),
    ("confusion", [[0.5] * 7] * 7, "confusion.0.0: "),
    ("metrics", [1], "metrics: "),
    ("options", [1], "options: "),
    ("input.frames", "many", "input.frames: "),
    ("provenance", "x", "provenance: "),
    ("n_scored", "many", "n_scored: "),
    ("method", None, "method: "),
]


@pytest.mark.parametrize(("place", "value", "told"), FAULTS, ids=lambda value: str(value)[:20])
def test_a_wrong_value_is_named(tmp_path: Path, place: str, value: Any, told: str) -> None:
    on = TestSet("ferv39k", "1", clips=20)
    folder = Planted(tmp_path).add("bad", "1", 1, on.predict("1", 0.5, 1), on=on)
    result = json.loads((folder / "result.json").read_text())
    *outer, last = place.split(".")
    inside = result
    for name in outer:
        inside = inside[name]
    if value is GONE:
        del inside[last]
    else:
        inside[last] = value
    (folder / "result.json").write_text(json.dumps(result))
    with pytest.raises(HarnessError) as caught:
        load(Store(tmp_path), registry.datasets(), registry.metrics())
    assert str(caught.value).startswith(f"{folder}/result.json: not a result ({told}")
    assert "remove its folder to run the job again" in str(caught.value)


DEEP, HALF = '{"schema": 1, "x": ' + "[" * 100_000, '{"schema": 1, "x": "\\ud800"}'  # half of a surrogate pair


@pytest.mark.parametrize("text", ["[]", "3", "{", DEEP, HALF], ids=["list", "number", "cut off", "deep", "half"])
def test_what_is_no_result_at_all_is_named(tmp_path: Path, text: str) -> None:
    on = TestSet("ferv39k", "1", clips=20)
    folder = Planted(tmp_path).add("bad", "1", 1, on.predict("1", 0.5, 1), on=on)
    (folder / "result.json").write_text(text)
    with pytest.raises(HarnessError, match="not a result"):
        load(Store(tmp_path), registry.datasets(), registry.metrics())
