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
from harness.leaderboard.tables import cells
from harness.leaderboard.tables.columns import Metrics
from harness.statistics.resample import THREADS

FLAGS = ("demo", "oracle", "unofficial", "incomplete", "stand-in")
HEAD = (
    *("#", "# UAR", "Method", "Backbone", "WAR", "UAR", "WAR 95 % CI", "UAR 95 % CI", "GFLOPs", "Params (M)"),
    *("Trainable (M)", "Latency (ms)", "Clips/s", "Memory (MB)", "Training GFLOPs (batch)", "Input"),
    *("Folds", "Seeds", "Selection", "Version", "Date"),
)
EPOCHS = pa.schema([("stage", pa.string()), ("epoch", pa.int64()), ("loss", pa.float64())])
SCORES = ("val_war", "val_uar", "test_war", "test_uar")  # by epoch, where the selection rule looked at them
Cell = dict[str, Any]


def table(
    board: Board,
    section: Section,
    specs: Metrics,
) -> dict[str, Any]:
    """The main table of a section: column titles, and rows of cells with what they sort by, each named as no other."""
    tops = {name: cells.podium(section.rows, f"{name}_mean", name, specs) for name in ("war", "uar")}
    known = names(section.rows)
    rows = [{**_line(board, row, tops, specs), "name": known[row["row"]]} for row in section.rows]
    return {"head": HEAD, "rows": rows}


def _line(
    board: Board,
    row: BoardRow,
    tops: Mapping[str, tuple[float, ...]],
    specs: Metrics,
) -> dict[str, Any]:
    scores = [
        _cell(cells.metric(row, name, specs), row.get(f"{name}_mean"), cells.emphasis(row, f"{name}_mean", tops[name]))
        for name in tops
    ]
    intervals = [_cell(cells.interval(row, name, specs), row.get(f"{name}_pooled")) for name in tops]
    costs = [
        *(("gflops", 1.0, 2), ("params_total", 1e-6, 2), ("params_trainable", 1e-6, 3), ("latency_ms", 1.0, 1)),
        *(("clips_per_second", 1.0, 1), ("peak_memory_mb", 1.0, 0)),
    ]
    return {
        "row": row["row"],
        "ranked": bool(row["ranked"]),
        "badges": badges(row),
        "notes": row_notes(board, row),
        "text": " ".join(str(row[key]) for key in ("name", "settings", "backbone", "selection")),
        "cells": [
            _cell(cells.place(row), row["rank"]),
            _cell(cells.place(row, "uar_rank"), row["uar_rank"]),
            _cell(title(row), row["name"]),
            _cell(row["backbone"], row["backbone"]),
            *scores,
            *intervals,
            *(_cell(cells.number(row.get(f"cost.{n}"), s, d), row.get(f"cost.{n}")) for n, s, d in costs),
            _cell(cells.step(row), row.get("cost.gflops_train")),
            _cell(cells.frame_input(row), row["frames"]),
            _cell(cells.folds(row), row["folds_done"]),
            _cell(str(row["n_seeds"]), row["n_seeds"]),
            _cell(row["selection"], row["selection"]),
            _cell(str(row["version"]), f"v{row['version']}"),  # "1.10" is no number
            _cell(cells.day(row), "" if cells.day(row) == cells.DASH else cells.day(row)),
        ],
    }


def _cell(
    text: str,
    key: Any,
    mark: str = "",
) -> Cell:
    missing = key is None or (not isinstance(key, str) and pd.isna(key))
    return {
        "text": text,
        "key": "" if missing else key,
        "mark": mark,
        "number": not isinstance(key, str),
    }


def title(row: BoardRow) -> str:
    """A row's name with the settings that tell it from others of that name."""
    return str(row["name"]) + (f" · {row['settings']}" if row["settings"] else "")


def names(rows: Sequence[BoardRow]) -> dict[str, str]:
    """By row a name that no other row of the table has: with its backbone, and its hash, if it takes that."""
    found = {row["row"]: title(row) for row in rows}
    for more in ("backbone", "row"):
        counts = Counter(found.values())
        found = {
            row["row"]: name + (f" · {row[more]}" if counts[name] > 1 else "")
            for row, name in zip(rows, found.values(), strict=True)
        }
    return found


def badges(row: BoardRow) -> list[str]:
    """What sets a row apart from a plain benchmark result."""
    on = (row["demo"], row["selection"] == "oracle", not row["official"], not row["complete"], row["stand_in"])
    return [name for name, flag in zip(FLAGS, on, strict=True) if flag]


def recall_table(row: BoardRow, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Recall of each class: mean, deviation and pooled value."""
    return [
        {
            "name": name,
            "mean": cells.number(row.get(f"recall.{name}_mean"), 100),
            "std": cells.number(row.get(f"recall.{name}_std"), 100),
            "pooled": cells.number(row.get(f"recall.{name}_pooled"), 100),
            "share": 0 if pd.isna(row.get(f"recall.{name}_pooled")) else round(100 * row[f"recall.{name}_pooled"]),
        }
        for name in classes
    ]


def confusion(counts: Sequence[Sequence[int]]) -> list[list[Cell]]:
    """Cells of a confusion matrix, each with its share of the true class in percent."""
    matrix = np.array(counts)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    return [
        [{"count": int(n), "share": round(100 * share)} for n, share in zip(line, part, strict=True)]
        for line, part in zip(matrix, shares, strict=True)
    ]


def histories(folders: Mapping[str, Sequence[Path]]) -> dict[str, list[dict[str, Any]]]:
    """Loss, and scores in percent, by stage and epoch of each row: mean, least and most over its jobs.

    Each line says under `curve` what it is of: "loss", or one of `SCORES`.
    """

    def read(item: tuple[str, Sequence[Path]]) -> tuple[str, list[dict[str, Any]]]:
        tables = [table for folder in item[1] if (table := _history(folder)) is not None]
        if not tables:
            return item[0], []
        whole = pa.concat_tables(tables, promote_options="default").to_pandas()
        long = whole.melt(["stage", "epoch"], var_name="curve").dropna(subset="value")
        groups = long.groupby(["curve", "stage", "epoch"], sort=False)["value"]
        found = groups.agg(["mean", "min", "max"]).reset_index()
        return item[0], [{str(k): v for k, v in line.items()} for line in found.to_dict("records")]

    with ThreadPoolExecutor(THREADS) as threads:
        return dict(threads.map(read, folders.items()))


def _history(folder: Path) -> pa.Table | None:
    """The curves of one job; a column without a value is left out. None if they cannot be read: one may be missing."""
    try:
        source = pa.BufferReader((folder / "history.parquet").read_bytes())  # small: quicker than Arrow's own opening
        with pq.ParquetFile(source) as file:
            table = file.read(columns=[*EPOCHS.names, *SCORES], use_threads=False)
        scores = [name for name in SCORES if name in table.column_names and table.column(name).null_count < len(table)]
        percent = {name: pc.multiply(table.column(name).cast(pa.float64()), 100.0) for name in scores}
        always = table.select(EPOCHS.names).cast(EPOCHS)
    except (OSError, pa.ArrowException, ValueError, KeyError):
        return None
    return pa.table({**dict(zip(EPOCHS.names, always.columns, strict=True)), **percent}) if len(table) else None


@lru_cache(maxsize=256)
def _flat_key(name: str) -> str:
    return name.replace("_", " ")


def facts(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested facts as lines of name and text."""
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
