"""Groups and lengths of the test clips of many results, read together: alone each file costs three times as much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from harness.results.predictions import FILE, ID, ORIGIN, UNREADABLE, BadPredictions, read_facts


@dataclass(frozen=True)
class ClipFacts:
    """Facts of N clips beside their classes, sorted by id; both empty where it was not stored."""

    groups: Sequence[str] = ()  # N names, "" where not known
    frames: Sequence[int] = ()  # N


def read_clip_facts(folders: Sequence[str]) -> list[ClipFacts]:
    """Return the facts of each result's clips."""
    paths = [f"{folder}/{FILE}" for folder in folders]
    columns = pl.col(ID).cast(pl.String), pl.col("group").cast(pl.String), pl.col("frames").cast(pl.Int64)
    try:
        files = pl.scan_parquet(
            paths,
            glob=False,
            hive_partitioning=False,
            extra_columns="ignore",
            include_file_paths=ORIGIN,
        )
        found = files.select(ORIGIN, *columns).collect().partition_by(ORIGIN, as_dict=True)
        return [_facts(found[path,]) for path in paths]
    except (*UNREADABLE, OSError, KeyError):
        return [_alone(folder) for folder in folders]


def _facts(table: pl.DataFrame) -> ClipFacts:
    table = table.sort(ID)
    groups, frames = table["group"].fill_null(""), table["frames"].fill_null(0)
    return ClipFacts(groups.to_list(), frames.to_list())


def _alone(folder: str) -> ClipFacts:
    try:
        groups, frames = read_facts(folder)
    except BadPredictions:
        return ClipFacts()
    return ClipFacts(groups.tolist(), frames.tolist())
