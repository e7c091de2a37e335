"""The one place numbers of a leaderboard come from: every file and printed table is a view of a `Board`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from harness.core.dataset_spec import DatasetSpec
from harness.leaderboard.board.collect import LAST, Jobs, collect
from harness.leaderboard.board.coverage import Folds, cells, coverage, expected_folds, stored_folds
from harness.leaderboard.board.doubts import Untested, not_defined, untested
from harness.leaderboard.board.evidence import Evidence
from harness.leaderboard.board.inference import Inference, infer
from harness.leaderboard.board.labels import label_rows
from harness.leaderboard.board.objections import Objection, joined, of_clips, of_files, reasons
from harness.leaderboard.board.own_data import told_apart
from harness.leaderboard.board.panel import align
from harness.leaderboard.board.pooled import confusions, pooled
from harness.leaderboard.board.sections import SECTION, BoardRow, Key, Section, plain_rows, sections_of
from harness.leaderboard.board.trust import RunAgain, levels, run_again
from harness.leaderboard.board.verification import Difference, verified
from harness.results.verified import Verification

TRAINABLE = "cost.params_trainable"
EXACT = 9  # digits of a score that rounding in its sums does not touch


@dataclass(frozen=True)
class Board:
    """Everything the tables show.

    `rows` has one line per leaderboard row, indexed by the row's hash: identity, coverage (`folds_done` of
    `folds_total`, `complete`), `<metric>_mean|_std|_pooled` as fractions, `war_low|_high` and `uar_low|_high` of the
    pooled values, `cost.<name>`, `trust`, `ranked`, `place` by the score, `rank` and `uar_rank`, shared where tests see
    no difference, and `rank_low|_high` and `uar_rank_low|_high`, the ranks that the tests leave possible. `folds` holds
    each metric by (row, fold), seeds averaged.
    """

    rows: pd.DataFrame
    folds: pd.DataFrame
    jobs: Jobs
    titles: Mapping[str, str]  # dataset -> title, in the order tables follow
    registered: frozenset[str]
    expected: Folds  # (dataset, demo) -> the folds a complete row has
    evidence: Evidence
    differences: Mapping[str, list[Difference]]  # by row: scores that its predictions do not give
    other_clips: Mapping[str, list[str]]  # by row: how its test clips differ from those of most rows
    tests: Mapping[Key, Inference]  # by section; none where predictions were not read
    objections: Mapping[str, Sequence[Objection]]  # by row: errors of the audit, each of which excludes it from ranking
    run_again: RunAgain  # rows whose jobs were run again, and what came of it
    left_out: Mapping[str, str] = field(default_factory=dict)  # path -> why, of damaged files of the store
    folds_told: frozenset[tuple[str, bool]] = frozenset()  # (dataset, demo) whose results say which folds there are

    @cached_property
    def excluded(self) -> dict[str, str]:
        """Why a row is excluded from ranking."""
        return reasons(self.objections)

    @cached_property
    def confusions(self) -> dict[str, list[list[int]]]:
        """Confusion matrix of each row summed over folds and seeds; lines are the true classes."""
        return confusions(self.jobs)

    @cached_property
    def sections(self) -> Mapping[tuple[str, bool], list[Section]]:
        """The tables of each dataset, real or demo."""
        return sections_of(
            self.rows,
            self.jobs.facts,
            self.expected,
        )

    @cached_property
    def as_rows(self) -> list[BoardRow]:
        """All rows as plain values."""
        return plain_rows(self.rows)

    @cached_property
    def metric_versions(self) -> dict[str, dict[str, set[str]]]:
        """Versions of each metric that computed a value, by dataset; a result from before they were kept has none."""
        found: dict[str, dict[str, set[str]]] = {dataset: {} for dataset in self.rows["dataset"].unique()}
        for row, jobs in self.jobs.by_row.items():
            versions = found[self.jobs.facts[row]["dataset"]]
            for job in jobs:
                for name, version in job["metric_versions"].items():
                    versions.setdefault(name, set()).add(version)
        return found

    @cached_property
    def untested(self) -> Untested:
        """Classes without a test clip, by (row, fold)."""
        return untested(self.jobs)

    @cached_property
    def untrained(self) -> frozenset[str]:
        """Rows of which nothing is trained."""
        return untrained_rows(self.rows)

    @property
    def metrics(self) -> list[str]:
        """Metrics found in the results, those of an oracle's last epoch left out."""
        return [name for name in self.folds.columns if not name.startswith(LAST)]

    @cached_property
    def fold_values(self) -> dict[str, dict[str, dict[str, float]]]:
        """`folds` as plain values: row -> fold -> metric -> value, NaN where it is missing."""
        rows: dict[str, dict[str, dict[str, float]]] = {}
        for (row, fold), values in zip(
            self.folds.index,
            self.folds.to_dict("records"),
            strict=True,
        ):
            rows.setdefault(row, {})[fold] = {str(name): value for name, value in values.items()}
        return rows


def aggregate(
    results: Iterable[Mapping[str, Any]],
    datasets: Mapping[str, DatasetSpec],
    read: Callable[[Jobs], Evidence] | None = None,
    verifications: Sequence[Verification] = (),
    *,
    sound: bool = False,
) -> Board:
    """Aggregate all results to a board. A dataset that is no longer registered counts the folds seen.

    `read` reads what the jobs predicted. Without it there are no tests, and no pooled values of metrics that a
    confusion matrix does not hold. `verifications` tell which rows were run again. `sound` results are those whose form
    was looked at already.
    """
    jobs = collect(results, sound=sound)
    if jobs.frame.empty:
        return _empty(jobs, datasets)
    jobs = told_apart(jobs, datasets)
    evidence = read(jobs) if read else Evidence()

    # What the rows are, which of their cells are there, and their numbers.
    rows = label_rows(jobs.facts)
    titles = _titles(rows, datasets)
    expected = expected_folds(jobs, datasets, list(titles))
    there = coverage(jobs, rows, expected)
    folds = _fold_values(jobs, there)
    statistics = _statistics(jobs, folds, there, evidence.pooled_frame())
    rows = _placed(pd.concat([rows, there, statistics, _cost(jobs)], axis=1))

    # What their predictions say of them: who is excluded from ranking, and whom a test can tell apart.
    differing = verified(jobs, evidence)
    again = run_again(jobs, verifications)
    own = joined(of_files(jobs, evidence, differing), again.objections)
    rows = _placed(rows, frozenset(own))
    tests, other_clips = _tests(rows, expected, evidence)
    objections = joined(own, of_clips(other_clips))
    rows = _placed(rows, frozenset(objections))
    rows = rows.assign(trust=pd.Series(levels(jobs, evidence, own, again)))
    return Board(
        rows=_ranked(rows, tests),
        folds=folds,
        jobs=jobs,
        titles=titles,
        registered=frozenset(datasets),
        expected=expected,
        evidence=evidence,
        differences=differing,
        other_clips=other_clips,
        tests=tests,
        objections=objections,
        run_again=again,
        folds_told=frozenset(stored_folds(jobs)),
    )


def _empty(jobs: Jobs, datasets: Mapping[str, DatasetSpec]) -> Board:
    return Board(
        rows=pd.DataFrame(),
        folds=pd.DataFrame(),
        jobs=jobs,
        titles={},
        registered=frozenset(datasets),
        expected={},
        evidence=Evidence(),
        differences={},
        other_clips={},
        tests={},
        objections={},
        run_again=RunAgain(),
    )


def _titles(rows: pd.DataFrame, datasets: Mapping[str, DatasetSpec]) -> dict[str, str]:
    """Return registered datasets in their order, then the others by name."""
    names = sorted(set(rows["dataset"]) - set(datasets))
    return {name: spec.title for name, spec in datasets.items()} | {name: name for name in names}


def strict_mean(
    frame: pd.DataFrame,
    level: str | list[str],
    undefined: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Take the mean within each group; one with a missing cell has none, unless that cell is undefined."""
    groups = frame.groupby(level=level)
    there = groups.count() if undefined is None else groups.count() + undefined.groupby(level=level).sum()
    return groups.mean().where(there.eq(groups.size(), axis=0))


def _fold_values(jobs: Jobs, there: pd.DataFrame) -> pd.DataFrame:
    """Return each metric by (row, fold), averaged over seeds; missing unless every seed of the row is there."""
    values = jobs.metrics.set_axis(cells(jobs))
    sizes = values.groupby(level=["row", "fold"]).size()
    full = sizes == there["n_seeds"].reindex(sizes.index, level="row")
    return strict_mean(values, ["row", "fold"]).where(full)


def _statistics(
    jobs: Jobs,
    folds: pd.DataFrame,
    there: pd.DataFrame,
    more: pd.DataFrame,
) -> pd.DataFrame:
    """Return mean, standard deviation (ddof 1; over folds, or over seeds where there is one fold), pooled, gap."""
    mean = strict_mean(folds, "row", not_defined(folds, untested(jobs))).where(there["complete"])
    over_seeds = jobs.metrics.groupby(jobs.frame["row"]).std(ddof=1)
    std = folds.groupby(level="row").std(ddof=1).where(there["folds_total"] > 1, over_seeds)
    tables = [pooled(jobs), more]
    together = pd.concat([table.reindex(mean.index) for table in tables], axis=1).where(there["complete"])
    gaps = {f"{name}_gap": mean[name] - mean[LAST + name] for name in map(str, mean) if LAST + name in mean}
    parts = [
        mean.add_suffix("_mean"),
        std.where(mean.notna()).add_suffix("_std"),
        together.add_suffix("_pooled"),
    ]
    return pd.concat([*parts, pd.DataFrame(gaps, index=mean.index)], axis=1)


def _cost(jobs: Jobs) -> pd.DataFrame:
    """Take the mean over the jobs that measured it: cost belongs to the method, not to a fold."""
    return jobs.cost.groupby(jobs.frame["row"]).mean().add_prefix("cost.")


def _placed(rows: pd.DataFrame, excluded: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Put rows in order of WAR, then UAR, within a section;
    equal pairs share a place, the rest have none and come last.
    """
    ranked = rows["complete"] & ~rows["quick"] & (rows["n_unscored"] == 0) & rows["war_mean"].notna()
    ranked &= ~rows.index.isin(excluded) & (rows["never_ranked"] == "")
    rows = rows.assign(ranked=ranked)
    score = rows[["war_mean", "uar_mean"]].where(rows["ranked"]).round(EXACT)
    order = rows.assign(
        war=score["war_mean"],
        uar=score["uar_mean"],
        key=rows.index,
    ).sort_values(
        [*SECTION, "war", "uar", "name", "settings", "key"],
        ascending=[name != "official" for name in SECTION] + [False, False, True, True, True],
        na_position="last",
    )
    place = (order.groupby(SECTION).cumcount() + 1).astype(float)
    ties = place.groupby([order[name] for name in [*SECTION, "war", "uar"]], dropna=False).transform("min")
    return rows.assign(place=ties.where(rows["ranked"], np.nan)).loc[order.index]


def _tests(
    rows: pd.DataFrame, expected: Folds, evidence: Evidence
) -> tuple[dict[Key, Inference], dict[str, list[str]]]:
    """Test the ranked rows of each section, to whose files nothing objects; and find rows with other test clips."""
    found: dict[Key, Inference] = {}
    other_clips: dict[str, list[str]] = {}
    for key, section in rows.groupby(SECTION, sort=False):
        full = section.index[~section["quick"]]  # a quick run has no vote on what the test clips are
        parts = {row: evidence.parts[row] for row in full if evidence.parts.get(row)}
        dataset, demo = str(section["dataset"].iloc[0]), bool(section["demo"].iloc[0])
        usable = [row for row in section.index[section["ranked"]] if row in parts]
        panel = align(parts, expected[dataset, demo], usable)
        if panel is None:
            continue
        other_clips |= panel.other_clips
        if panel.undecided:
            text = f"rows disagree on the test clips of fold {', '.join(panel.undecided)}: two sides have equally many"
            other_clips |= {row: [*panel.other_clips.get(row, []), text] for row in parts}
            continue
        tests = infer(panel, usable, untrained_rows(rows))
        if tests:
            found[tuple(key)] = tests
    return found, other_clips


def untrained_rows(rows: pd.DataFrame) -> frozenset[str]:
    """Return the rows of which nothing is trained, as their cost tells: a seed makes no difference to them."""
    if TRAINABLE not in rows:
        return frozenset()
    return frozenset(rows.index[rows[TRAINABLE] == 0])


def _ranked(rows: pd.DataFrame, tests: Mapping[Key, Inference]) -> pd.DataFrame:
    """Add intervals and the ranks with ties; a row that could not be tested keeps its place as rank."""
    columns: dict[str, dict[str, float]] = {name: {} for name in TESTED}
    for test in tests.values():
        for name, measure in (("war", test.war), ("uar", test.uar)):
            for place, row in enumerate(test.rows):
                columns[f"{name}_low"][row] = float(measure.low[place])
                columns[f"{name}_high"][row] = float(measure.high[place])
                columns[f"{name}_rank"][row] = float(measure.ranks[place])
                columns[f"{name}_rank_low"][row] = float(measure.rank_low[place])
                columns[f"{name}_rank_high"][row] = float(measure.rank_high[place])
    frame = pd.DataFrame({name: pd.Series(values, dtype=float) for name, values in columns.items()})
    rows = rows.join(frame.reindex(rows.index))
    names = {"war_rank": "rank", "war_rank_low": "rank_low", "war_rank_high": "rank_high"}
    return rows.rename(columns=names).assign(rank=rows["war_rank"].fillna(rows["place"]))


ENDS = ("low", "high", "rank", "rank_low", "rank_high")
TESTED = tuple(f"{name}_{end}" for name in ("war", "uar") for end in ENDS)
