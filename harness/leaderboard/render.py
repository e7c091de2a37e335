"""Write the leaderboards: one table per dataset and one across them, as Markdown, CSV and JSON."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from harness.core.dataset_spec import DatasetSpec
from harness.core.digest import digest
from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec
from harness.leaderboard.board.across import across
from harness.leaderboard.board.board import Board, aggregate
from harness.leaderboard.board.collect import SCORES, Jobs
from harness.leaderboard.board.evidence import Evidence, gather
from harness.leaderboard.board.pooled import beyond_confusion
from harness.leaderboard.board.published import Published, Verdict, as_frame, verdicts
from harness.leaderboard.board.sections import DEMO, BoardRow, Section
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
    judged = verdicts(board, papers.published, papers.methods) if papers else []
    texts: dict[str, str] = {}

    # One table a protocol of each dataset.
    for (dataset, demo), found in board.sections.items():
        stem = file_stem(dataset) + TAIL[demo]
        texts[f"{stem}.md"] = pages.dataset_page(board, found, metrics)
        texts[f"{stem}.csv"] = export.csv(board, found)
        texts[f"{stem}.tex"] = latex.dataset_tex(board, found, metrics)
        texts[f"{stem}.json"] = export.dump(export.dataset_json(board, found))

    # What stands across datasets, the demo apart from real data.
    for demo in sorted({demo for _, demo in board.expected}):
        texts |= _across_files(board, demo, metrics)
        if papers:
            own = [verdict for verdict in judged if verdict.demo == demo]
            texts |= _published_files(board, demo, own, papers)

    # Everything, for programs.
    texts["leaderboard.json"] = export.dump(whole_json(board, judged))
    texts["model-index.json"] = export.dump(model_index(board))
    return texts


def _across_files(
    board: Board,
    demo: bool,
    metrics: Mapping[str, MetricSpec],
) -> dict[str, str]:
    stem = OVERVIEW + TAIL[demo]
    parts = across(board, demo)
    flat = [section for part in parts for section in part.sections.values()]
    return {
        f"{stem}.md": pages.across_page(board, parts, metrics),
        f"{stem}.csv": export.csv(board, flat, per_fold=False),
        f"{stem}.tex": latex.across_tex(board, parts, metrics),
        f"{stem}.json": export.dump(export.across_json(board, parts)),
    }


def _published_files(
    board: Board,
    demo: bool,
    judged: Sequence[Verdict],
    papers: Papers,
) -> dict[str, str]:
    stem = f"published{TAIL[demo]}"
    page = published_page(
        judged,
        papers.published,
        dict(board.titles),
        pages.COMMENT,
    )
    table = as_frame(judged).map(export.safe).to_csv(index=False, lineterminator="\n")
    return {f"{stem}.md": page, f"{stem}.csv": table}


@dataclass(frozen=True)
class Papers:
    """What is needed to set published numbers beside ours."""

    published: Published
    methods: Mapping[str, MethodSpec]


def summary(board: Board, metrics: Mapping[str, MetricSpec]) -> pd.DataFrame:
    """Return the leaderboard for a terminal, as unescaped text: one line per row, in the order of the files."""
    lines = []
    for (dataset, demo), found in board.sections.items():
        title = board.titles[dataset] + (f" ({DEMO.title})" if demo else "")
        for section in found:
            lines += [_line(title, section, row, metrics) for row in section.rows]
    return pd.DataFrame(lines)


def _line(
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
    }


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
