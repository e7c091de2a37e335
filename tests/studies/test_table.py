"""Figures of a study: worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from harness.plugin.specs import StudyColumn, StudyRow, StudySpec, score_columns
from harness.studies.table import DASH, facts, lines_of, markdown_table, notes

ROWS = (
    StudyRow(("a",), (10.0, None), method="m"),
    StudyRow(("b | <b>",), (20.0, 21.0), method="m", variant="v", set={"x": 1}),
    StudyRow(("c",), (30.0, 31.0)),
)
SPEC = StudySpec("s", "S", "P, Table 1", ("Row",), score_columns("elsewhere"), ROWS)  # its folds are those seen
DFEW = StudySpec("s", "S", "P, Table 1", ("Row",), score_columns("dfew"), ROWS)


def result(fold: str = "1", seed: int = 1, war: float = 0.5, **more: Any) -> dict[str, Any]:
    return {
        "method": "m", "variant": "", "dataset": "elsewhere", "fold": fold, "seed": seed, "status": "done",
        "demo": False, "selection": "last", "backbone": {"name": "B", "weights": "w"}, "cost": {"gflops": 35.271},
        "metrics": {"war": war, "uar": war / 2, "ece": 0.25}, **more,
    }  # fmt: skip


def cells(results: list[dict[str, Any]], row: int = 0) -> list[Any]:
    return list(lines_of(SPEC, SPEC.columns, results)[row].cells)


def test_seeds_are_averaged_before_folds() -> None:
    results = [result("1", 1, 0.5), result("1", 2, 0.7), result("2", 1, 0.4), result("2", 2, 0.4)]
    war, uar = cells(results)
    assert (war.printed, war.ours, war.folds, war.seeds) == (10.0, pytest.approx(50.0), 2, 2)
    assert war.std == pytest.approx(2**0.5 * 10)  # of 60 and 40, ddof 1
    assert (uar.printed, uar.ours) == (None, pytest.approx(25.0))


def test_one_fold_spreads_over_seeds_and_one_job_does_not_spread() -> None:
    assert cells([result(seed=1, war=0.5), result(seed=2, war=0.7)])[0].std == pytest.approx(2**0.5 * 10)
    assert cells([result()])[0].std is None


def test_a_cell_that_was_not_run_or_failed_is_a_dash() -> None:
    results = [result(), result(variant="v"), result("2", variant="v", status="failed", metrics={})]
    lines = lines_of(SPEC, SPEC.columns, results)
    table = markdown_table(SPEC, SPEC.columns, lines).splitlines()
    assert [cell.strip() for cell in table[2].split("|")[1:-1]] == ["a", "10.00", "50.00", DASH, "25.00"]
    assert [cell.strip() for cell in table[3].split("|")[2:-1]] == ["20.00", DASH, "21.00", DASH]
    assert [cell.strip() for cell in table[4].split("|")[2:-1]] == ["30.00", DASH, "31.00", DASH]
    assert "b &#124; &lt;b&gt;" in table[3]
    assert any("some jobs failed" in note for note in notes(lines, results))


def test_results_of_other_variants_methods_and_datasets_are_not_mixed_in() -> None:
    others = [result(war=0.9, variant="v"), result(war=0.9, method="n"), result(war=0.9, dataset="mafw")]
    assert cells([result(), *others])[0].ours == pytest.approx(50.0)


def test_units() -> None:
    columns = (StudyColumn("GFLOPs", "elsewhere", "cost.gflops"), StudyColumn("F1", "elsewhere", "macro_f1"))
    spec = StudySpec("s", "S", "P", ("Row",), columns, (StudyRow(("a",), (), method="m"),))
    given = result(metrics={"macro_f1": 0.125}, cost={"gflops": 35.271})
    cost, f1 = lines_of(spec, columns, [given])[0].cells
    assert (cost.ours, f1.ours) == (35.271, 12.5)
    empty = lines_of(spec, columns, [result(metrics={}, cost={"gflops": None})])[0].cells
    assert [cell.ours for cell in empty] == [None, None]


def test_notes_say_what_the_numbers_are() -> None:
    results = [result(demo=True, selection="oracle", dataset="dfew"), result("2", demo=True, dataset="dfew")]
    found = " ".join(notes(lines_of(DFEW, DFEW.columns, results), results))
    for text in ("Synthetic", "B (w)", "oracle", "DFEW: 2 of 5 folds, 1 seeds"):
        assert text in found


def test_facts_are_plain() -> None:
    told = facts(SPEC, SPEC.columns, lines_of(SPEC, SPEC.columns, [result()]), [result()])
    assert told["columns"] == ["elsewhere.war", "elsewhere.uar"]
    assert told["rows"][0]["labels"] == {"Row": "a"}
    assert told["rows"][0]["cells"]["elsewhere.war"]["ours"] == 50.0
    assert told["rows"][2]["cells"]["elsewhere.uar"] == {
        "printed": 31.0, "ours": None, "std": None, "folds": 0, "seeds": 0, "failed": 0,
        "quick": 0, "by_fold": {},
    }  # fmt: skip


def test_folds_that_are_there_show_their_own_numbers_and_no_mean() -> None:
    def shown(results: list[dict[str, Any]]) -> list[str]:
        lines = lines_of(DFEW, DFEW.columns, [{**given, "dataset": "dfew"} for given in results])
        assert {(cell.ours, cell.std) for cell in lines[0].cells} == {(None, None)}
        table = markdown_table(DFEW, DFEW.columns, lines).splitlines()
        return [cell.strip() for cell in table[2].split("|")[1:-1]]

    assert shown([result("2")])[2] == "50.00 (fold 2)"
    assert shown([result(), result("3", war=0.4)])[2:] == [
        "50.00 (fold 1), 40.00 (fold 3)", DASH, "25.00 (fold 1), 20.00 (fold 3)",
    ]  # fmt: skip
    seeds = [result(seed=1, war=0.5), result(seed=2, war=0.7)]
    assert shown(seeds)[2] == "60.00 ± 14.14 (fold 1)"
    unequal = [result(str(fold)) for fold in range(1, 6)]
    assert shown([*unequal, result("5", 2, war=0.7)])[2].endswith("50.00 (fold 4), 60.00 ± 14.14 (fold 5)")


def test_all_folds_have_a_mean_and_a_cost_needs_but_one() -> None:
    whole = [result(str(fold), war=fold / 10, dataset="dfew") for fold in range(1, 6)]
    assert lines_of(DFEW, DFEW.columns, whole)[0].cells[0].ours == pytest.approx(30.0)
    columns = (StudyColumn("GFLOPs", "dfew", "cost.gflops"),)
    spec = StudySpec("s", "S", "P", ("Row",), columns, (StudyRow(("a",), (), method="m"),))
    assert lines_of(spec, columns, whole[:1])[0].cells[0].ours == 35.271
