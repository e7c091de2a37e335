"""Jobs one after another, in this process."""

from __future__ import annotations

from typing import Any

import pytest

from harness.core.errors import HarnessError
from harness.core.events import Event
from harness.core.request import build_request
from harness.execution.executors import get_executor
from harness.execution.executors.inline import run_inline
from harness.planning.plan import make_plan
from helpers.commands import Bench


def test_events_come_in_order_and_name_their_job(toy_flags: dict[str, Any]) -> None:
    plan = make_plan(build_request({**toy_flags, "folds": "all"}))
    events: list[Event] = []
    finished = [(job.fold, result["status"]) for job, result in run_inline(plan, events.append)]
    assert finished == [("1", "done"), ("2", "done")]
    for job in plan.todo:
        mine = [event for event in events if event["job"] == job.id]
        assert [event["event"] for event in mine if event["event"] != "phase"] == ["started", "epoch", "epoch"]
        assert [event["phase"] for event in mine if event["event"] == "phase"] == [
            "load", "encode", "fit", "test", "score",
        ]  # fmt: skip
        assert [(e["epoch_total"], e["epochs"]) for e in mine if e["event"] == "epoch"] == [(1, 2), (2, 2)]


def test_a_result_that_cannot_be_stored_ends_the_run_without_a_traceback(toy_bench: Bench, tmp_path: Any) -> None:
    (tmp_path / "runs" / "toy").mkdir(parents=True)
    (tmp_path / "runs" / "toy" / "linear").write_text("a file where the method's folder has to be")
    with pytest.raises(HarnessError, match=r"a result cannot be stored in .*runs: "):
        toy_bench()


def test_the_inline_executor_is_found_without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "harness.execution.executors.on_ray", raising=False)
    assert get_executor("inline") is run_inline
    with pytest.raises(HarnessError, match=r"Ray cannot be imported .*; use --executor inline"):
        get_executor("ray")
