"""Write the site: an overview, a page a dataset, a page a row, a page a run, and what the audit found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.core.errors import HarnessError
from harness.core.version import __version__
from harness.leaderboard.audit.finding import Finding
from harness.leaderboard.board.across import across_tables
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.published import Verdict
from harness.leaderboard.board.sections import Section, in_title
from harness.leaderboard.releases import Release, release_of, releases
from harness.leaderboard.site import charts, content
from harness.leaderboard.site.clips import hard_clips
from harness.leaderboard.site.method_facts import facets
from harness.leaderboard.site.overview import overview
from harness.leaderboard.site.pairs import choices, matrices
from harness.leaderboard.site.row_pages import Place, RowPages
from harness.leaderboard.site.writer import SiteWriter, page_of
from harness.leaderboard.tables import cells, pages
from harness.leaderboard.tables.columns import Metrics
from harness.leaderboard.tables.machine_readable import whole_json
from harness.leaderboard.tables.partial import fold_lines
from harness.models.spec import MethodSpec

if TYPE_CHECKING:
    from harness.leaderboard.site.thumbnails import Thumbnails

AUDIT = "audit.html"


def publish(
    board: Board,
    out: Path,
    specs: Metrics,
    verdicts: Sequence[Verdict],
    findings: Sequence[Finding] = (),
    thumbnails: Thumbnails | None = None,
    plugin_files: Sequence[Path] = (),
    methods: Mapping[str, MethodSpec] | None = None,
    method_pages: str = "",
) -> Path:
    """Write the site to `out`; its first page is returned. Pages of rows and runs that are gone are removed.

    Without `thumbnails` no image is published. `plugin_files` are those that commands to repeat a run have to name;
    `methods` those that are registered, whose defaults such a command leaves out; `method_pages` is the address of a
    method's page in the docs, with `{method}` for its name.

    Raises:
        HarnessError: the site cannot be written.
    """
    menu = [{"title": _title(board, *key), "link": page_of(*key)} for key in board.expected]
    footer = f"dfer-harness {__version__}, {len(board.jobs.frame)} results"
    writer = SiteWriter(out, menu, footer)
    try:
        writer.clear()
        tables = _write_tables(board, writer, specs, verdicts, findings, thumbnails)
        rows = RowPages(
            board,
            specs,
            findings,
            thumbnails,
            plugin_files,
            writer,
            methods or {},
            method_pages,
        )
        for key, sections in board.sections.items():
            place = Place(_title(board, *key), page_of(*key))
            for section in sections:
                for row, line in zip(section.rows, tables[section.key]["rows"], strict=True):
                    rows.write(row, line, section, place)
    except OSError as error:
        why = error.strerror or error
        raise HarnessError(f"cannot write the site to {out}: {why}; choose another folder") from error
    return out / "index.html"


def _write_tables(
    board: Board,
    writer: SiteWriter,
    specs: Metrics,
    verdicts: Sequence[Verdict],
    findings: Sequence[Finding],
    thumbnails: Thumbnails | None,
) -> dict[Any, dict[str, Any]]:
    """Write the overview, the datasets and the audit; return the table of each section."""
    # The numbers for programs hold the pairs of each table, in the order of the sections.
    whole = whole_json(board, verdicts)
    writer.data(whole)
    sections = [section for found in board.sections.values() for section in found]
    pairs = {section.key: table["pairs"] for section, table in zip(sections, whole["tables"], strict=True)}
    tables = {section.key: content.table(board, section, specs) for section in sections}

    # What each dataset shows: its sections.
    shown: list[dict[str, Any]] = []
    for (dataset, demo), found in board.sections.items():
        parts = []
        for section in found:
            part = _section(
                board,
                section,
                tables[section.key],
                pairs[section.key],
            )
            heads, lines = fold_lines(board, section)
            hard = hard_clips(board, section, thumbnails)
            parts.append(part | {"hard": hard, "partial": {"head": heads, "lines": lines}})
        about = {
            "title": board.titles[dataset],
            "dataset": dataset,
            "demo": demo,
        }
        shown.append({**about, "sections": parts, "link": page_of(dataset, demo)})

    # The pages.
    writer.page(
        "index.html",
        "index.html",
        title="Leaderboard",
        overviews=_overviews(board, specs, verdicts),
        facets=facets(_facts(tables.values())),
        updated=_day(board),
        releases=_releases(board),
        counts=Counter(finding.level for finding in findings),
    )
    for place, values in zip(writer.menu, shown, strict=True):
        dataset, demo = values["dataset"], values["demo"]
        writer.page(
            place["link"],
            "dataset.html",
            **values,
            tab=place["title"],
            facets=facets(_facts(section["table"] for section in values["sections"])),
            verdicts=[verdict for verdict in verdicts if (verdict.dataset, verdict.demo) == (dataset, demo)],
            points=_points,
        )
    writer.page(AUDIT, AUDIT, title="Audit", findings=findings)
    return tables


def _overviews(
    board: Board,
    specs: Metrics,
    verdicts: Sequence[Verdict],
) -> list[dict[str, Any]]:
    """Return the tables across datasets, those of real data first."""
    found = []
    for demo, parts in across_tables(board).items():
        of_kind = [verdict for verdict in verdicts if verdict.demo == demo]
        found += [overview(board, part, specs, of_kind) for part in parts]
    return found


def _day(board: Board) -> str:
    """Return when the last result of the board was made, in UTC."""
    last = board.rows["last_finished"].max()
    return "" if pd.isna(last) else f"{last:%Y-%m-%d}"


def _releases(board: Board) -> list[Release]:
    """Return the protocol releases that rows of the board are of, the newest first."""
    present = set(board.rows.loc[~board.rows["demo"].astype(bool), "protocol_hash"])
    return [release for release in releases() if present & release.hashes]


def _facts(tables: Iterable[Mapping[str, Any]]) -> list[Mapping[str, str]]:
    return [line["facts"] for table in tables for line in table["rows"]]


def _section(
    board: Board,
    section: Section,
    table: dict[str, Any],
    pairs: Any,
) -> dict[str, Any]:
    """Return one protocol of a dataset: its table, charts, pairs and recalls."""
    classes = list(section.protocol["classes"])
    names = {line["row"]: line["name"] for line in table["rows"]}
    families = {line["row"]: line["facts"]["family"] for line in table["rows"]}
    drawn = {}
    for name, cost in zip(("GFLOPs", "latency"), charts.COSTS, strict=True):
        if spec := charts.pareto(section.rows, cost, names, families):
            drawn[name] = spec
    recalls = []
    for row, line in zip(section.rows, table["rows"], strict=True):
        recalls.append({**line, "cells": content.recall_table(row, classes)})
    selection = str(section.protocol["selection"])
    return {
        "id": "-".join(["t", *(re.sub(r"\W+", "_", str(part)) for part in section.key)]),
        "heading": pages.SELECTED.get(selection, selection),
        "worth": in_title(section.caveats),
        "protocol": content.facts(_protocol(section)),
        "table": table,
        "charts": drawn,
        "power": " ".join(pages.power(board, section)),
        "hardware": " ".join(pages.hardware(section, str)),
        "pairs": matrices(pairs, names),
        "choices": choices(pairs, names),
        "classes": classes,
        "recalls": recalls,
    }


def _protocol(section: Section) -> dict[str, Any]:
    """Return the protocol with its hash, and the release that it is of."""
    known = {"hash": section.protocol_hash, "release": release_of(section.protocol_hash) or "none"}
    return known | {name: value for name, value in section.protocol.items() if name != "classes"}


def _title(board: Board, dataset: str, demo: bool) -> str:
    return board.titles[dataset] + (" (demo)" if demo else "")


def _points(value: float | None) -> str:
    return cells.DASH if value is None or pd.isna(value) else f"{value * 100:.2f}"
