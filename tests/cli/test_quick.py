"""`bench --quick`: results without latency and cost, which say so, stand for no full run, and are ranked nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.core.request import build_request
from harness.execution.claims import Claims
from harness.jobs import score
from harness.planning.plan import make_plan
from harness.results.store import JoinedStores, Store
from helpers.commands import TOY, Bench, Invoke, forget
from helpers.planted import Planted, TestSet
from helpers.stored import put

STUDY = TOY.with_name("toy_study.py")
NOTE = "quick run without latency and cost, not ranked; run it again without --quick"
MEASURED = {"latency_ms", "clips_per_second", "gflops", "gflops_train"}


def results(runs: Path) -> list[dict[str, Any]]:
    return list(Store(runs).results())


def test_it_measures_neither_latency_nor_cost_and_says_so(
    toy_bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("speed_of", "counted"):
        monkeypatch.setattr(score, name, lambda *args: pytest.fail("was measured"))
    (quick,) = toy_bench(quick=True)
    assert (quick["status"], quick["quick"]) == ("done", True)
    assert quick["warnings"] == ["quick run: neither latency nor cost was measured, and it is not ranked"]
    assert not MEASURED & set(quick["cost"])
    assert quick["cost"]["params_total"] > 0


def test_the_next_full_run_replaces_it_by_the_same_scores(toy_bench: Bench, tmp_path: Path) -> None:
    (quick,) = toy_bench(quick=True)
    (full,) = toy_bench()
    assert full["id"] == quick["id"]
    assert (full["quick"], full["metrics"], full["warnings"]) == (False, quick["metrics"], [])
    assert set(full["cost"]) >= MEASURED
    assert len(results(tmp_path / "runs")) == 1


def test_a_full_result_is_kept_even_where_all_jobs_are_asked_for(invoke: Invoke, toy_args: list[str]) -> None:
    invoke(*toy_args)
    for more in ([], ["--force"]):
        answer = invoke(*toy_args, "--quick", *more)
        assert "0 jobs done, 0 failed, 1 kept from before" in answer.out
    assert "quick: 1 full results are kept, --force or not" in answer.err
    assert [result["quick"] for result in results(Path("runs"))] == [False]


def test_plan_status_and_run_say_so(invoke: Invoke, toy_args: list[str]) -> None:
    first = invoke(*toy_args, "--quick")
    assert "quick: neither latency nor cost is measured" in first.err
    assert "[1/1] toy/1 linear seed 1  WAR" in first.err
    assert "  (quick)" in first.err
    assert "1 of them are quick: not ranked, and run again without --quick" in first.out

    again = json.loads(invoke(*toy_args, "--quick", "--dry-run", "--json").out)
    assert (again["states"], again["to_do"]) == ({"quick": 1}, 0)
    full = invoke(*toy_args, "--dry-run")
    assert "1 jobs (1 quick); 1 to run" in full.out
    assert "1 results of --quick are replaced by full ones" in full.err

    (row,) = json.loads(invoke("status", "--json").out)["rows"]
    assert (row["quick"], row["done"]) == (1, 0)
    assert " quick " in invoke("status").out


@pytest.mark.parametrize("flag", ["--keep-stale", "--quiet"])
def test_a_quick_result_of_any_kind_is_none_for_a_full_run(
    flag: str, invoke: Invoke, toy_args: list[str], tmp_path: Path
) -> None:
    broken = [*toy_args, "--set", "linear.fault=raise"]
    invoke(*broken, "--quick")
    assert "0 jobs done, 1 failed, 0 kept" in invoke(*broken, flag).out  # it was tried again, without --retry-failed
    assert "0 jobs done, 0 failed, 1 kept" in invoke(*broken, flag).out


def test_an_edited_plugin_is_run_quickly_again(toy_bench: Bench, tmp_path: Path) -> None:
    toy_bench(quick=True)
    changed = tmp_path / "changed" / "toy.py"
    changed.parent.mkdir()
    changed.write_text(TOY.read_text() + "\n# edited\n")
    (changed.parent / "tiny.json").write_text(TOY.with_name("tiny.json").read_text())
    first = results(tmp_path / "runs")[0]
    forget("toy")
    (edited,) = toy_bench(quick=True, plugin=[changed])
    assert edited["plugin"]["source_sha256"] != first["plugin"]["source_sha256"]
    forget("toy")
    (full,) = toy_bench(keep_stale=True, plugin=[TOY])
    assert full["quick"] is False


def test_a_full_run_does_not_take_the_quick_result_of_another_driver(toy_flags: dict[str, Any], tmp_path: Path) -> None:
    plans = {quick: make_plan(build_request({**toy_flags, "quick": quick})) for quick in (True, False)}
    (job,) = plans[True].todo
    put(Store(tmp_path / "runs"), job, quick=True)
    for quick, claim in ((False, "ours"), (True, "finished")):
        with Claims(plans[quick]) as claims:
            assert claims.take(job) == claim


def test_of_two_folders_the_full_result_counts_whatever_their_order(tmp_path: Path) -> None:
    for name, quick in (("a", True), ("b", False)):
        Planted(tmp_path / name).row("a", on=TestSet("ferv39k", "1", clips=20), quick=quick)
    for order in ("ab", "ba"):
        (found,) = JoinedStores([tmp_path / name for name in order]).results()
        assert found["quick"] is False


@pytest.fixture
def mixed(toy_bench: Bench, tmp_path: Path) -> Path:
    """A runs folder with a full row, and a quick one of the same method; fold 2 of it failed in the full row."""
    toy_bench(folds="all")
    toy_bench(folds="all", seeds="1", quick=True, variant=[{"name": "tried", "method": "linear", "set": {"epochs": 1}}])
    toy_bench(folds="1", seeds="2", quick=True)
    return tmp_path / "runs"


def test_no_table_ranks_it_or_takes_it_for_a_full_one(mixed: Path, invoke: Invoke, tmp_path: Path) -> None:
    invoke("leaderboard", "--runs", mixed, "--out", "tables", "--json")
    (table,) = json.loads(Path("tables/leaderboard.json").read_text())["tables"]
    rows = {row["name"]: row for row in table["rows"]}
    assert set(rows) == {"linear", "linear (quick run)", "tried (linear) (quick run)"}
    assert (rows["linear"]["ranked"], rows["linear"]["rank"], rows["linear"]["seeds"]) == (True, 1, [1])
    assert "quick" not in rows["linear"]
    for name in ("linear (quick run)", "tried (linear) (quick run)"):
        assert (rows[name]["quick"], rows[name]["ranked"], rows[name]["rank"]) == (True, False, None)
        assert rows[name]["notes"][0] == NOTE
        assert rows[name]["cost"]["latency_ms"] is None
    assert rows["tried (linear) (quick run)"]["complete"]
    assert NOTE in Path("tables/toy.md").read_text().replace("\\", "")
    frame = pd.read_parquet("tables/results.parquet")
    assert frame.groupby("name")["quick"].all().to_dict() == {name: "quick" in name for name in rows}
    assert "tried (linear) (quick run)" in invoke("leaderboard", "--runs", mixed, "--out", "tables").out


def test_readers_of_results_say_so(mixed: Path, invoke: Invoke) -> None:
    (found,) = json.loads(invoke("compare", "linear", "tried", "--runs", mixed, "--json").out)
    assert (found["first"]["name"], found["second"]["name"]) == ("linear", "tried (linear) (quick run)")
    assert f"B: {NOTE}" in found["notes"]
    audit = json.loads(invoke("audit", "--runs", mixed, "--json").out)["findings"]
    said = {item["name"]: item["message"] for item in audit if item["code"] == "not-ranked"}
    assert NOTE in next(text for name, text in said.items() if name.startswith("tried"))
    invoke("publish", "site", "--runs", mixed)
    pages = [page.read_text() for page in Path("site/rows").glob("*.html")]
    assert sum('<span class="badge quick">quick</span>' in page for page in pages) == 2
    runs = [page.read_text() for page in Path("site/runs").glob("*.html")]
    assert sum("quick run: neither latency nor cost was measured" in page for page in runs) == 3


def test_a_study_and_an_analysis_say_so(invoke: Invoke, toy_root: Path) -> None:
    text = "--backbone tiny --executor inline --set linear.epochs=1 --quiet --folds 1 --save-weights"
    flags = ["--plugin", str(STUDY), *text.split(), "--data-root", str(toy_root)]
    try:
        study = invoke("study", "toy-table", *flags, "--quick")
        facts = json.loads(invoke("study", "toy-table", *flags, "--quick", "--json").out)
        analysis = invoke("analyze", "names", "--runs", "runs", "--plugin", STUDY)
    finally:
        forget("toy_study")
    assert " (quick) " in study.out
    assert "- 2 of 2 results are of --quick: run the study again without it." in study.out
    ran = [cell for row in facts["rows"] for cell in row["cells"].values() if cell["by_fold"]]
    assert {(cell["quick"], *cell["by_fold"]) for cell in ran} == {(1, "1")}
    assert "2 of 2 runs are of `bench --quick`, which no table ranks" in analysis.err


def test_the_frame_of_a_notebook_tells_it(toy_bench: Bench) -> None:
    assert toy_bench(quick=True).frame()["quick"].tolist() == [True]
