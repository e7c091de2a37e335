"""Which folds and seeds of a row are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from harness.core.dataset_spec import DatasetSpec
from harness.leaderboard.board.collect import Jobs

Folds = Mapping[tuple[str, bool], tuple[str, ...]]  # (dataset, demo) -> names


def cells(jobs: Jobs) -> pd.MultiIndex:
    """Row and fold of each job."""
    return pd.MultiIndex.from_frame(jobs.frame[["row", "fold"]])


def expected_folds(
    jobs: Jobs,
    datasets: Mapping[str, DatasetSpec],
    order: Sequence[str],
) -> Folds:
    """The folds a complete row has; of a dataset that fixes none or is no longer registered, those seen."""
    seen: dict[tuple[str, bool], set[str]] = {}
    for row, fold in cells(jobs):
        seen.setdefault((jobs.facts[row]["dataset"], jobs.facts[row]["demo"]), set()).add(fold)
    return {
        key: (datasets[key[0]].folds if key[0] in datasets else ()) or tuple(sorted(folds))
        for key, folds in sorted(seen.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    }


def coverage(
    jobs: Jobs,
    rows: pd.DataFrame,
    expected: Folds,
) -> pd.DataFrame:
    """What of each row is there. Complete: each official fold, and no other, with each seed of the row."""
    frame = jobs.frame.join(rows[["dataset", "demo"]], on="row")
    official = pd.MultiIndex.from_tuples([(*key, fold) for key, names in expected.items() for fold in names])
    known = pd.MultiIndex.from_frame(frame[["dataset", "demo", "fold"]]).isin(official)
    frame = frame.assign(cell=jobs.done & known, stray=~known)
    groups, done = (
        frame.groupby("row"),
        frame[jobs.done].groupby("row"),
    )  # failed: split unknown
    seeds = groups["seed"].nunique()
    total = pd.Series([len(expected[key]) for key in zip(rows["dataset"], rows["demo"], strict=True)], rows.index)
    full = frame.groupby(["row", "fold"])["cell"].sum()
    full = full == seeds.reindex(full.index, level="row")
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
            "hardware": done["hardware"]
            .agg(lambda names: " / ".join(sorted(set(names))))
            .reindex(rows.index, fill_value=""),
            "std_over": ["folds" if count > 1 else "seeds" for count in total],
            "std_ddof": 1,
            "n_sources": done["source"].nunique().reindex(rows.index, fill_value=0),
            "first_finished": groups["finished"].min(),
            "last_finished": groups["finished"].max(),
        }
    )


def _official(known: pd.Series[bool], rows: pd.DataFrame) -> pd.Series[bool]:
    """Whether all results of a row are on the official split; a row without one is like others of its protocol."""
    protocols = dict(zip(rows.index, zip(rows["dataset"], rows["demo"], rows["protocol_id"], strict=True), strict=True))
    like: dict[object, bool] = {}
    for row, official in known.items():
        like[protocols[row]] = like.get(protocols[row], False) or bool(official)
    found = [bool(known.get(row, like.get(protocols[row], True))) for row in rows.index]
    return pd.Series(found, rows.index, dtype=bool)
