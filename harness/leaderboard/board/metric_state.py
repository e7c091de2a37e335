"""Metrics that results lack or have of another version: said where their columns would mislead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harness.core.metric import MetricSpec
from harness.core.text import first_few
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.sections import Section
from harness.results.metric_versions import stored_version, values_of

REMEDY = "`harness rescore RUNS --plugin FILE` computes it from stored predictions"
NAMED = 5  # versions that a note names


def stale_versions(
    board: Board,
    rows: Iterable[str],
    spec: MetricSpec,
) -> list[str]:
    """Return the other versions that computed values of a metric in these rows, sorted."""
    columns = values_of(map(str, board.jobs.metrics.columns), spec.name)
    if not columns:
        return []
    frame, shown = board.jobs.frame, set(rows)
    there = board.jobs.metrics[columns].notna().any(axis=1) & frame["row"].isin(shown)
    found = {stored_version(versions, spec.name) for versions in frame.loc[there, "metric_versions"]}
    return sorted(found - {spec.version})


def stale_mark(
    board: Board,
    section: Section,
    name: str,
    specs: Mapping[str, MetricSpec],
) -> str:
    """Return what the title of a column of an old version has to say, as " (version 1, now 2)"; "" for other ones."""
    spec = specs.get(name)
    old = stale_versions(board, map(str, section.frame.index), spec) if spec else []
    return f" (version {first_few(old, NAMED)}, now {specs[name].version})" if old else ""


def metric_notes(board: Board, specs: Mapping[str, MetricSpec]) -> Iterator[str]:
    """Yield which registered metrics some results lack, or have of another version, and what computes them."""
    done = board.jobs.done
    total = int(done.sum())
    for name, spec in specs.items():
        columns = values_of(map(str, board.jobs.metrics.columns), name)
        there = int((board.jobs.metrics.loc[done, columns].notna().any(axis=1)).sum())
        if there < total:
            lacking = f"none of {total} results has it" if not there else f"{total - there} of {total} results lack it"
            yield f"metric {name!r}: {lacking}; {REMEDY}"
        old = stale_versions(board, board.jobs.facts, spec)
        if old:
            yield f"metric {name!r}: values are of version {first_few(old, NAMED)}, now {spec.version}; {REMEDY}"
