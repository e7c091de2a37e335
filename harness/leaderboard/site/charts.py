"""Charts as Vega-Lite specifications: plain data, drawn in the browser by the bundled library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.leaderboard.board.sections import BoardRow
from harness.leaderboard.site.labels import BESIDE, PLACES, place_names

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"  # a name, never fetched
Spec = dict[str, Any]
FOLD = ({"field": "fold"}, {"field": "seed"})
COSTS = {"cost.gflops": "GFLOPs of a clip", "cost.latency_ms": "latency of a clip (ms)"}


def chart(
    spec: Spec,
    values: Sequence[Mapping[str, Any]],
    height: int = 280,
) -> Spec:
    """Return a chart as wide as its container."""
    return {
        "$schema": SCHEMA,
        "data": {"values": list(values)},
        "width": "container",
        "height": height,
        **spec,
    }


def pareto(
    rows: Sequence[BoardRow],
    cost: str,
    names: Mapping[str, str],
    families: Mapping[str, str] | None = None,
) -> Spec | None:
    """Draw UAR against a cost, the rows that no other beats on both joined by a line; None without such rows.

    Latencies are compared within one hardware only, so that each has its own front. Costs lie on a logarithmic axis:
    methods of the field differ a hundredfold. `families` of rows, where they are known, are told by colour.
    """
    known = families or {}
    values = [_pareto_value(row, cost, names) | _family(known, row) for row in rows if _has_both(row, cost)]
    if not values:
        return None
    for value in values:
        rivals = [other for other in values if other["hardware"] == value["hardware"]]
        value["front"] = not any(_beats(other, value) for other in rivals)
    return chart({"layer": _pareto_layers(cost, any(known.values()))}, place_names(values))


def _has_both(row: BoardRow, cost: str) -> bool:
    return bool(row["ranked"]) and row.get(cost, 0) > 0 and not pd.isna(row.get("uar_pooled"))


def _family(families: Mapping[str, str], row: BoardRow) -> dict[str, str]:
    return {"family": families.get(row["row"], "") or "not said"} if any(families.values()) else {}


def _pareto_value(
    row: BoardRow,
    cost: str,
    names: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "name": names[row["row"]],
        "cost": float(row[cost]),
        "uar": float(row["uar_pooled"]) * 100,
        "low": _points(row["uar_low"]),
        "high": _points(row["uar_high"]),
        "hardware": row["hardware"] if cost == "cost.latency_ms" else "",
        "url": f"rows/{row['row']}.html",
    }


def _pareto_layers(cost: str, coloured: bool) -> list[Spec]:
    """Return the line of the front, intervals, points, and names of the rows in front."""
    # The axes.
    x = {
        "field": "cost",
        "type": "quantitative",
        "title": COSTS[cost],
        "scale": {"type": "log", "nice": False, "padding": 12},
        "axis": {"labelOverlap": True, "tickCount": 5, "format": "~g"},
    }
    y = {
        "field": "uar",
        "type": "quantitative",
        "title": "UAR (%)",
        "scale": {"zero": False},
    }

    # One front a hardware, and the interval of each row.
    legend = {
        "orient": "bottom",
        "title": None,
        "columns": 2,
        "labelLimit": 150,
    }
    colour = {"color": {"field": "family", "type": "nominal", "legend": legend}} if coloured else {}
    detail = {"field": "hardware", "type": "nominal", "title": "hardware"}
    front = {"filter": "datum.front"}
    line = {
        "transform": [front],
        "mark": {"type": "line", "interpolate": "step-after", "strokeDash": [4, 3], "opacity": 0.8},
        "encoding": {"x": x, "y": y, "detail": detail, "order": {"field": "cost"}},
    }
    intervals = {
        "mark": {"type": "rule", "opacity": 0.35},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, **colour},
    }

    # The rows: those in front stand out, and are named.
    tooltip = [
        {"field": "name", "title": "method"},
        {"field": "uar", "title": "UAR (%)", "format": ".2f"},
        {"field": "cost", "title": COSTS[cost], "format": ".2f"},
        *([detail] if cost == "cost.latency_ms" else []),
    ]
    points = {
        "mark": {"type": "point", "filled": True, "size": 90, "cursor": "pointer"},
        "encoding": {
            "x": x,
            "y": y,
            **colour,
            "opacity": {"condition": {"test": "datum.front", "value": 1}, "value": 0.55},
            "href": {"field": "url"},
            "tooltip": tooltip,
        },
    }
    return [line, intervals, points, *_names(x, y)]


def _names(x: Spec, y: Spec) -> list[Spec]:
    """Return the names of rows in front, a layer for each place beside a point, since no data can say it."""
    layers = []
    for align, dy in PLACES:
        here = f"datum.label && datum.align === '{align}' && datum.dy === {dy}"
        dx = BESIDE if align == "left" else -BESIDE
        mark = {
            "type": "text",
            "align": align,
            "baseline": "middle",
            "dx": dx,
            "dy": dy,
            "fontSize": 11,
        }
        encoding = {"x": x, "y": y, "text": {"field": "label"}}
        layers.append({"transform": [{"filter": here}], "mark": mark, "encoding": encoding})
    return layers


def _beats(other: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Return whether one row is better than another in one and no worse in the other."""
    no_worse = other["cost"] <= value["cost"] and other["uar"] >= value["uar"]
    return bool(no_worse and (other["cost"] < value["cost"] or other["uar"] > value["uar"]))


def dots(jobs: Sequence[Mapping[str, Any]]) -> Spec:
    """Draw every fold and seed as a dot, WAR beside UAR."""
    values = []
    for job in jobs:
        for name in ("war", "uar"):
            if not pd.isna(job[name]):
                score = {"metric": name.upper(), "score": job[name] * 100}
                values.append({"fold": job["fold"], "seed": str(job["seed"]), **score})
    return chart(
        {
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 0.8},
            "encoding": {
                "x": {"field": "fold", "type": "nominal", "title": "fold", "axis": {"labelAngle": 0}},
                "xOffset": {"field": "metric"},
                "y": {"field": "score", "type": "quantitative", "title": "percent", "scale": {"zero": False}},
                "color": {"field": "metric", "type": "nominal", "title": None},
                "tooltip": [
                    {"field": "metric"},
                    {"field": "score", "format": ".2f"},
                    {"field": "fold"},
                    {"field": "seed"},
                ],
            },
        },
        values,
        220,
    )


def reliability(bins: np.ndarray) -> Spec | None:
    """Draw how often predictions are right, by confidence; on the diagonal they are right as often as they say."""
    full = bins[:, 0] > 0
    if not full.any():
        return None
    clips, confidence, right = bins[full].T
    values = [
        {"confidence": 100 * c / n, "right": 100 * r / n, "clips": int(n)}
        for n, c, r in zip(clips, confidence, right, strict=True)
    ]
    axis = {"scale": {"domain": [0, 100]}, "type": "quantitative"}
    x = {"field": "confidence", "title": "confidence (%)", **axis}
    y = {"field": "right", "title": "right (%)", **axis}
    diagonal = {
        "data": {"values": [{"confidence": 0, "right": 0}, {"confidence": 100, "right": 100}]},
        "mark": {"type": "line", "strokeDash": [3, 3], "opacity": 0.5},
        "encoding": {"x": x, "y": y},
    }
    line = {
        "mark": {"type": "line", "point": {"size": 50, "filled": True}},
        "encoding": {"x": x, "y": y},
    }
    tooltip = [
        {"field": "confidence", "format": ".1f"},
        {"field": "right", "format": ".1f"},
        {"field": "clips"},
    ]
    points = {
        "mark": {"type": "point", "filled": True, "opacity": 0.9},
        "encoding": {
            "x": x,
            "y": y,
            "size": {"field": "clips", "type": "quantitative", "title": "clips"},
            "tooltip": tooltip,
        },
    }
    return chart(
        {"layer": [diagonal, line, points]},
        values,
        240,
    )


def loss(history: Sequence[Mapping[str, Any]]) -> Spec | None:
    """Draw the training loss by epoch, a line for each stage."""
    return _curves(
        [line for line in history if line["curve"] == "loss"],
        "training loss",
        "stage",
    )


def scores(history: Sequence[Mapping[str, Any]]) -> Spec | None:
    """Draw WAR and UAR by epoch of validation clips, or under oracle selection of test clips;
    None where there are none.
    """
    return _curves(
        [line for line in history if line["curve"] != "loss"],
        "percent",
        "curve",
    )


def _curves(
    history: Sequence[Mapping[str, Any]],
    title: str,
    by: str,
) -> Spec | None:
    """Draw the mean over folds and seeds in a band from least to most."""
    if not history:
        return None
    x = {
        "field": "epoch",
        "type": "quantitative",
        "axis": {"tickMinStep": 1},
        "title": "epoch",
    }
    y = {
        "field": "mean",
        "type": "quantitative",
        "title": title,
        "scale": {"zero": False},
    }
    group = {
        "color": {"field": by, "type": "nominal"},
        "detail": {"field": "stage"},
    }
    band = {
        "mark": {"type": "area", "opacity": 0.18},
        "encoding": {
            "x": x,
            "y": {**y, "field": "min"},
            "y2": {"field": "max"},
            **group,
        },
    }
    tooltip = [
        {"field": "curve"},
        {"field": "stage"},
        {"field": "epoch"},
        {"field": "mean", "title": title, "format": ".4f"},
    ]
    line = {
        "mark": {"type": "line", "point": True},
        "encoding": {"x": x, "y": y, **group, "tooltip": tooltip},
    }
    return chart(
        {"layer": [band, line]},
        history,
        240,
    )


def _points(fraction: Any) -> float | None:
    return None if pd.isna(fraction) else float(fraction) * 100
