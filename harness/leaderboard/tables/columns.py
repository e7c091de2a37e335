"""Columns of the tables: title, cell text, emphasis; formats (Markdown, LaTeX) add their own markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import pandas as pd

from harness.core.metric import MetricSpec
from harness.leaderboard.board.across import Across, Line, first_row, mean_ranks
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.collect import SCORES
from harness.leaderboard.board.metric_state import stale_mark
from harness.leaderboard.board.sections import BoardRow, Section
from harness.leaderboard.board.trust import least
from harness.leaderboard.tables import cells

Metrics = Mapping[str, MetricSpec]
R = TypeVar("R")
TFLOPS = "cost.tflops_training"


def unmarked(row: object) -> str:
    """Mark nothing: no cell of the column stands out."""
    return ""


@dataclass(frozen=True)
class Column(Generic[R]):
    """Plain text. Where `foreign`, title or cells come from plugins, and have to be escaped.

    `group` is what the title begins with where several columns share it: the dataset, in a table across them.
    """

    title: str
    text: Callable[[R], str]
    mark: Callable[[R], str] = unmarked  # "best", "second" or ""
    foreign: bool = True
    group: str = ""


RANKS = (
    Column[BoardRow]("#", cells.place, foreign=False),
    Column[BoardRow]("# UAR", lambda row: cells.place(row, "uar_rank"), foreign=False),
)
METHOD = Column[BoardRow]("Method", lambda row: str(row["name"]))
BACKBONE = Column[BoardRow]("Backbone", lambda row: str(row["backbone"]))
RECIPE = Column[BoardRow]("Recipe", lambda row: row["recipe"] or cells.DASH)
INPUT = Column[BoardRow]("Input", cells.frame_input)
COST = (
    Column[BoardRow]("GFLOPs", lambda row: cells.number(row.get("cost.gflops"))),
    Column[BoardRow]("Params (M)", lambda row: cells.millions(row.get("cost.params_total"))),
    Column[BoardRow]("Trainable (M)", lambda row: cells.millions(row.get("cost.params_trainable"), digits=3)),
    Column[BoardRow]("Latency (ms)", lambda row: cells.number(row.get("cost.latency_ms"), digits=1)),
)
EFFORT = (
    Column[BoardRow]("Clips/s", lambda row: cells.number(row.get("cost.clips_per_second"), digits=1)),
    Column[BoardRow]("Memory (MB)", lambda row: cells.number(row.get("cost.peak_memory_mb"), digits=0)),
    Column[BoardRow]("Training GFLOPs (batch)", cells.step),
)
TRAINING = Column[BoardRow]("Training TFLOPs", lambda row: cells.number(row.get(TFLOPS), digits=1))
TRUST = Column[BoardRow]("Trust", cells.trust, foreign=False)
ORIGIN = (
    TRUST,
    Column[BoardRow]("Folds", cells.folds),
    Column[BoardRow]("Seeds", lambda row: str(row["n_seeds"])),
    Column[BoardRow]("Selection", lambda row: str(row["selection"])),
    Column[BoardRow]("Protocol", lambda row: str(row["protocol_hash"])),
    Column[BoardRow]("Version", lambda row: str(row["version"])),
    Column[BoardRow]("Date", cells.day),
)


def dataset_columns(
    board: Board,
    section: Section,
    specs: Metrics,
) -> list[Column[BoardRow]]:
    """Return the columns of the papers' Table 1, then what the scores cost and where they come from."""
    return [
        *RANKS,
        METHOD,
        *_recipe(section.rows),
        *_settings(section.rows),
        BACKBONE,
        INPUT,
        *COST,
        *(_dated(board, section, name, specs) for name in cells.scalars(_present(board, section), specs)),
        *(_pooled(section, name, specs) for name in SCORES),
        *_gap(section, "Gap to last (WAR / UAR)"),
        *EFFORT,
        *_training(section.rows),
        *ORIGIN,
    ]


def class_columns(
    board: Board,
    section: Section,
    specs: Metrics,
) -> dict[str, list[Column[BoardRow]]]:
    """Return the title and the columns of each metric with a value per class, per group, or with an interval."""
    found = {}
    first = [METHOD, *_recipe(section.rows), *_settings(section.rows), BACKBONE]
    for name, metrics in cells.vectors(_present(board, section)).items():
        classes = [label for label in section.protocol["classes"] if f"{name}.{label}" in metrics]
        parts = [metric.split(".", 1)[1] for metric in metrics]
        others = [part for part in parts if part not in classes]  # such as groups of clips, or ends of an interval
        title, by = specs[name].title if name in specs else name, _by(classes, others)
        title = (title if title.endswith(by) else f"{title} {by}") + stale_mark(board, section, name, specs)
        found[title] = [*first, *(_plain(f"{name}.{part}", part, specs) for part in (*classes, *others))]
    return found


def _by(classes: Sequence[str], others: Sequence[str]) -> str:
    """Say of what the values of a metric are."""
    if classes:
        return "per class"
    return "interval" if set(others) <= {"low", "high"} else "by group"


def across_columns(
    board: Board,
    part: Across,
    specs: Metrics,
) -> list[Column[Line]]:
    """Return one line per method: what it is and costs, then the scores of each dataset."""
    return [
        *(Column[Line](column.title, _of_first(column)) for column in (METHOD, *_any_settings(part), BACKBONE, INPUT)),
        *(Column[Line](column.title, _span(column)) for column in COST),
        *(
            _of(dataset, board.titles[dataset], column)
            for dataset, section in part.sections.items()
            for column in _scores(section, specs)
        ),
        *_mean_rank(board, part),
        Column[Line](TRUST.title, least_trust, foreign=False),
    ]


def _mean_rank(board: Board, part: Across) -> list[Column[Line]]:
    """Return the column of mean ranks, where there is more than one dataset."""
    means = mean_ranks(board, part)

    def text(line: Line) -> str:
        return cells.mean_rank(means.get(first_row(line)["row"]))

    return [Column[Line]("Mean rank [95 %]", text, foreign=False)] if means else []


def _scores(section: Section, specs: Metrics) -> list[Column[BoardRow]]:
    scores = [_score(section, name, specs) for name in SCORES]
    return [
        *scores,
        *_gap(section, "gap to last (WAR / UAR)"),
        Column[BoardRow]("folds", cells.folds),
    ]


def _settings(rows: Sequence[BoardRow]) -> list[Column[BoardRow]]:
    """Return the settings column, where some row needs it."""
    return [Column[BoardRow]("Settings", _text_of_settings)] if any(row["settings"] for row in rows) else []


def _recipe(rows: Sequence[BoardRow]) -> list[Column[BoardRow]]:
    """Return the recipe column, where some row was asked for by one."""
    return [RECIPE] if any(row["recipe"] for row in rows) else []


def _training(rows: Sequence[BoardRow]) -> list[Column[BoardRow]]:
    """Return the column of what training costs, where some result says it."""
    return [TRAINING] if any(not pd.isna(row.get(TFLOPS)) for row in rows) else []


def _text_of_settings(row: BoardRow) -> str:
    return row["settings"] or cells.DASH


def _score(
    section: Section,
    name: str,
    specs: Metrics,
) -> Column[BoardRow]:
    """Return mean and standard deviation of a metric, the best and the second marked."""
    mark = _mark(section, f"{name}_mean", specs)
    return Column(
        _title(name, specs),
        lambda row: cells.metric(row, name, specs),
        mark,
    )


def _dated(
    board: Board,
    section: Section,
    name: str,
    specs: Metrics,
) -> Column[BoardRow]:
    """Return a metric's column, whose title says so if another version of the metric made its values."""
    column = _score(section, name, specs)
    return replace(column, title=column.title + stale_mark(board, section, name, specs))


def _pooled(
    section: Section,
    name: str,
    specs: Metrics,
) -> Column[BoardRow]:
    """Return a metric over the pooled clips of all folds, with its 95 % interval."""
    mark = _mark(section, f"{name}_pooled", specs)
    heading = f"{name.upper()} pooled [95 % CI]"
    return Column(
        heading,
        lambda row: cells.interval(row, name, specs),
        mark,
        foreign=False,
    )


def _mark(
    section: Section,
    column: str,
    specs: Metrics,
) -> Callable[[BoardRow], str]:
    top = cells.podium(
        section.rows,
        column,
        column.rsplit("_", 1)[0],
        specs,
    )
    return lambda row: cells.emphasis(row, column, top)


def _plain(
    name: str,
    heading: str,
    specs: Metrics,
) -> Column[BoardRow]:
    """Return mean and standard deviation of a metric."""
    return Column(heading, lambda row: cells.metric(row, name, specs))


def _title(name: str, specs: Metrics) -> str:
    spec = specs.get(name)
    return spec.title if spec else name.upper() if name in SCORES else name


def _gap(section: Section, heading: str) -> list[Column[BoardRow]]:
    """Return what oracle selection gained, where it was used."""
    return [Column[BoardRow](heading, cells.gap)] if section.protocol["selection"] == "oracle" else []


def _present(board: Board, section: Section) -> list[str]:
    """Return metrics that some job of the section reports; other datasets have other classes."""
    folds = board.folds.loc[list(section.frame.index)]
    return [name for name in board.metrics if folds[name].notna().any()]


def _of(
    dataset: str,
    title: str,
    column: Column[BoardRow],
) -> Column[Line]:
    return Column(
        f"{title} {column.title}",
        lambda line: column.text(line[dataset]) if dataset in line else cells.DASH,
        lambda line: column.mark(line[dataset]) if dataset in line else "",
        group=title,
    )


def _of_first(column: Column[BoardRow]) -> Callable[[Line], str]:
    """Show the first value of a fact that is the same on every dataset; settings may differ."""
    if column.title == "Settings":
        return _all_settings
    return lambda line: column.text(first_row(line))


def _all_settings(line: Line) -> str:
    settings = [row["settings"] for row in line.values() if row["settings"]]
    return "; ".join(dict.fromkeys(settings)) or cells.DASH


def least_trust(line: Line) -> str:
    """Return the level of a method: that of the dataset on which it is trusted least."""
    return least(str(row["trust"]) for row in line.values()) or cells.DASH


def _span(column: Column[BoardRow]) -> Callable[[Line], str]:
    return lambda line: cells.span(column.text(row) for row in line.values())


def _any_settings(part: Across) -> list[Column[BoardRow]]:
    rows = [row for line in part.lines for row in line.values()]
    return [*_recipe(rows), *_settings(rows)]
