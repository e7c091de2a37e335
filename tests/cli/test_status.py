"""`harness status`: jobs done, failed, stale, planned and running."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.commands import TOY, Invoke, forget


def counts(**some: int) -> dict[str, int]:
    return {**dict.fromkeys(("planned", "running", "done", "quick", "failed", "stale"), 0), **some}


def test_status_counts_done_failed_and_stale(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    invoke(*toy_args)
    invoke(*toy_args, "--set", "linear.fault=raise")
    (row,) = json.loads(invoke("status", "--json", "--runs", "runs").out)["rows"]
    assert row == {"dataset": "toy", "method": "linear", **counts(done=1, failed=1)}
    forget("toy")
    (row,) = json.loads(invoke("status", "runs", "--json").out)["rows"]
    assert row["stale"] == 0  # of a plugin that is not loaded nothing is known
    changed = tmp_path / "toy.py"
    changed.write_text(TOY.read_text() + "\n# another source\n")
    (row,) = json.loads(invoke("status", "runs", "--json", "--plugin", changed).out)["rows"]
    assert row == {"dataset": "toy", "method": "linear", **counts(stale=2)}
    forget("toy")
    assert "linear" in invoke("status").out


def test_status_tells_planned_running_and_done_apart_by_content(
    invoke: Invoke, toy_args: list[str], tmp_path: Path
) -> None:
    from harness.results.status import AT_WORK
    from harness.system.leases import Leases

    invoke(*toy_args, "--seeds", "1,2,3,4")
    one, two, three, _ = sorted((tmp_path / "runs" / "toy" / "linear").iterdir())
    (one / "result.json").write_text("{}")
    (two / "predictions.parquet").unlink()
    other = Leases(tmp_path / "runs")
    assert other.acquire(AT_WORK + three.name.rpartition("-")[2])
    (row,) = json.loads(invoke("status", "--json").out)["rows"]
    assert row == {"dataset": "toy", "method": "linear", **counts(planned=2, running=1, done=1)}
    other.close()
    again = invoke(*toy_args, "--seeds", "1,2,3,4")
    assert "2 jobs done, 0 failed, 2 kept from before" in again.out


def test_status_shows_the_log_of_a_job(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    invoke(*toy_args, "--seeds", "1,2")
    first = sorted((tmp_path / "runs" / "toy" / "linear").iterdir())[0]
    job = first.name.rpartition("-")[2]
    assert invoke("status", "--log", job[:6], "--follow").out == (first / "log.txt").read_text()
    assert "no log of job" in invoke("status", "--log", "nothing").err
    assert "how several jobs start" in invoke("status", "--log", "").err


def test_status_of_an_empty_folder(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    answer = invoke("status")
    assert (answer.code, answer.out) == (0, "no results in runs\n")
