"""Which folds and seeds of a row are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from harness.core.dataset_spec import DatasetSpec
from harness.core.weights_spec import AUTHORS
from harness.leaderboard.board.collect import FOLDS, Jobs

Folds = Mapping[tuple[str, bool], tuple[str, ...]]  # (dataset, demo) -> names


def cells(jobs: Jobs) -> pd.MultiIndex:
    """Return row and fold of each job."""
    return pd.MultiIndex.from_frame(jobs.frame[["row", "fold"]])


def expected_folds(
    jobs: Jobs,
    datasets: Mapping[str, DatasetSpec],
    order: Sequence[str],
) -> Folds:
    """Return the folds a complete row has.

    They are those of the registered dataset; of one that fixes none, or is not registered, those that results say
    their protocol expects; and where no result says, those seen.
    """
    stored = stored_folds(jobs)
    seen: dict[tuple[str, bool], set[str]] = {}
    for row, fold in cells(jobs):
        facts = jobs.facts[row]
        seen.setdefault((facts["dataset"], facts["demo"]), set()).add(fold)

    expected = {}
    for dataset, demo in sorted(seen, key=lambda table: (order.index(table[0]), table[1])):
        fixed = datasets[dataset].folds if dataset in datasets else ()
        expected[dataset, demo] = fixed or stored.get((dataset, demo)) or tuple(sorted(seen[dataset, demo]))
    return expected


def stored_folds(jobs: Jobs) -> dict[tuple[str, bool], tuple[str, ...]]:
    """Return the folds that the results of each dataset say that their protocol expects, where some do."""
    found: dict[tuple[str, bool], dict[str, None]] = {}
    for facts in jobs.facts.values():
        if facts[FOLDS]:
            found.setdefault((facts["dataset"], facts["demo"]), {}).update(dict.fromkeys(facts[FOLDS]))
    return {table: tuple(names) for table, names in found.items()}


def coverage(
    jobs: Jobs,
    rows: pd.DataFrame,
    expected: Folds,
) -> pd.DataFrame:
    """Return what of each row is there. Complete: each official fold, and no other, with each seed of the row."""
    # A cell is a finished job of a fold that is expected; a job of another fold is a stray.
    frame = jobs.frame.join(rows[["dataset", "demo"]], on="row")
    places = pd.MultiIndex.from_frame(frame[["dataset", "demo", "fold"]])
    known = places.isin(_places(expected))
    frame = frame.assign(cell=jobs.done & known, stray=~known)
    groups = frame.groupby("row")
    done = frame[jobs.done].groupby("row")  # of a job that failed the split is not known

    # A fold is done if each seed of the row has it.
    seeds = groups["seed"].nunique()
    tables = zip(
        rows["dataset"],
        rows["demo"],
        strict=True,
    )
    total = pd.Series([len(expected[table]) for table in tables], rows.index)
    total = total.where(rows["selection"] != AUTHORS, 1)  # whose file is of one fold
    full = frame.groupby(["row", "fold"])["cell"].sum()
    full = full == seeds.reindex(full.index, level="row")
    hardware = done["hardware"].agg(lambda names: " / ".join(sorted(set(names))))
    sources = done["source"].nunique()
    return pd.DataFrame(
        {
            "folds_done": full.groupby(level="row").sum(),
            "folds_total": total,
            "n_seeds": seeds,
            "seeds": groups["seed"].unique().map(lambda values: " ".join(map(str, sorted(values)))),
            "complete": (groups["cell"].sum() == total * seeds) & ~groups["stray"].any(),
            "official": _official(done["official"].all(), rows),
            "n_jobs": groups.size(),
            "n_failed": (frame["status"] == "failed").groupby(frame["row"]).sum(),
            "n_scored": groups["n_scored"].sum(),
            "n_unscored": groups["n_unscored"].sum(),
            "hardware": hardware.reindex(rows.index, fill_value=""),
            "std_over": ["folds" if count > 1 else "seeds" for count in total],
            "std_ddof": 1,
            "n_sources": sources.reindex(rows.index, fill_value=0),
            "first_finished": groups["finished"].min(),
            "last_finished": groups["finished"].max(),
        }
    )


def _places(expected: Folds) -> pd.MultiIndex:
    places = []
    for table, names in expected.items():
        places += [(*table, fold) for fold in names]
    return pd.MultiIndex.from_tuples(places)


def _official(known: pd.Series[bool], rows: pd.DataFrame) -> pd.Series[bool]:
    """Return whether all results of a row are on the official split;
    a row without one is like others of its protocol.
    """
    facts = rows[["dataset", "demo", "protocol_id"]].itertuples(index=False, name=None)
    protocols = dict(zip(rows.index, facts, strict=True))
    like: dict[object, bool] = {}
    for row, official in known.items():
        like[protocols[row]] = like.get(protocols[row], False) or bool(official)
    found = [bool(known.get(row, like.get(protocols[row], True))) for row in rows.index]
    return pd.Series(found, rows.index, dtype=bool)
