"""Write the leaderboards: one table per dataset and one across them, as Markdown, CSV and JSON."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec
from harness.leaderboard.board.across import across_tables
from harness.leaderboard.board.board import Board, aggregate
from harness.leaderboard.board.collect import SCORES, Jobs
from harness.leaderboard.board.evidence import Evidence, gather
from harness.leaderboard.board.notes import why_not_ranked
from harness.leaderboard.board.objections import of_files
from harness.leaderboard.board.pooled import beyond_confusion
from harness.leaderboard.board.published import Published, verdicts
from harness.leaderboard.board.sections import DEMO, BoardRow, Section
from harness.leaderboard.board.verification import verified
from harness.leaderboard.of_recipe import RecipeResults
from harness.leaderboard.releases import ReleasedResults
from harness.leaderboard.tables import cells, export, latex, machine_readable, model_cards, pages, published_page
from harness.leaderboard.tables.names import in_order
from harness.models.spec import MethodSpec
from harness.results.store import JoinedStores, Store
from harness.results.verified import read_verified
from harness.system.files import write_atomically

WHY = "Not ranked"  # a column of the terminal's table, where some row is not
NAMED = 10  # damaged files that an error names
Results = Store | JoinedStores | ReleasedResults | RecipeResults


@contextmanager
def _without_collection() -> Iterator[None]:
    """Do without the garbage collector, which would walk thousands of results again and again to find no cycle."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@_without_collection()
def load(
    store: Results,
    datasets: Mapping[str, DatasetSpec],
    metrics: Mapping[str, MetricSpec],
) -> Board:
    """Aggregate everything in the store. Raises: HarnessError if there is nothing."""
    return _aggregated(
        store,
        datasets,
        lambda jobs: _read(jobs, beyond_confusion(metrics)),
    )


@_without_collection()
def outline(store: Results, datasets: Mapping[str, DatasetSpec]) -> Board:
    """Aggregate the results without what they predicted: names and scores of rows, no tests and no intervals.

    Raises: HarnessError if there is nothing.
    """
    return _aggregated(store, datasets, None)


def board_of(results: Iterable[Mapping[str, Any]], datasets: Mapping[str, DatasetSpec]) -> Board:
    """Aggregate some results, each with its folder as `path`, with the predictions that tests stand on."""
    return aggregate(results, datasets, lambda jobs: _read(jobs, {}))


def with_predictions(board: Board, rows: Iterable[str]) -> Board:
    """Return an outline with the predictions of some rows, which are held against their scores."""
    wanted = set(rows)
    evidence = _read(board.jobs, {}, wanted)
    differences = verified(board.jobs, evidence)
    objections = of_files(board.jobs, evidence, differences, wanted)
    return replace(board, evidence=evidence, differences=differences, objections=objections)


def _aggregated(
    store: Results,
    datasets: Mapping[str, DatasetSpec],
    read: Callable[[Jobs], Evidence] | None,
) -> Board:
    results = list(store.sound())
    left_out = dict(store.left_out)
    board = aggregate(
        results,
        datasets,
        read,
        read_verified(store.folders, left_out),
        sound=True,
    )
    board = replace(board, left_out=left_out)
    if board.rows.empty and left_out:
        raise HarnessError("\n".join(f"{path}: {why}" for path, why in list(left_out.items())[:NAMED]))
    if board.rows.empty:
        raise HarnessError(f"no results in {store.root}; run `harness bench` first, or name their folder with --runs")
    return board


def _read(
    jobs: Jobs,
    metrics: Mapping[str, MetricSpec],
    rows: set[str] | None = None,
) -> Evidence:
    """Read what the finished jobs predicted, of all rows or of some."""
    classes = {row: facts["protocol"]["classes"] for row, facts in jobs.facts.items()}
    done = jobs.frame[jobs.done & (jobs.frame["path"] != "")]
    if rows is not None:
        done = done[done["row"].isin(rows)]
    return gather(
        done[["row", "fold", "seed", "path"]],
        classes,
        metrics,
    )


def render(
    store: Results,
    out: Path,
    datasets: Mapping[str, DatasetSpec],
    metrics: Mapping[str, MetricSpec],
    papers: Papers | None = None,
    columns: Sequence[str] = (),
) -> list[Path]:
    """Write all tables to `out`, return the files. Raises: HarnessError without results or write access."""
    return write(
        load(store, datasets, metrics),
        out,
        metrics,
        papers,
        columns,
    )


@_without_collection()
def write(
    board: Board,
    out: Path,
    metrics: Mapping[str, MetricSpec],
    papers: Papers | None = None,
    columns: Sequence[str] = (),
) -> list[Path]:
    """Write the tables of a board. `columns` are those that LaTeX has beside the papers' Table 1."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = [_write(out / name, text) for name, text in files(board, metrics, papers, columns).items()]
        written.append(machine_readable.results_parquet(board, out / "results.parquet"))
        return [*written, *_write_cards(board, out / model_cards.FOLDER)]
    except OSError as error:
        raise HarnessError(f"cannot write to {out}: {error.strerror}; choose another folder with --out") from error


def files(
    board: Board,
    metrics: Mapping[str, MetricSpec],
    papers: Papers | None = None,
    columns: Sequence[str] = (),
) -> dict[str, str]:
    """Return file name -> content. Equal results give equal text, in whatever order they were stored."""
    parts = across_tables(board)
    judged = verdicts(board, papers.published, papers.methods) if papers else []
    texts = {
        **pages.files(board, parts, metrics),
        **export.files(board, parts),
        **latex.files(board, parts, metrics, columns),
    }
    if papers:
        texts |= published_page.files(board, judged, papers.published)
    texts |= machine_readable.files(board, judged)
    return {name: texts[name] for name in in_order(texts)}


@dataclass(frozen=True)
class Papers:
    """Published numbers and methods, by which they are set beside ours."""

    published: Published
    methods: Mapping[str, MethodSpec]


def summary(board: Board, metrics: Mapping[str, MetricSpec]) -> pd.DataFrame:
    """Return the leaderboard for a terminal, as unescaped text: one line per row, in the order of the files."""
    lines = []
    for (dataset, demo), found in board.sections.items():
        title = board.titles[dataset] + (f" ({DEMO.title})" if demo else "")
        for section in found:
            lines += [_line(board, title, section, row, metrics) for row in section.rows]
    frame = pd.DataFrame(lines)
    return frame if frame[WHY].any() else frame.drop(columns=WHY)


def _line(
    board: Board,
    title: str,
    section: Section,
    row: BoardRow,
    metrics: Mapping[str, MetricSpec],
) -> dict[str, Any]:
    return {
        "Dataset": title,
        "Protocol": section.protocol_hash,
        "Selection": section.protocol["selection"],
        "#": cells.place(row),
        "Method": row["name"],
        "Settings": row["settings"],
        "Backbone": row["backbone"],
        **{name.upper(): cells.metric(row, name, metrics) for name in SCORES},
        "Folds": cells.folds(row),
        "Trust": cells.trust(row),
        WHY: "; ".join(why_not_ranked(board, row)),
    }


def _write_cards(board: Board, folder: Path) -> list[Path]:
    """Write the files for model cards. Returns their folder, if there are any."""
    texts = model_cards.files(board)
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, text)
    return [folder] if texts else []


def _write(path: Path, text: str) -> Path:
    content = text.encode("utf-8", "backslashreplace")  # a lone surrogate in a name is no reason to fail
    write_atomically(path, lambda draft: draft.write_bytes(content))
    return path
