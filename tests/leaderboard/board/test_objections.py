"""A row with an error of the audit leads no table: each rule alone, in every form of the tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.leaderboard import load, summary, write
from harness.leaderboard.audit import audit
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.objections import EDITED, OTHER_CLIPS, REFUTED, SEEN, UNREADABLE, holds_test_scores
from harness.leaderboard.site import publish
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet

Plant = Callable[[Planted, TestSet], Any]
BEST = 2.0  # skill of the row with the error: without it, it would lead


def board_of(planted: Planted) -> Board:
    return load(Store(planted.root), registry.datasets(), registry.metrics())


def cut_short(planted: Planted, on: TestSet) -> None:
    path = planted.add("bad", "1", 1, on.predict("1", BEST, 1), on=on) / "predictions.parquet"
    path.write_bytes(path.read_bytes()[:-100])


def removed(planted: Planted, on: TestSet) -> None:
    (planted.add("bad", "1", 1, on.predict("1", BEST, 1), on=on) / "predictions.parquet").unlink()


def other_argmax(planted: Planted, on: TestSet) -> None:
    path = planted.add("bad", "1", 1, on.predict("1", BEST, 1), on=on) / "predictions.parquet"
    frame = pd.read_parquet(path)
    frame.filter(like="logit.").mul(-1).combine_first(frame)[frame.columns].to_parquet(path)


def plant(**changes: Any) -> Plant:
    return lambda planted, on: planted.add("bad", "1", 1, on.predict("1", BEST, 1), on=on, **changes)


RULES: dict[str, tuple[str, str, Plant]] = {
    "history with test scores": ("test-data-seen", SEEN, plant(history={"test_war": 0.6, "test_uar": 0.5})),
    "two sets of scores": ("test-data-seen", SEEN, plant(metrics_last={"war": 0.1})),
    "another selection": ("edited", EDITED, plant(selection="oracle")),
    "other classes": ("edited", EDITED, plant(classes=["joy"])),
    "cut short": ("bad-predictions", UNREADABLE, cut_short),
    "removed": ("bad-predictions", UNREADABLE, removed),
    "other scores": ("scores-differ", REFUTED, plant(metrics={"war": 0.99, "uar": 0.99})),
    "another confusion matrix": ("scores-differ", REFUTED, plant(confusion=np.eye(7, dtype=int).tolist())),
    "not the largest logit": ("logits-differ", REFUTED, other_argmax),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("alone", [True, False])
def test_a_row_with_an_error_is_not_ranked(tmp_path: Path, rule: str, alone: bool) -> None:
    planted, on = Planted(tmp_path / "runs"), TestSet("ferv39k", "1", clips=60)
    code, reason, spoil = RULES[rule]
    spoil(planted, on)
    if not alone:
        planted.row("honest", 0.2, on=on)
    board = board_of(planted)
    rows = board.rows.set_index("name")
    assert pd.isna(rows.loc["bad", "rank"])
    assert pd.isna(rows.loc["bad", "place"])
    assert board.excluded == {board.rows.index[-1]: reason}
    if not alone:
        assert rows.loc["honest", "rank"] == 1
    errors = [item for item in audit(board, registry.plugins().offers("methods")) if item.level == "error"]
    assert {(item.code, item.row) for item in errors} == {(code, board.rows.index[-1])}


def test_clips_of_its_own_are_an_error_too(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "runs"), TestSet("ferv39k", "1", clips=60)
    planted.row("a", 0.2, on=on)
    planted.row("b", 0.3, on=on)
    planted.add("bad", "1", 1, on.predict("1", BEST, 1), on=on, keep=np.arange(50))
    board = board_of(planted)
    assert list(board.excluded.values()) == [OTHER_CLIPS]
    assert pd.isna(board.rows.set_index("name").loc["bad", "rank"])


def test_every_error_about_a_row_excludes_it(tmp_path: Path) -> None:
    """All of them at once, a dataset each, so that a rule that is added and excludes nobody is found."""
    planted = Planted(tmp_path / "runs")
    for number, (_, _, spoil) in enumerate(RULES.values()):
        spoil(planted, TestSet(f"set-{number}", "1", clips=40))
    board = board_of(planted)
    errors = [item for item in audit(board, registry.plugins().offers("methods")) if item.level == "error"]
    assert {item.row for item in errors if item.row} == set(board.rows.index)
    assert not board.rows["ranked"].any()


def test_the_reason_stands_in_every_form(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "runs"), TestSet("ferv39k", "1", clips=60)
    planted.add("bad", "1", 1, on.predict("1", BEST, 1), on=on, history={"test_war": 0.6})
    planted.row("honest", 0.2, on=on)
    board, specs, out = board_of(planted), registry.metrics(), tmp_path / "out"
    write(board, out, specs)
    publish(board, out / "site", specs, [])
    for name in ("ferv39k.md", "ferv39k.tex", "overview.md", "overview.tex", "site/index.html", "site/d-ferv39k.html"):
        assert SEEN in (out / name).read_text(), name
    for name in ("ferv39k.csv", "overview.csv"):
        lines = {line["name"]: line["not_ranked"] for line in csv.DictReader((out / name).read_text().splitlines())}
        assert lines["bad"].startswith(SEEN)
        assert lines["honest"] == ""
    (table,) = json.loads((out / "leaderboard.json").read_text())["tables"]
    told = {row["name"]: row.get("not_ranked") for row in table["rows"]}
    assert told["honest"] is None
    assert told["bad"][0].startswith(SEEN)
    parquet = pd.read_parquet(out / "results.parquet").set_index("name")["not_ranked"]
    assert parquet["bad"].startswith(SEEN)
    shown = summary(board, specs).set_index("Method")
    assert shown.loc["bad", "Not ranked"].startswith(SEEN)
    assert shown["#"].to_dict() == {"honest": "1", "bad": "–"}


def test_only_a_column_is_a_test_score(tmp_path: Path) -> None:
    """A value or a description that holds the word is no column."""
    pd.DataFrame({"stage": ["test_run"], "epoch": [1]}).to_parquet(tmp_path / "history.parquet")
    assert not holds_test_scores(str(tmp_path))
    pd.DataFrame({"stage": ["a"], "test_uar": [0.5]}).to_parquet(tmp_path / "history.parquet")
    assert holds_test_scores(str(tmp_path))
    assert not holds_test_scores(str(tmp_path / "nowhere"))
