"""A study's table: what was run beside what is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean, stdev
from typing import Any

from tabulate import tabulate

from harness.core.lazy import load_object
from harness.core.text import markdown
from harness.plugin import registry
from harness.plugin.specs import StudyColumn, StudyRow, StudySpec

DASH = "\N{EN DASH}"
EXACTNESS = {
    "reading": "written from a description or from a port of others; its page says what was chosen",
    "sketch": "a sketch, whose key part is made up here",
}
Result = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """One figure of one row."""

    printed: float | None
    ours: float | None = None  # in the unit that the paper prints; mean over all folds, seeds averaged first
    std: float | None = None  # over folds (ddof 1), over seeds where there is one fold
    folds: int = 0
    seeds: int = 0
    failed: int = 0  # jobs; a cell with one has no figure
    quick: int = 0  # of the jobs behind the figure, those of `--quick`
    # Of a cell without all folds, which has no figure: mean and std over the seeds of each that is there.
    by_fold: Mapping[str, tuple[float, float | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One row with its cells, one a column."""

    row: StudyRow
    cells: tuple[Cell, ...]


def lines_of(
    spec: StudySpec,
    columns: Sequence[StudyColumn],
    results: Iterable[Result],
) -> list[Line]:
    """Return the rows of a study with the figures of these results, any order; a cell without results stays empty."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result["method"], result["variant"], result["dataset"]), []).append(result)
    lines = []
    for row in spec.rows:
        printed = [*row.printed, *[None] * (len(columns) - len(row.printed))]
        computed = _computed(spec, row)
        cells = [
            _measured(number, column, groups.get((*row.key, column.dataset), []) if row.method else [])
            if column.dataset
            else Cell(number, computed.get(column.figure))
            for column, number in zip(columns, printed, strict=True)
        ]
        lines.append(Line(row, tuple(cells)))
    return lines


def _computed(spec: StudySpec, row: StudyRow) -> Mapping[str, float]:
    if not spec.compute:
        return {}
    compute: Callable[[StudyRow], Mapping[str, float]]
    compute = load_object(spec.compute) if isinstance(spec.compute, str) else spec.compute
    return compute(row)


def _measured(
    printed: float | None,
    column: StudyColumn,
    results: Sequence[Result],
) -> Cell:
    by_fold: dict[str, list[float]] = {}
    for result in results:
        value = _figure(column, result)
        if value is not None:
            by_fold.setdefault(result["fold"], []).append(value)
    seeds = max(map(len, by_fold.values()), default=0)
    failed = sum(result["status"] != "done" for result in results)
    if failed or not by_fold:
        return Cell(
            printed,
            folds=len(by_fold),
            seeds=seeds,
            failed=failed,
        )
    quick = sum(bool(result.get("quick")) for result in results)
    if not _is_whole(column, by_fold):
        parts = {fold: (fmean(values), stdev(values) if len(values) > 1 else None) for fold, values in by_fold.items()}
        return Cell(
            printed,
            folds=len(by_fold),
            seeds=seeds,
            quick=quick,
            by_fold=parts,
        )
    of_folds = [fmean(values) for values in by_fold.values()]
    spread = of_folds if len(of_folds) > 1 else next(iter(by_fold.values()))
    std = stdev(spread) if len(spread) > 1 else None
    return Cell(
        printed,
        fmean(of_folds),
        std,
        len(by_fold),
        seeds,
        quick=quick,
    )


def _is_whole(column: StudyColumn, by_fold: Mapping[str, Sequence[float]]) -> bool:
    """Return whether every fold of the dataset is there with equally many seeds; a cost is the same on each fold."""
    known = registry.datasets()
    fixed = known[column.dataset].folds if column.dataset in known else ()
    equal = len(set(map(len, by_fold.values()))) == 1
    return column.figure.startswith("cost.") or (equal and set(fixed) <= set(by_fold))


def _figure(column: StudyColumn, result: Result) -> float | None:
    if result["status"] != "done":
        return None
    if column.figure.startswith("cost."):
        value = result["cost"].get(column.figure.removeprefix("cost."))
        return float(value) if isinstance(value, int | float) else None
    value = result["metrics"].get(column.figure)
    return None if value is None else float(value) * scale_of(column)


def scale_of(column: StudyColumn) -> float:
    """Return the factor to print by: metrics are stored as fractions, most are printed in percent."""
    spec = registry.metrics().get(column.figure.split(".", 1)[0])
    return 1.0 if spec is not None and spec.unit == "number" else 100.0


def markdown_table(
    spec: StudySpec,
    columns: Sequence[StudyColumn],
    lines: Sequence[Line],
) -> str:
    """Return the table in Markdown: each figure as the paper prints it and as it was found here."""
    titles = [heading(column) for column in columns]
    head = [*map(markdown, spec.labels), *(f"{markdown(t)}, {side}" for t in titles for side in ("paper", "ours"))]
    body = [[*map(markdown, line.row.labels), *_figures(columns, line)] for line in lines]
    align = ["left"] * len(spec.labels) + ["right"] * (2 * len(columns))
    return tabulate(
        body,
        head,
        tablefmt="github",
        colalign=align,
        disable_numparse=True,
    )


def facts(
    spec: StudySpec, columns: Sequence[StudyColumn], lines: Sequence[Line], results: Sequence[Result]
) -> dict[str, Any]:
    """Return the table as plain data: `printed` and `ours` by the name of the column, None where there is a dash."""
    names = [f"{column.dataset}.{column.figure}".strip(".") for column in columns]
    return {
        "study": spec.name,
        "title": spec.title,
        "paper": spec.paper,
        "columns": names,
        "rows": [
            {
                "labels": dict(zip(spec.labels, line.row.labels, strict=True)),
                "method": line.row.method,
                "variant": line.row.variant,
                "cells": {name: asdict(cell) for name, cell in zip(names, line.cells, strict=True)},
            }
            for line in lines
        ],
        "notes": notes(lines, results),
    }


def heading(column: StudyColumn) -> str:
    """Return "FERV39k WAR"."""
    known = registry.datasets()
    place = known[column.dataset].title if column.dataset in known else column.dataset
    return f"{place} {column.title}".strip()


def notes(lines: Iterable[Line], results: Sequence[Result]) -> list[str]:
    """Return what a reader has to know beside the numbers."""
    found = []
    if any(result["demo"] for result in results):
        found.append("Synthetic demo data: these numbers say nothing about the paper's.")
    quick = sum(bool(result.get("quick")) for result in results)
    if quick:
        found.append(f"{quick} of {len(results)} results are of --quick: run the study again without it.")
    backbones = sorted({f"{r['backbone']['name']} ({r['backbone']['weights']})" for r in results})
    if backbones:
        found.append(f"Backbone: {', '.join(backbones)}.")
    if any(result["selection"] == "oracle" for result in results):
        found.append("Epochs chosen on the test clips (oracle).")
    for dataset in dict.fromkeys(result["dataset"] for result in results):
        ran = [result for result in results if result["dataset"] == dataset]
        folds, seeds = ({str(r[key]) for r in ran} for key in ("fold", "seed"))
        known = registry.datasets()
        whole = len(known[dataset].folds) if dataset in known else len(folds)
        title = known[dataset].title if dataset in known else dataset
        found.append(f"{title}: {len(folds)} of {whole} folds, {len(seeds)} seeds; mean ± standard deviation over "
                     f"{'folds' if len(folds) > 1 else 'seeds'}.")  # fmt: skip
    for line in lines:
        name = " / ".join(filter(None, line.row.labels))
        failed = sum(cell.failed for cell in line.cells)
        found += [f"{name}: {line.row.note}"] if line.row.note else []
        found += [f"{name}: {mark}."] if (mark := _exactness(line.row)) else []
        found += [f"{name}: some jobs failed; `harness bench` says why."] if failed else []
    return found


def _exactness(row: StudyRow) -> str:
    """Return what a reader has to know of how a row's method was written; empty where it is exact, or does not run."""
    method = registry.methods().get(row.method)
    return EXACTNESS.get(method.exactness, "") if method else ""


def _figures(columns: Sequence[StudyColumn], line: Line) -> Iterator[str]:
    for column, cell in zip(columns, line.cells, strict=True):
        yield from _texts(column, cell)


def _texts(column: StudyColumn, cell: Cell) -> tuple[str, str]:
    printed = DASH if cell.printed is None else f"{cell.printed:.{column.digits}f}"
    quick = " (quick)" if cell.quick else ""
    if cell.ours is not None:
        return printed, _with_std(column, cell.ours, cell.std) + quick
    parts = [f"{_with_std(column, *values)} (fold {fold})" for fold, values in cell.by_fold.items()]
    return printed, (markdown(", ".join(parts)) + quick if parts else DASH)


def _with_std(
    column: StudyColumn,
    value: float,
    std: float | None,
) -> str:
    spread = "" if std is None else f" ± {std:.{column.digits}f}"
    return f"{value:.{column.digits}f}{spread}"
