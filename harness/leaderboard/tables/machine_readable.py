"""The whole leaderboard for programs: one JSON document, and one row a result."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from harness.leaderboard.board.board import Board
from harness.leaderboard.board.inference import Inference
from harness.leaderboard.board.notes import why_not_ranked
from harness.leaderboard.board.published import Verdict
from harness.leaderboard.board.sections import Section
from harness.leaderboard.tables import model_cards
from harness.leaderboard.tables.export import dump, head_json, plain, row_json, section_json
from harness.system.files import write_atomically

ROW = ["dataset", "demo", "stand_in", "protocol_hash"]
ABOUT = ["name", "method", "variant", "settings", "backbone", "version", "selection", "frames"]
SCHEMA_URL = "leaderboard.schema.json"  # in docs/


def files(board: Board, verdicts: Iterable[Verdict]) -> dict[str, str]:
    """Return file name -> everything, for programs."""
    return {
        "leaderboard.json": dump(whole_json(board, verdicts)),
        "model-index.json": dump(model_cards.model_index(board)),
    }


def whole_json(board: Board, verdicts: Iterable[Verdict] = ()) -> dict[str, Any]:
    """Return every table, pair of rows and verdict, as `docs/leaderboard.schema.json` describes it.
    Scores are fractions.
    """
    tables = []
    for sections in board.sections.values():
        tables += [_table(board, section) for section in sections]
    return {
        "$schema": SCHEMA_URL,
        **{key: value for key, value in head_json(False).items() if key != "demo"},
        "tables": tables,
        "published": [vars(verdict) for verdict in verdicts],
    }


def _table(board: Board, section: Section) -> dict[str, Any]:
    tests = board.tests.get(section.key)
    return {
        **section_json(section),
        "dataset": section.dataset,
        "title": board.titles[section.dataset],
        "demo": section.demo,
        "folds": list(board.expected[section.dataset, section.demo]),
        "test_clips": len(tests.panel.ids) if tests else None,
        "clustered": tests.clustered if tests else None,
        **tests_json(tests),
        "rows": [row_json(board, row) for row in section.rows],
        "pairs": pairs_json(tests) if tests else [],
    }


def tests_json(tests: Inference | None) -> dict[str, Any]:
    """Return what the tests of a table hold for, and what they can show; `of_all` after Holm's correction."""
    scores = {"war": tests.war, "uar": tests.uar} if tests else {}
    return {
        "tests_of": tests.level if tests else None,
        "run_to_run": {name: plain(measure.tau) for name, measure in scores.items()} or None,
        "smallest_difference": {name: plain(measure.smallest) for name, measure in scores.items()} or None,
        "smallest_difference_of_all": {name: plain(m.smallest_of_all) for name, m in scores.items()} or None,
    }


def pairs_json(tests: Inference) -> list[dict[str, Any]]:
    """Return each pair of tested rows: differences of the first minus the second, with intervals and p-values."""
    pairs = itertools.combinations(range(len(tests.rows)), 2)
    return [pair_json(tests, a, b) for a, b in pairs]


def pair_json(
    tests: Inference,
    a: int,
    b: int,
) -> dict[str, Any]:
    """Return one pair of tested rows, by their places in `tests.rows`."""
    scores = {
        name: {
            "difference": float(measure.values[a] - measure.values[b]),
            "low": float(measure.differences[0, a, b]),
            "high": float(measure.differences[1, a, b]),
            "p": plain(measure.p[a, b]),
            "p_holm": plain(measure.adjusted[a, b]),
        }
        for name, measure in (("war", tests.war), ("uar", tests.uar))
    }
    return {
        "first": tests.rows[a],
        "second": tests.rows[b],
        **scores,
        "mcnemar": float(tests.mcnemar[a, b]),
    }


def results_frame(board: Board) -> pd.DataFrame:
    """Return one row a result, nested fields flattened with dots; for pandas, DuckDB and Parquet readers."""
    frame = board.jobs.frame.drop(columns=["confusion", "path", "metric_versions", "contradictions", "doubts"]).copy()
    rows = board.rows[[*ROW, *ABOUT, "trust"]]
    if board.rows["quick"].any():
        rows = rows.assign(quick=board.rows["quick"])
    reasons = {row["row"]: "; ".join(why_not_ranked(board, row)) for row in board.as_rows}
    if any(reasons.values()):
        rows = rows.assign(not_ranked=pd.Series(reasons))
    options = {row: json.dumps(facts["options"], sort_keys=True) for row, facts in board.jobs.facts.items()}
    frame["options"] = frame["row"].map(options)
    scores = board.jobs.metrics.add_prefix("metric.")
    costs = board.jobs.cost.add_prefix("cost.")
    return pd.concat([frame.join(rows, on="row"), scores, costs], axis=1).reset_index(drop=True)


def results_parquet(board: Board, path: Path) -> Path:
    """Write `results_frame` and return the path."""
    buffer = io.BytesIO()
    results_frame(board).to_parquet(buffer, index=False)
    write_atomically(path, lambda draft: draft.write_bytes(buffer.getvalue()))
    return path
