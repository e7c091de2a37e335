"""What a paper claims to gain, held against what is gained here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import BadOption
from harness.leaderboard import load
from harness.leaderboard.board.board import Board
from harness.plugin import registry
from harness.plugin.specs import StudyRow, StudySpec, score_columns
from harness.results.store import Store
from harness.studies.gains import Gain, claim_of, gain_notes, gains_of, gains_table
from harness.studies.request import study_named
from helpers.commands import Invoke
from helpers.planted import Planted, TestSet

COLUMNS = score_columns("ferv39k", "mafw")


def study(*rows: StudyRow) -> StudySpec:
    return StudySpec("toy", "Toy", "paper", ("Method",), COLUMNS, rows)


def rows(gain: tuple[float | None, ...] = ()) -> tuple[StudyRow, ...]:
    return (
        StudyRow(("base",), (40.0, 30.0, 41.0, 31.0), method="zero-shot-clip"),
        StudyRow(("more",), (42.5, 31.0, None, 30.0), method="coop", against=("base",), gain=gain),
        StudyRow(("reported",), (50.0, 50.0, 50.0, 50.0), against=("base",)),
    )


def board_of(folder: Path, **skills: float) -> Board:
    planted, on = Planted(folder / "runs"), TestSet("ferv39k", "1", clips=200)
    for method, skill in skills.items():
        planted.row(method.replace("_", "-"), skill, on=on, seeds=(1, 2, 3))
    return load(Store(planted.root), registry.datasets(), registry.metrics())


def by_column(found: list[Gain], row: str) -> dict[str, Gain]:
    return {gain.column: gain for gain in found if gain.row == (row,)}


@pytest.mark.parametrize(
    ("printed", "low", "high", "claim"),
    [
        (2.0, 0.1, 3.0, "holds"),
        (2.0, -0.1, 3.0, "cannot tell"),
        (2.0, -3.0, -0.1, "does not hold"),
        (-2.0, -3.0, -0.1, "holds"),
        (-2.0, 0.1, 3.0, "does not hold"),
        (-2.0, -3.0, 0.1, "cannot tell"),
        (None, 0.1, 3.0, "holds"),
    ],
)
def test_a_claim_is_its_sign(printed: float | None, low: float, high: float, claim: str) -> None:
    assert claim_of(printed, low, high) == claim


def test_a_large_gain_holds_and_a_loss_does_not(tmp_path: Path) -> None:
    found = gains_of(study(*rows()), COLUMNS, board_of(tmp_path / "a", zero_shot_clip=0.2, coop=3.0))
    gain = by_column(found, "more")["ferv39k.war"]
    assert (gain.printed, gain.claim, gain.level, gain.against) == (2.5, "holds", "methods", ("base",))
    assert gain.low is not None
    assert gain.ours is not None
    assert gain.high is not None
    assert 0 < gain.low < gain.ours < gain.high
    found = gains_of(study(*rows()), COLUMNS, board_of(tmp_path / "b", zero_shot_clip=3.0, coop=0.2))
    assert by_column(found, "more")["ferv39k.war"].claim == "does not hold"
    found = gains_of(study(*rows()), COLUMNS, board_of(tmp_path / "c", zero_shot_clip=1.0, coop=1.0))
    assert by_column(found, "more")["ferv39k.war"].claim == "cannot tell"
    assert gain_notes(found) == ["Gains are of methods: intervals over clips and trainings."]


def test_what_was_not_run_is_not_tested(tmp_path: Path) -> None:
    found = gains_of(study(*rows()), COLUMNS, board_of(tmp_path, zero_shot_clip=0.2, coop=3.0))
    more, reported = by_column(found, "more"), by_column(found, "reported")
    assert {more[name].claim for name in ("mafw.war", "mafw.uar")} == {"not tested"}
    assert (more["mafw.war"].printed, more["mafw.uar"].printed) == (None, -1.0)
    assert {gain.claim for gain in reported.values()} == {"not tested"}
    table = gains_table(found)
    assert "| more     | base      | FERV39k WAR | +2.50" in table
    assert gains_table([]) == ""


def test_a_printed_gain_counts_more_than_the_difference(tmp_path: Path) -> None:
    board = board_of(tmp_path, zero_shot_clip=0.2, coop=3.0)
    found = gains_of(study(*rows((2.6, None, 1.0, 0.0))), COLUMNS, board)
    assert [gain.printed for gain in found if gain.row == ("more",)] == [2.6, None, 1.0, 0.0]


def test_the_claims_of_both_papers_are_held_against_rows_of_their_tables() -> None:
    claims = {}
    for name, offer in registry.plugins().offers("studies").items():
        study_named(name)
        claims[name] = sum(bool(row.against) for row in offer.spec.rows)
    expected = {"a3lign-table2": 3, "a3lign-table3": 3, "a3lign-table4": 4, "a3lign-table5": 1}
    expected |= {"biehpro-table1": 1, "biehpro-table2": 3, "biehpro-table3": 1}
    assert {name: count for name, count in claims.items() if count} == expected
    ours = next(row for row in study_named("biehpro-table1").rows if row.against)
    base = next(row for row in study_named("biehpro-table1").rows if row.labels == ours.against)
    differences = [a - b for a, b in zip(ours.printed, base.printed, strict=True) if a is not None and b is not None]
    assert list(ours.gain) == pytest.approx(differences, abs=0.011)  # what the paper prints in red


@pytest.mark.parametrize("against", [("base",), ("nobody",)])
def test_a_row_held_against_itself_or_nobody_is_refused(
    against: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.studies import request

    with pytest.raises(BadOption, match="which are the labels of no other row"):
        request._check(study(StudyRow(("base",), method="coop", against=against)))


@pytest.mark.slow
def test_a_study_shows_its_claims(invoke: Invoke, tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "runs"), TestSet("ferv39k", "1", clips=150)
    for method, skill in {"zero-shot-clip": 0.2, "coop": 3.0, "cocoop": 3.0, "a3lign": 3.0}.items():
        planted.row(method, skill, on=on, seeds=(1, 2))
    shown = invoke("study", "a3lign-table2", "--show", "--out", tmp_path / "runs")
    assert shown.code == 0
    assert "Claim" in shown.out
    assert "holds" in shown.out
    facts = json.loads(invoke("study", "a3lign-table2", "--show", "--out", tmp_path / "runs", "--json").out)
    held = {(gain["row"][0], gain["column"]): gain["claim"] for gain in facts["gains"]}
    assert held["CoOp", "ferv39k.war"] == "holds"
    assert held["CoOp", "mafw.war"] == "not tested"
