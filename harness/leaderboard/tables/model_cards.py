"""Rows of a board for the model cards of Hugging Face's Hub: `.eval_results/*.yaml`, and `model-index` as before.

Facts: the forms that `huggingface_hub` reads as `EvalResultEntry` and `EvalResult`. Scores are in percent, in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import yaml

from harness.leaderboard.board.board import Board
from harness.leaderboard.board.collect import SCORES
from harness.leaderboard.board.notes import why_not_ranked
from harness.leaderboard.board.sections import BoardRow, caveats
from harness.leaderboard.tables.cells import DASH
from harness.leaderboard.tables.names import dataset_stem, file_stem

FOLDER = "model-cards"
KINDS = {"war": ("accuracy", "WAR"), "uar": ("recall", "UAR")}


def files(board: Board) -> dict[str, str]:
    """Return file name -> YAML: for each model a folder to put into its repository, in it a file a dataset."""
    entries: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in board.as_rows:
        place = file_stem(_model_name(row)), dataset_stem(row["dataset"], bool(row["demo"]))
        entries.setdefault(place, []).extend(_entries(board, row))
    return {
        f"{model}/.eval_results/{dataset}.yaml": yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=1000)
        for (model, dataset), found in entries.items()
        if found
    }


def _entries(board: Board, row: BoardRow) -> Iterator[dict[str, Any]]:
    """Yield an entry a score. The Hub shows one once a benchmark of the dataset's id is there, with such tasks."""
    for name in _scored(row):
        yield {
            "dataset": {"id": dataset_stem(row["dataset"], bool(row["demo"])), "task_id": name},
            "value": _percent(row, name),
            "date": f"{row['last_finished']:%Y-%m-%d}",
            "notes": "; ".join(_notes(board, row, name)),
        }


def _notes(
    board: Board,
    row: BoardRow,
    name: str,
) -> Iterator[str]:
    yield f"{KINDS[name][1]} in percent, {_worth(board, row)}"
    yield f"mean of {row['folds_total']} folds, seeds {row['seeds']}, {row['selection']} epoch"
    ends = [row[f"{name}_{end}"] for end in ("low", "high")]
    if not any(pd.isna(end) for end in ends):
        yield "95 % interval {:.2f} to {:.2f}".format(*(100 * float(end) for end in ends))
    yield f"protocol {row['protocol_hash']}"
    yield f"scores {row['trust']}"
    yield from (f"not ranked: {reason}" for reason in why_not_ranked(board, row))


def model_index(board: Board) -> dict[str, Any]:
    """Return every row by Hugging Face's `model-index` convention for model cards; scores in percent.
    JSON is YAML too.
    """
    models: dict[str, list[dict[str, Any]]] = {}
    for row in board.as_rows:
        metrics = [_metric(row, name) for name in _scored(row)]
        if metrics:
            models.setdefault(_model_name(row), []).append(
                {
                    "task": {"type": "video-classification", "name": "Dynamic facial expression recognition"},
                    "dataset": {
                        "type": row["dataset"],
                        "name": _worth(board, row),
                        "split": "test",
                        "revision": row["protocol_hash"],
                    },
                    "metrics": metrics,
                }
            )
    return {"model-index": [{"name": name, "results": results} for name, results in models.items()]}


def _worth(board: Board, row: BoardRow) -> str:
    """Return the dataset's title and what sets the numbers of a row apart from those of the benchmark."""
    words = [caveat.word for caveat in caveats(row["demo"], row["stand_in"], row["official"])]
    return board.titles[row["dataset"]] + (f" ({', '.join(words)})" if words else "")


def _scored(row: Mapping[str, Any]) -> Sequence[str]:
    return [name for name in SCORES if not pd.isna(row[f"{name}_mean"])]


def _percent(row: Mapping[str, Any], name: str) -> float:
    return round(float(row[f"{name}_mean"]) * 100, 2)


def _metric(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    kind, title = KINDS[name]
    ranked = "" if row["ranked"] else ", not ranked"
    return {
        "type": kind,
        "name": f"{title}, mean of {row['folds_total']} folds, {row['selection']} epoch{ranked}",
        "value": _percent(row, name),
        "verified": False,
    }


def _model_name(row: Mapping[str, Any]) -> str:
    return ", ".join(part for part in (row["name"], row["settings"], row["backbone"]) if part) or DASH
