"""What the pages show, taken from a board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.leaderboard.board.board import Board
from harness.leaderboard.board.notes import row_notes
from harness.leaderboard.board.sections import BoardRow, Section
from harness.leaderboard.site.method_facts import SHOWN, facts_of
from harness.leaderboard.tables import cells
from harness.leaderboard.tables.columns import Metrics
from harness.results.tables import BadTable, read_bytes
from harness.statistics.resample import THREADS

FIRST_SIGHT = 10  # columns of a table before a reader asks for more
UP, DOWN = "ascending", "descending"  # how a column is sorted first: best on top
COLUMNS = (
    *(("Method", UP), ("WAR", DOWN), ("UAR", DOWN), ("#", UP), ("# UAR", UP)),
    *(("WAR 95 % CI", DOWN), ("UAR 95 % CI", DOWN), ("GFLOPs", UP), ("Params (M)", UP), ("Folds", DOWN)),
    *(("Seeds", DOWN), ("Trust", DOWN), ("Backbone", UP), *((title, UP) for title in SHOWN.values())),
    *(("Trainable (M)", UP), ("Latency (ms)", UP), ("Clips/s", DOWN), ("Memory (MB)", UP)),
    *(("Training GFLOPs (batch)", UP), ("Input", UP), ("Selection", UP), ("Version", UP), ("Date", DOWN)),
)
HEAD = tuple(title for title, _ in COLUMNS)
EPOCHS = pa.schema([("stage", pa.string()), ("epoch", pa.int64()), ("loss", pa.float64())])
SCORES = ("val_war", "val_uar", "test_war", "test_uar")  # by epoch, where the selection rule looked at them
COSTS = (  # name, factor, digits
    ("gflops", 1.0, 2),
    ("params_total", 1e-6, 2),
    ("params_trainable", 1e-6, 3),
    ("latency_ms", 1.0, 1),
    ("clips_per_second", 1.0, 1),
    ("peak_memory_mb", 1.0, 0),
)
Cell = dict[str, Any]


def table(
    board: Board,
    section: Section,
    specs: Metrics,
) -> dict[str, Any]:
    """Return the main table of a section:
    column titles, and rows of cells with what they sort by, with unique names.
    """
    tops = {name: cells.podium(section.rows, f"{name}_mean", name, specs) for name in ("war", "uar")}
    known = names(section.rows)
    rows = [{**_line(board, row, tops, specs), "name": known[row["row"]]} for row in section.rows]
    places = enumerate(COLUMNS)
    head = [{"title": title, "first": first, "more": place >= FIRST_SIGHT} for place, (title, first) in places]
    return {"head": head, "rows": rows}


def _line(
    board: Board,
    row: BoardRow,
    tops: Mapping[str, tuple[float, ...]],
    specs: Metrics,
) -> dict[str, Any]:
    scores, intervals = [], []
    for name, top in tops.items():
        mark = cells.emphasis(row, f"{name}_mean", top)
        scores.append(_score(row, name, mark, specs))
        intervals.append(cell(cells.interval(row, name, specs), row.get(f"{name}_pooled")))
    costs = {}
    for name, scale, digits in COSTS:
        value = row.get(f"cost.{name}")
        costs[name] = cell(cells.number(value, scale, digits), value)
    facts = facts_of(board, row)
    said = " ".join([*(str(row[key]) for key in ("name", "settings", "backbone", "selection")), *facts.values()])
    day = cells.day(row)
    return {
        "row": row["row"],
        "ranked": bool(row["ranked"]),
        "badges": badges(row),
        "notes": row_notes(board, row),
        "text": said,
        "facts": facts,
        "cells": [
            cell(title(row), row["name"]),
            *scores,
            cell(cells.place(row), row["rank"]),
            cell(cells.place(row, "uar_rank"), row["uar_rank"]),
            *intervals,
            costs.pop("gflops"),
            costs.pop("params_total"),
            cell(cells.folds(row), row["folds_done"]),
            cell(str(row["n_seeds"]), row["n_seeds"]),
            cell(cells.trust(row), cells.trust(row)),
            cell(row["backbone"], row["backbone"]),
            *(cell(text or cells.DASH, text) for text in facts.values()),
            *costs.values(),
            cell(cells.step(row), row.get("cost.gflops_train")),
            cell(cells.frame_input(row), row["frames"]),
            cell(row["selection"], row["selection"]),
            cell(str(row["version"]), f"v{row['version']}"),  # "1.10" is no number
            cell(day, "" if day == cells.DASH else day),
        ],
    }


def _score(
    row: BoardRow,
    name: str,
    mark: str,
    specs: Metrics,
) -> Cell:
    """Return a score; its deviation apart, which stands below it where there is little room."""
    text = cells.metric(row, name, specs)
    value, sign, spread = text.partition(" ± ")
    parts = {"value": value, "spread": f"± {spread}"} if sign else {}
    return cell(text, row.get(f"{name}_mean"), mark) | parts


def cell(
    text: str,
    key: Any,
    mark: str = "",
) -> Cell:
    """Return a cell of a table: its text, what it sorts by, and how it stands out."""
    missing = key is None or (not isinstance(key, str) and pd.isna(key))
    return {
        "text": text,
        "key": "" if missing else key,
        "mark": mark,
        "number": not isinstance(key, str),
    }


def title(row: BoardRow) -> str:
    """Return a row's name with the settings that tell it from others of that name."""
    return str(row["name"]) + (f" · {row['settings']}" if row["settings"] else "")


def names(rows: Sequence[BoardRow]) -> dict[str, str]:
    """Name each row as no other row of the table is named: with its backbone, and its hash, if it takes that."""
    found = {row["row"]: title(row) for row in rows}
    for more in ("backbone", "row"):
        counts = Counter(found.values())
        for row in rows:
            name = found[row["row"]]
            if counts[name] > 1:
                found[row["row"]] = f"{name} · {row[more]}"
    return found


def badges(row: BoardRow) -> list[str]:
    """Return what sets a row apart from a plain benchmark result."""
    applies = {
        "demo": row["demo"],
        "oracle": row["selection"] == "oracle",
        "unofficial": not row["official"],
        "incomplete": not row["complete"],
        "stand-in": row["stand_in"],
        "quick": row["quick"],
        "not ranked": row["complete"] and not row["quick"] and not row["ranked"],
    }
    return [name for name, flag in applies.items() if flag]


def recall_table(row: BoardRow, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return recall of each class: mean, deviation and pooled value."""
    lines = []
    for name in classes:
        mean, std, pooled = (row.get(f"recall.{name}_{kind}") for kind in ("mean", "std", "pooled"))
        lines.append(
            {
                "name": name,
                "mean": cells.number(mean, 100),
                "std": cells.number(std, 100),
                "pooled": cells.number(pooled, 100),
                "share": 0 if pooled is None or pd.isna(pooled) else round(100 * pooled),
            }
        )
    return lines


def confusion(counts: Sequence[Sequence[int]]) -> list[list[Cell]]:
    """Return cells of a confusion matrix, each with its share of the true class in percent."""
    matrix = np.array(counts)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    lines = []
    for of_class, part in zip(matrix, shares, strict=True):
        counted = zip(of_class, part, strict=True)
        lines.append([{"count": int(count), "share": round(100 * share)} for count, share in counted])
    return lines


def histories(folders: Mapping[str, Sequence[Path]]) -> dict[str, list[dict[str, Any]]]:
    """Return loss, and scores in percent, by stage and epoch of each row: mean, least and most over its jobs.

    Each line says under `curve` what it is of: "loss", or one of `SCORES`.
    """

    def read(item: tuple[str, Sequence[Path]]) -> tuple[str, list[dict[str, Any]]]:
        row, of_row = item
        tables = [table for table in map(_history, of_row) if table is not None]
        if not tables:
            return row, []
        whole = pa.concat_tables(tables, promote_options="default").to_pandas()
        long = whole.melt(["stage", "epoch"], var_name="curve").dropna(subset="value")
        groups = long.groupby(["curve", "stage", "epoch"], sort=False)["value"]
        found = groups.agg(["mean", "min", "max"]).reset_index()
        return row, [{str(k): v for k, v in line.items()} for line in found.to_dict("records")]

    with ThreadPoolExecutor(THREADS) as threads:
        return dict(threads.map(read, folders.items()))


def _history(folder: Path) -> pa.Table | None:
    """Return the curves of one job; a column without a value is left out.
    None if they cannot be read: one may be missing.
    """
    try:
        source = pa.BufferReader(read_bytes(folder / "history.parquet"))  # small: quicker than Arrow's own opening
        with pq.ParquetFile(source) as file:
            table = file.read(columns=[*EPOCHS.names, *SCORES], use_threads=False)
        scores = [name for name in SCORES if name in table.column_names and table.column(name).null_count < len(table)]
        percent = {name: pc.multiply(table.column(name).cast(pa.float64()), 100.0) for name in scores}
        always = table.select(EPOCHS.names).cast(EPOCHS)
    except (OSError, pa.ArrowException, ValueError, KeyError, BadTable):
        return None
    if not len(table):
        return None
    columns = dict(zip(EPOCHS.names, always.columns, strict=True))
    return pa.table({**columns, **percent})


@lru_cache(maxsize=256)
def _flat_key(name: str) -> str:
    return name.replace("_", " ")


def facts(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested facts as lines of name and text."""
    lines: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines += facts(value, f"{prefix}{_flat_key(str(name))} · ")
        elif value not in (None, "", []):
            lines.append((f"{prefix}{_flat_key(str(name))}", _text(value)))
    return lines


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
