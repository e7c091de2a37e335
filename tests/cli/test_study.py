"""`harness study` and `harness analyze`, on the toy dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.commands import TOY, Invoke, forget

PLUGIN = TOY.with_name("toy_study.py")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    forget("toy_study")


@pytest.fixture
def flags(toy_root: Path) -> list[str]:
    text = "--backbone tiny --executor inline --set linear.epochs=1 --quiet"
    return ["--plugin", str(PLUGIN), *text.split(), "--data-root", str(toy_root)]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_a_study_runs_its_rows_and_prints_them_beside_the_papers(invoke: Invoke, flags: list[str]) -> None:
    answer = invoke("study", "toy-table", *flags, "--folds", "1", "--seeds", "1,2")
    assert (answer.code, answer.err) == (0, "")
    assert "Toy (Toy paper, Table 1)" in answer.out
    rows = {row[0]: row for row in map(cells, answer.out.splitlines()) if len(row) == 6}
    assert rows["reported"][2:] == ["50.00", "–", "40.00", "–"]
    assert rows["as it is"][2] == "–"
    assert rows["as it is"][4] == "41.50"
    assert all(" ± " in rows[name][3] for name in ("as it is", "slow"))
    assert rows["not here &#124; yet"][2:] == ["–"] * 4
    for note in ("- Toy: 1 of 2 folds, 2 seeds", "- reported / no: from the paper", "- Backbone: tiny (random)"):
        assert note in answer.out


def test_the_same_study_again_runs_nothing_and_says_the_same(invoke: Invoke, flags: list[str], tmp_path: Path) -> None:
    first = invoke("study", "toy-table", *flags, "--json")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/*/*/result.json")}
    again = invoke("study", "toy-table", *flags, "--json")
    assert len(times) == 4
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/*/*/result.json")} == times
    facts = json.loads(first.out)
    assert json.loads(again.out) == facts
    assert facts["study"] == "toy-table"
    slow = next(row for row in facts["rows"] if row["variant"] == "slow")
    assert slow["cells"]["toy.war"]["printed"] == 61.0
    assert slow["cells"]["toy.war"]["folds"] == 2


def test_a_dry_run_plans_the_variants(invoke: Invoke, flags: list[str], tmp_path: Path) -> None:
    facts = json.loads(invoke("study", "toy-table", *flags, "--dry-run", "--json").out)
    assert {(job["method"], job["variant"]) for job in facts["jobs"]} == {("linear", ""), ("linear", "slow")}
    assert not (tmp_path / "runs").exists()


def test_show_runs_nothing(invoke: Invoke, flags: list[str], tmp_path: Path) -> None:
    none = invoke("study", "toy-table", *flags, "--show")
    assert (none.code, (tmp_path / "runs").exists()) == (2, False)
    assert "without --show makes it" in none.err
    ran = invoke("study", "toy-table", *flags, "--folds", "1")
    assert invoke("study", "toy-table", *flags, "--show").out == ran.out
    invoke("study", "toy-table", *flags, "--folds", "1", "--set", "linear.epochs=2")
    mixed = invoke("study", "toy-table", *flags, "--show")
    assert mixed.code == 2
    assert "linear on toy was run under 2 protocols or recipes" in mixed.err


def test_a_failed_row_is_a_dash_and_exit_1(invoke: Invoke, flags: list[str]) -> None:
    answer = invoke("study", "toy-table", *flags, "--folds", "1", "--set", "linear.fault=raise")
    assert answer.code == 1
    assert "some jobs failed" in answer.out


def test_a_study_that_needs_no_run_needs_no_data(invoke: Invoke) -> None:
    answer = invoke("study", "letters", "--plugin", PLUGIN)
    assert answer.code == 0
    assert cells(answer.out.splitlines()[-3]) == ["abc", "3.0", "3.0"]


def test_what_there_is(invoke: Invoke) -> None:
    assert "toy-table" in invoke("study", "--list", "--plugin", PLUGIN).out
    listed = json.loads(invoke("study", "--list", "--json", "--plugin", PLUGIN).out)["studies"]
    assert {"name": "letters", "title": "Lengths", "paper": "Table 2", "rows": 2} in listed
    assert "names" in invoke("analyze", "--list", "--plugin", PLUGIN).out
    listed = json.loads(invoke("analyze", "--list", "--json", "--plugin", PLUGIN).out)["analyses"]
    assert next(e for e in listed if e["name"] == "names")["options"][0]["name"] == "ending"


def test_an_analysis_of_finished_runs(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    invoke(*toy_args, "--save-weights", "--seeds", "1,2")
    answer = invoke("analyze", "names", "--plugin", PLUGIN, "--set", "names.ending=?")
    assert (answer.code, answer.err) == (0, "")
    assert (tmp_path / "analyses" / "names" / "names.md").read_text() == "linear?\nlinear?"
    assert answer.out.endswith("names.md\n")
    one = invoke("analyze", "names", "--plugin", PLUGIN, "--seeds", "2", "--out", "else", "--json")
    assert json.loads(one.out) == {"analysis": "names", "files": ["else/names/names.md"]}
    assert (tmp_path / "else" / "names" / "names.md").read_text() == "linear!"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["study"], "which study? harness study NAME"),
        (["study", "toy-tabel"], "unknown study 'toy-tabel'; did you mean 'toy-table'?"),
        (["study", "toy-table", "--methods", "linear"], "No such option"),
        (["analyze"], "which analysis? harness analyze NAME"),
        (["analyze", "nams"], "unknown analysis 'nams'; did you mean 'names'?"),
        (["analyze", "names"], "runs: no such folder; `harness bench --save-weights` makes it"),
        (["analyze", "names", "--set", "name.ending=1"], "this analysis is 'names'"),
        (["analyze", "names", "--set", "names.end=1"], "has no option 'end'; did you mean 'ending'?"),
    ],
)
def test_slips(invoke: Invoke, args: list[str], message: str) -> None:
    answer = invoke(*args, "--plugin", PLUGIN)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert "Traceback" not in answer.err


def test_an_analysis_says_what_it_is_of(invoke: Invoke, toy_args: list[str]) -> None:
    invoke(*toy_args, "--methods", "zero-shot-clip")
    answer = invoke("analyze", "names", "--plugin", PLUGIN)
    assert "analysis 'names' is of linear, coop; runs holds only zero-shot-clip" in answer.err
    answer = invoke("analyze", "names", "--plugin", PLUGIN, "--datasets", "dfew")
    assert "holds no finished result of those asked for" in answer.err
