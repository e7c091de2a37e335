"""Numbers as the tables print them: plain text, marked up by whoever shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from harness.core.metric import MetricSpec
from harness.leaderboard.board.across import MeanRank
from harness.leaderboard.board.board import EXACT
from harness.leaderboard.board.collect import SCORES
from harness.leaderboard.board.sections import BoardRow

DASH = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
MILLION = 1e6


def number(
    value: Any,
    scale: float = 1.0,
    digits: int = 2,
) -> str:
    """Return a number with fixed digits, or a dash."""
    return DASH if pd.isna(value) else f"{value * scale:.{digits}f}"


def millions(value: Any, digits: int = 2) -> str:
    """Return a count in millions."""
    return number(value, 1 / MILLION, digits)


def metric(
    row: BoardRow,
    name: str,
    specs: Mapping[str, MetricSpec],
) -> str:
    """Return "71.25 ± 0.61", in percent unless the metric has another unit; one dash where there is no mean."""
    mean = row.get(f"{name}_mean")
    if pd.isna(mean):
        return DASH
    return f"{value(mean, name, specs)} ± {value(row.get(f'{name}_std'), name, specs)}"


def value(
    fraction: Any,
    name: str,
    specs: Mapping[str, MetricSpec],
) -> str:
    """Return one value of a metric in its unit."""
    spec = spec_of(name, specs)
    percent = spec is None or spec.unit == "percent"
    return number(fraction, 100.0) if percent else number(fraction, digits=3)


def gap(row: BoardRow) -> str:
    """Return how far the oracle's WAR and UAR lie above those of the last epoch, in points."""
    gaps = [row.get(f"{name}_gap") for name in SCORES]
    return " / ".join(DASH if pd.isna(points) else f"{points * 100:+.2f}" for points in gaps)


def step(row: BoardRow) -> str:
    """Return GFLOPs of a training step and the clips it is taken on: "12.50 (32)"; "0.00" where nothing is trained."""
    gflops, batch = row.get("cost.gflops_train"), row.get("cost.batch")
    clips = "" if pd.isna(batch) or not batch or pd.isna(gflops) else f" ({int(batch)})"
    return f"{number(gflops)}{clips}"


def frame_input(row: BoardRow) -> str:
    """Return frames and pixels: "16 × 224 px", or "16" where the size is the backbone's own."""
    if pd.isna(row["frames"]):
        return DASH
    size = 0 if pd.isna(row["size"]) else int(row["size"])
    return f"{int(row['frames'])} {TIMES} {size} px" if size else f"{int(row['frames'])}"


def folds(row: BoardRow) -> str:
    """Return folds done of those there are, "5/5"."""
    return f"{row['folds_done']}/{row['folds_total']}"


def span(texts: Iterable[str]) -> str:
    """Return one text for a line over several datasets: "35.27", or "35.27 to 35.31" where they differ."""
    found = sorted({text for text in texts if text != DASH}, key=float)
    return " to ".join(dict.fromkeys([found[0], found[-1]])) if found else DASH


def interval(
    row: BoardRow,
    name: str,
    specs: Mapping[str, MetricSpec],
) -> str:
    """Return "71.24 [70.42, 72.05]": the pooled value and its 95 % interval, where there is one."""
    text = value(row.get(f"{name}_pooled"), name, specs)
    ends = [row.get(f"{name}_{end}") for end in ("low", "high")]
    if text == DASH or any(pd.isna(end) for end in ends):
        return text
    return f"{text} [{', '.join(value(end, name, specs) for end in ends)}]"


def place(row: BoardRow, name: str = "rank") -> str:
    """Return the ranks that tests leave possible, as "2\N{EN DASH}5"; where there is none, the place by score."""
    low, high = (number(row.get(f"{name}_{end}"), digits=0) for end in ("low", "high"))
    if DASH in (low, high):
        return number(row.get(name), digits=0)
    return low if low == high else f"{low}\N{EN DASH}{high}"


def trust(row: BoardRow) -> str:
    """Return how far the numbers of a row can be trusted, or a dash where it has none."""
    return str(row["trust"]) or DASH


def mean_rank(found: MeanRank | None) -> str:
    """Return a mean rank with its interval; a dash where a dataset is lacking."""
    if found is None:
        return DASH
    return f"{number(found.mean, digits=1)} [{number(found.low, digits=1)}, {number(found.high, digits=1)}]"


def day(row: BoardRow) -> str:
    """Return when the last job of the row ended, in UTC."""
    finished = row.get("last_finished")
    return DASH if pd.isna(finished) else f"{finished:%Y-%m-%d}"


def podium(
    rows: Iterable[BoardRow],
    column: str,
    name: str,
    specs: Mapping[str, MetricSpec],
) -> tuple[float, ...]:
    """Return the best and second-best value of a column among ranked rows;
    none with fewer than two, as none is beaten.
    """
    spec = spec_of(name, specs)
    ranked = [row for row in rows if row["ranked"] and not pd.isna(row.get(column))]
    values = [round(float(row[column]), EXACT) for row in ranked]
    down = spec is None or spec.higher_is_better
    return tuple(sorted(set(values), reverse=down)[:2]) if len(values) > 1 else ()


LOWEST = {"war": "rank_low", "uar": "uar_rank_low"}  # by score: the best rank that tests leave a row


def emphasis(
    row: BoardRow,
    column: str,
    top: tuple[float, ...],
) -> str:
    """Return "best", "second", or nothing. A tested WAR or UAR is best if none is significantly better."""
    if not row["ranked"] or not top or pd.isna(row.get(column)):
        return ""
    lowest = row.get(LOWEST.get(column.rpartition("_")[0], ""))
    if not pd.isna(lowest):
        return "best" if lowest == 1 else ""
    found = round(float(row[column]), EXACT)
    return dict(zip(top, ("best", "second"), strict=False)).get(found, "")


def spec_of(name: str, specs: Mapping[str, MetricSpec]) -> MetricSpec | None:
    """Return the metric behind "war" or "recall.happiness", if it is still registered."""
    return specs.get(name) or specs.get(name.split(".", 1)[0])


def scalars(names: Iterable[str], specs: Mapping[str, MetricSpec]) -> list[str]:
    """Return the metrics that are one number: WAR, UAR, then the registered ones, then those no longer so."""
    plain = [name for name in names if "." not in name]
    order = [*SCORES, *specs, *plain]
    return sorted(dict.fromkeys([*SCORES, *plain]), key=order.index)


def vectors(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the metrics that are one number per class: "recall" -> ["recall.happiness", ...]."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if "." in name:
            groups.setdefault(name.split(".", 1)[0], []).append(name)
    return groups
