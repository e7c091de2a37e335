"""Numbers printed in papers beside ours, and whether ours bear them out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from harness.core.backbone_spec import CLIP
from harness.core.errors import HarnessError
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.clip_weights import other_backbone
from harness.leaderboard.board.sections import BoardRow
from harness.models.spec import MethodSpec
from harness.statistics.resample import percentiles
from harness.statistics.trainings import repetition_reach

BUNDLED = Path(__file__).parent / "published_data"
COLUMNS = [
    "source_paper",
    "table",
    "method",
    "variant",
    "dataset",
    "metric",
    "value",
    "note",
]
KEY = ["source_paper", "method", "dataset", "metric"]
MAIN = ("", "TP")  # variants that are the method itself: as it is, or "with text prompts", as it always is
FLAG = re.compile(r"^(ERROR|SUSPICIOUS|typo)\b")
SEEDS, HALF_WIDTH = 3, 0.015
ROUNDED = 0.00005  # papers print two digits of a percent
METRICS = {"WAR": "war", "UAR": "uar"}


@dataclass(frozen=True)
class Verdict:
    """One published number beside ours. Scores are fractions; None where we have none."""

    row: str
    method: str
    source: str
    table: str
    dataset: str
    demo: bool
    metric: str
    reported: float
    ours: float | None
    low: float | None  # of the interval in which a repetition of ours lies in 95 of 100 cases
    high: float | None
    difference: float | None  # ours minus reported
    verdict: str  # "reproduced", "differs" or "not comparable"
    reason: str
    flag: str  # the note on a number in doubt, as in the data file


@dataclass(frozen=True)
class Published:
    """The printed numbers, values as fractions, and what the papers state."""

    numbers: pd.DataFrame
    sources: Mapping[str, Mapping[str, Any]]

    def of(
        self,
        method: str,
        dataset: str,
        metric: str,
    ) -> list[Mapping[str, Any]]:
        """Return the printed numbers of a method itself, not of its ablations; one for each paper that prints one."""
        numbers = self.numbers
        chosen = numbers[
            (numbers["method"] == method)
            & (numbers["dataset"].str.casefold() == dataset.casefold())
            & (numbers["metric"] == metric)
            & numbers["variant"].isin(MAIN)
        ]
        tables = chosen.groupby([*KEY, "value", "note"], sort=False)["table"].agg(
            lambda names: ", ".join(dict.fromkeys(names))
        )
        return [{str(name): value for name, value in line.items()} for line in tables.reset_index().to_dict("records")]


def read_published(folder: Path = BUNDLED) -> Published:
    """Return the published numbers in a folder. Raises: HarnessError that names the file and line."""
    path = folder / "published.csv"
    try:
        numbers = pd.read_csv(path, dtype=str, keep_default_na=False)
        sources = tomllib.loads((folder / "sources.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(f"{folder}: published numbers cannot be read ({error})") from error
    missing = [name for name in COLUMNS if name not in numbers]
    if missing:
        raise HarnessError(f"{path}: no column {missing[0]!r}; it needs {', '.join(COLUMNS)}")
    values = pd.to_numeric(numbers["value"], errors="coerce")
    if values.isna().any():
        line = int(values.isna().to_numpy().argmax())
        raise HarnessError(f"{path}, line {line + 2}: value {numbers['value'][line]!r} is no number")
    return Published(numbers.assign(value=values / 100), sources)


def verdicts(
    board: Board,
    published: Published,
    methods: Mapping[str, MethodSpec],
) -> list[Verdict]:
    """Return every printed number that a row of the board answers to, in the board's order."""
    found = []
    for row in board.as_rows:
        method = methods.get(row["method"])
        if method is None or not method.published:
            continue
        for metric in METRICS:
            for number in published.of(
                method.published,
                row["dataset"],
                metric,
            ):
                found.append(_verdict_of(row, board, published, number, method))
    return found


def _verdict_of(
    row: BoardRow,
    board: Board,
    published: Published,
    number: Mapping[str, Any],
    spec: MethodSpec,
) -> Verdict:
    # The two numbers, and what the paper states of its protocol.
    name = METRICS[number["metric"]]
    ours, repeats = _known(row.get(f"{name}_pooled")), _repetitions(board, row["row"], name)
    low, high = (repeats.low, repeats.high) if repeats else (None, None)
    reported, flag = float(number["value"]), str(number["note"])
    own = number["method"] == number["source_paper"]  # of other methods the papers state nothing
    stated = published.sources.get(number["source_paper"], {}).get("states", {}) if own else {}

    # Why they cannot be compared, or what a comparison gives.
    reasons = [*_unfit(row, board, repeats), *_off_protocol(row, board, spec, stated)]
    weights = published.sources.get(number["source_paper"], {}).get("clip_weights", "")
    if spec.backbone == CLIP:
        other = other_backbone(
            board.jobs.facts[row["row"]]["backbone"],
            stated.get("backbone", ""),
            weights,
        )
        reasons += [other] if other else []
    if FLAG.match(flag):
        reasons.append(f"the printed number is in doubt: {flag}")
    if reasons or ours is None or low is None or high is None:
        verdict, reason = "not comparable", "; ".join(reasons)
    elif low <= reported <= high:
        verdict, reason = "reproduced", "the reported value lies where 95 % of repetitions would"
    else:
        side = "above" if reported > high else "below"
        verdict, reason = "differs", f"the reported value lies {side} where 95 % of repetitions would"

    return Verdict(
        row=row["row"],
        method=row["name"],
        source=number["source_paper"],
        table=number["table"],
        dataset=row["dataset"],
        demo=bool(row["demo"]),
        metric=number["metric"],
        reported=reported,
        ours=ours,
        low=low,
        high=high,
        difference=None if ours is None else ours - reported,
        verdict=verdict,
        reason=reason,
        flag=flag,
    )


@dataclass(frozen=True)
class Repetitions:
    """Interval in which another training of a row would come out, on the same clips."""

    low: float | None  # None where one training tells nothing of another
    high: float | None
    over_clips: float  # half the 95 % interval over clips, of the trained models


def _repetitions(
    board: Board,
    row: str,
    name: str,
) -> Repetitions | None:
    """Return the spread of a row's repetitions; None where its predictions were not tested."""
    for tests in board.tests.values():
        if row in tests.rows:
            place = tests.rows.index(row)
            measure = tests.war if name == "war" else tests.uar
            reach = repetition_reach(measure.trainings[place]) + ROUNDED
            value = float(measure.values[place])
            ends = percentiles((tests.bootstrap_war if name == "war" else tests.bootstrap)[:, place])
            return Repetitions(
                _known(value - reach),
                _known(value + reach),
                float(ends[1] - ends[0]) / 2,
            )
    return None


def _unfit(
    row: BoardRow,
    board: Board,
    repeats: Repetitions | None,
) -> Iterable[str]:
    """Return what keeps a row from bearing out any paper."""
    if row["demo"]:
        yield "synthetic demo"
    if row["stand_in"]:
        yield "random or bundled backbone"
    if row["never_ranked"]:
        yield row["never_ranked"]
    if row["quick"]:
        yield "quick run"
    if not row["official"]:
        yield "not the official split"
    if not row["complete"]:
        yield f"{row['folds_done']} of {row['folds_total']} folds done"
    if row["selection"] == "oracle":
        yield "epoch chosen on the test split"
    if row["n_unscored"]:
        yield f"{row['n_unscored']} test clips not scored"
    if row["row"] in board.excluded:
        yield board.excluded[row["row"]]
    if row["n_seeds"] < SEEDS:
        yield f"{row['n_seeds']} of at least {SEEDS} seeds"
    if repeats is None:
        yield "no predictions to tell the spread of repetitions from"
    elif repeats.over_clips > HALF_WIDTH:
        yield f"interval over clips of ± {repeats.over_clips * 100:.2f} points, wider than ± {HALF_WIDTH * 100:.1f}"


def _off_protocol(
    row: BoardRow,
    board: Board,
    spec: MethodSpec,
    stated: Mapping[str, Any],
) -> Iterable[str]:
    """Return where a row leaves what the paper states, or the registered recipe of the method."""
    facts = board.jobs.facts[row["row"]]
    for name in ("frames", "size"):
        if name in stated and facts["input"].get(name) not in (stated[name], 0):
            yield f"{facts['input'].get(name)} {name} where the paper states {stated[name]}"
    defaults, _ = spec.settle(spec.on(row["dataset"]))
    for name, value in facts["options"].items():
        if name in defaults and _plain(value) != _plain(defaults[name]):
            yield f"option {name}={value} instead of {defaults[name]}"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _known(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def as_frame(found: Iterable[Verdict]) -> pd.DataFrame:
    """Return verdicts as a table, one line each."""
    return pd.DataFrame([vars(item) for item in found], columns=[field.name for field in fields(Verdict)])
