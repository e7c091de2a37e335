"""Write the leaderboards: one table per dataset and one across them, as Markdown, CSV and JSON."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from harness.core.dataset_spec import DatasetSpec
from harness.core.digest import digest
from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec
from harness.leaderboard.board.board import Board, aggregate
from harness.leaderboard.board.collect import SCORES, Jobs
from harness.leaderboard.board.evidence import Evidence, gather
from harness.leaderboard.board.pooled import beyond_confusion
from harness.leaderboard.board.published import Published, as_frame, verdicts
from harness.leaderboard.board.sections import across, sections
from harness.leaderboard.tables import cells, export, latex, pages
from harness.leaderboard.tables.machine_readable import model_index, results_parquet, whole_json
from harness.leaderboard.tables.published_page import published_page
from harness.models.spec import MethodSpec
from harness.results.store import JoinedStores, Store
from harness.system.files import write_atomically

OVERVIEW = "overview"
RESERVED = (OVERVIEW, "published", "leaderboard", "results", "model-index")
TAIL = {False: "", True: "-demo"}


@contextmanager
def _without_collection() -> Iterator[None]:
    """Thousands of results are many objects and no cycles, which the garbage collector would walk again and again."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@_without_collection()
def load(
    store: Store | JoinedStores,
    datasets: Mapping[str, DatasetSpec],
    metrics: Mapping[str, MetricSpec],
) -> Board:
    """Aggregate everything in the store. Raises: HarnessError if there is nothing."""

    def look(jobs: Jobs) -> Evidence:
        classes = {row: facts["protocol"]["classes"] for row, facts in jobs.facts.items()}
        done = jobs.frame[jobs.done & (jobs.frame["path"] != "")]
        return gather(
            done[["row", "fold", "seed", "path"]],
            classes,
            beyond_confusion(metrics),
        )

    board = aggregate(store.results(), datasets, look)
    if board.rows.empty:
        raise HarnessError(f"no results in {store.root}; run `harness bench` first, or name their folder with --runs")
    return board


def render(
    store: Store | JoinedStores,
    out: Path,
    datasets: Mapping[str, DatasetSpec],
    metrics: Mapping[str, MetricSpec],
    papers: Papers | None = None,
) -> list[Path]:
    """Write all tables to `out`, return the files. Raises: HarnessError without results or write access."""
    return write(load(store, datasets, metrics), out, metrics, papers)


@_without_collection()
def write(
    board: Board,
    out: Path,
    metrics: Mapping[str, MetricSpec],
    papers: Papers | None = None,
) -> list[Path]:
    """Write the tables of a board. The demo has files of its own: no reader mixes it with real data."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = [_write(out / name, text) for name, text in files(board, metrics, papers).items()]
        return [*written, results_parquet(board, out / "results.parquet")]
    except OSError as error:
        raise HarnessError(f"cannot write to {out}: {error.strerror}; choose another folder with --out") from error


def files(
    board: Board,
    metrics: Mapping[str, MetricSpec],
    papers: Papers | None = None,
) -> dict[str, str]:
    """File name -> content. Equal results give equal text, in whatever order they were stored."""
    texts: dict[str, str] = {}
    judged = (
        verdicts(
            board,
            papers.published,
            papers.methods,
        )
        if papers
        else []
    )
    for dataset, demo in board.expected:
        found = sections(board, dataset, demo)
        stem = file_stem(dataset) + TAIL[demo]
        texts[f"{stem}.md"] = pages.dataset_page(board, found, demo, metrics)
        texts[f"{stem}.csv"] = export.csv(board, found)
        texts[f"{stem}.tex"] = latex.dataset_tex(board, found, demo, metrics)
        texts[f"{stem}.json"] = export.dump(export.dataset_json(board, found, demo))
    for demo in sorted({demo for _, demo in board.expected}):
        parts = across(board, demo)
        flat = [section for part in parts for section in part.sections.values()]
        texts[f"{OVERVIEW}{TAIL[demo]}.md"] = pages.across_page(board, parts, demo, metrics)
        texts[f"{OVERVIEW}{TAIL[demo]}.csv"] = export.csv(board, flat, per_fold=False)
        texts[f"{OVERVIEW}{TAIL[demo]}.tex"] = latex.across_tex(board, parts, demo, metrics)
        texts[f"{OVERVIEW}{TAIL[demo]}.json"] = export.dump(export.across_json(board, parts, demo))
        if papers:
            mine = [verdict for verdict in judged if verdict.demo == demo]
            name = f"published{TAIL[demo]}"
            texts[f"{name}.md"] = published_page(
                mine,
                papers.published,
                dict(board.titles),
                pages.COMMENT,
            )
            texts[f"{name}.csv"] = as_frame(mine).map(export.safe).to_csv(index=False, lineterminator="\n")
    texts["leaderboard.json"] = export.dump(whole_json(board, judged))
    texts["model-index.json"] = export.dump(model_index(board))
    return texts


@dataclass(frozen=True)
class Papers:
    """What is needed to set published numbers beside ours."""

    published: Published
    methods: Mapping[str, MethodSpec]


def summary(board: Board, metrics: Mapping[str, MetricSpec]) -> pd.DataFrame:
    """The leaderboard for a terminal, as unescaped text: one line per row, in the order of the files."""
    lines = [
        {
            "Dataset": board.titles[dataset] + (f" ({pages.DEMO})" if demo else ""),
            "Protocol": section.protocol_hash,
            "Selection": section.protocol["selection"],
            "#": cells.place(row),
            "Method": row["name"],
            "Settings": row["settings"],
            "Backbone": row["backbone"],
            **{name.upper(): cells.metric(row, name, metrics) for name in SCORES},
            "Folds": cells.folds(row),
        }
        for dataset, demo in board.expected
        for section in sections(board, dataset, demo)
        for row in section.rows
    ]
    return pd.DataFrame(lines)


def file_stem(dataset: str) -> str:
    """The dataset's name as a file name; one that is no safe name, or taken, gets a hash."""
    taken = dataset in RESERVED or dataset.endswith(TAIL[True])
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", dataset) and not taken:
        return dataset
    return f"{re.sub(r'[^a-z0-9]+', '-', dataset.lower()).strip('-')}-{digest(dataset, 6)}".lstrip("-")


def _write(path: Path, text: str) -> Path:
    content = text.encode("utf-8", "backslashreplace")  # a lone surrogate in a name is no reason to fail
    write_atomically(path, lambda draft: draft.write_bytes(content))
    return path
