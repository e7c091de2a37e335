"""`harness audit` on planted results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.commands import Invoke
from helpers.planted import Planted, TestSet


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    planted, on = Planted(tmp_path / "planted"), TestSet("ferv39k", "1", films=0)
    planted.row("first", 0.9, on=on, seeds=(1, 2, 3))
    planted.row("second", 0.4, on=on)
    planted.row("elsewhere", 0.4, on=TestSet("mafw", "12345", clips=30))
    return planted.root


def test_audit_exits_1_only_for_errors(invoke: Invoke, runs: Path) -> None:
    answer = invoke("audit", runs, "--json")
    data = json.loads(answer.out)
    assert (answer.code, data["ok"]) == (0, True)
    on = TestSet("ferv39k", "1")
    Planted(runs).row("liar", on=on, metrics={"war": 1.0, "uar": 1.0})
    answer = invoke("audit", "--runs", runs)
    assert answer.code == 1
    assert "scores-differ" in answer.out


def test_names_do_not_steer_the_terminal(invoke: Invoke, tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "two"), TestSet("ferv39k", "1", clips=40)
    planted.row("a\x1b[2J", 0.8, on=on)
    planted.row("b", 0.5, on=on)
    for command in (("audit", planted.root), ("compare", "a\x1b[2J", "b", "--runs", planted.root)):
        shown = invoke(*command).out
        assert "\x1b[2J" not in shown
        assert r"\x1b[2J" in shown


def test_findings_of_one_kind_are_one_line_unless_each_is_asked_for(invoke: Invoke, tmp_path: Path) -> None:
    planted = Planted(tmp_path / "many")
    for dataset, folds in (("ferv39k", "1"), ("mafw", "12345")):
        on = TestSet(dataset, folds, clips=30)
        for number in range(12):
            planted.row(f"method-{number}", 0.5, on=on)
    shown, every = (invoke("audit", planted.root, *more).out for more in ((), ("--verbose",)))
    found = json.loads(invoke("audit", planted.root, "--json").out)["findings"]
    assert len(shown.splitlines()) < 24 < len(found)
    assert len([line for line in shown.splitlines() if "unknown-method" in line]) == 1
    assert f"{len(found)} findings of" in shown
    assert len([line for line in every.splitlines() if "unknown-method" in line]) == 24
