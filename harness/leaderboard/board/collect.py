"""From stored results to one frame of jobs: flat, sorted, and one job per row, fold and seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from harness.core.backbone_spec import BUNDLED, RANDOM
from harness.core.digest import digest, first_form
from harness.core.errors import HarnessError
from harness.core.frame_input import FrameInput
from harness.core.text import first_line, shown
from harness.core.weights_spec import AUTHORS
from harness.results.schema import fault

CELL = ["row", "fold", "seed"]

SCORES = ("war", "uar")  # what the field prints and ranks by, in this order

LAST = "last_epoch."  # prefix of the metrics an oracle job also reports for its last epoch

Digests = dict[str, str]  # by what is digested

ABOUT = "about"  # among a row's facts: what its method's spec says of it, which is part of no identity

OF_DATASET = "of_dataset"  # among a row's facts: names of options that are what the method says for this dataset

FOLDS = "folds"  # among a row's facts: those that its protocol expects; empty in results from before they were stored

READER = "reader"  # among a row's facts: of a dataset of one's own, the one that reads it

RECIPE = "recipe"  # among a row's facts: of the method's, as the run asked for it

QUICK = "quick"  # among a row's facts: its results are quick ones, which never share a row with full ones

STAND_INS = (RANDOM, BUNDLED)  # weights for trying things out: no table made with them is a benchmark


@dataclass(frozen=True)
class Jobs:
    """All jobs. The three frames share one index; `facts` holds what the jobs of one row have in common."""

    frame: pd.DataFrame  # row, fold, seed, id, status, finished, error, official, counts, source, confusion, path
    metrics: pd.DataFrame  # fractions; NaN where a job has no such metric
    cost: pd.DataFrame
    facts: Mapping[str, Mapping[str, Any]]  # row -> identity, see `_facts`

    @property
    def done(self) -> pd.Series[bool]:
        """Which jobs have a score."""
        return self.frame["status"] == "done"

    @cached_property
    def by_row(self) -> dict[str, list[dict[str, Any]]]:
        """The jobs of each row as plain values, without the confusion matrices."""
        rows: dict[str, list[dict[str, Any]]] = {}
        columns = {str(name): self.frame[name].tolist() for name in self.frame if name != "confusion"}
        for values in zip(*columns.values(), strict=True):
            job = dict(zip(columns, values, strict=True))
            rows.setdefault(job["row"], []).append(job)
        return rows


def collect(results: Iterable[Mapping[str, Any]], *, sound: bool = False) -> Jobs:
    """Flatten parsed `result.json` files, in any order; of duplicates the newest finished one stays.

    Args: the results, and whether their form was looked at already.

    Raises: HarnessError that names a file that lacks what every result has, or has it in another form.
    """
    records, metrics, cost, shared = [], [], [], []
    digests: Digests = {}
    for result in results:
        wrong = None if sound else fault(result)
        if wrong:
            path = f"{result.get('path') or 'result'}/result.json"
            raise HarnessError(f"{path}: not a result ({wrong}); remove its folder to run the job again")
        shared.append(_facts(result, digests))
        records.append(_record(result))
        metrics.append(_metrics(result))
        cost.append(_numbers(result.get("cost")))
    if not records:
        return Jobs(
            pd.DataFrame(),
            pd.DataFrame(),
            pd.DataFrame(),
            {},
        )
    keys = _keys(shared, records, digests)
    frame = pd.DataFrame.from_records(records).assign(row=keys)
    frame["finished"] = pd.to_datetime(
        frame["finished"],
        utc=True,
        format="ISO8601",
        errors="coerce",
    )
    keep = _newest(frame)
    known_first = sorted(zip(keys, shared, strict=True), key=lambda pair: bool(pair[1][FOLDS]))
    facts = dict(known_first)  # of a row's results the last that tells its folds
    return Jobs(
        frame.loc[keep],
        _floats(metrics, SCORES).loc[keep],
        _floats(cost).loc[keep],
        facts,
    )


def _facts(result: Mapping[str, Any], digests: Digests) -> dict[str, Any]:
    """Return what makes two jobs belong to one leaderboard row; the protocol itself stands behind its hash."""
    plugin, backbone = result["plugin"], result["backbone"]
    return {
        "dataset": result["dataset"],
        "demo": bool(result["demo"]),
        "method": result["method"],
        "variant": result.get("variant") or "",
        "options": result.get("options") or {},
        "input": first_form(FrameInput, result.get("input") or {}),
        "plugin": {"name": plugin["name"], "version": plugin["version"]},
        "backbone": {k: backbone.get(k) or "" for k in ("name", "weights", "sha256")} | _given(backbone, "code"),
        **_given(result, "weights"),
        **_given(result, RECIPE),
        **_given(result, QUICK),
        ABOUT: result.get("facts") or {},
        OF_DATASET: _of_dataset(result),
        FOLDS: tuple(result.get(FOLDS) or ()),
        READER: result.get(READER) or "",
        "stand_in": backbone["weights"] in STAND_INS,
        "fingerprint": result["fingerprint"],
        "protocol_hash": result["protocol_hash"],
        "protocol_id": _digest(result["protocol"], digests),
        "protocol": result["protocol"],
    }


def _of_dataset(result: Mapping[str, Any]) -> list[str]:
    """Return the flat names of options that have the value that their method declares for the dataset."""
    values = {**(result.get("options") or {})}
    values |= {f"input.{name}": value for name, value in (result.get("input") or {}).items()}
    declared = result.get("by_dataset") or {}
    return sorted(name for name, value in declared.items() if name in values and digest(values[name]) == digest(value))


def _given(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what came after the first results, where it is there, so that rows of old results keep their hash."""
    return {name: data[name]} if data.get(name) else {}


def _keys(
    shared: list[dict[str, Any]],
    records: list[dict[str, Any]],
    digests: Digests,
) -> list[str]:
    """Return the row of each job. A job that failed early does not know that its data are the demo; its twins do."""
    demo = {(facts["dataset"], facts["fingerprint"]) for facts in shared if facts["demo"]}
    for facts, record in zip(shared, records, strict=True):
        if record["status"] != "done":
            facts["demo"] = (facts["dataset"], facts["fingerprint"]) in demo
    return [_digest(_identity(facts), digests) for facts in shared]


def _digest(data: Mapping[str, Any], known: Digests) -> str:
    """Return the digest of plain data, made once: thousands of jobs share a row."""
    key = repr(data)
    if key not in known:
        known[key] = digest(data)
    return known[key]


def _identity(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row's hash stands for; of the protocol its hash, unless that is not its own."""
    told = {
        ABOUT,
        OF_DATASET,
        FOLDS,
        READER,
        "protocol",
        *(("protocol_id",) if facts["protocol_id"] == facts["protocol_hash"] else ()),
    }
    return {name: value for name, value in facts.items() if name not in told}


def _record(result: Mapping[str, Any]) -> dict[str, Any]:
    done = result["status"] == "done"
    return {
        "fold": str(result["fold"]),
        "seed": int(result["seed"]),
        "id": result["id"],
        "status": result["status"],
        "finished": (result.get("provenance") or {}).get("finished"),
        "error": "" if done else first_line(result.get("error")),
        "official": bool(result.get("official")),
        "n_scored": int(result.get("n_scored") or 0),
        "n_unscored": int(result.get("n_unscored") or 0),
        "source": result["plugin"].get("source_sha256") or "",
        "metric_versions": result.get("metric_versions") or {},
        "hardware": _hardware(result),
        "contradictions": _contradictions(result),
        "doubts": [(doubt["code"], doubt["message"]) for doubt in result.get("doubts") or ()],
        "confusion": result.get("confusion") if done else None,
        "path": result.get("path") or "",
    }


def _contradictions(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a result says against the protocol that it names, each with the code that the audit has for it."""
    protocol, found = result["protocol"], []
    for name in ("selection", "classes"):
        if result.get(name, protocol[name]) != protocol[name]:
            found.append(("edited", f"its {name} {shown(result[name])} is not that of its protocol"))
    selection = protocol["selection"]
    if (AUTHORS in (result.get("weights") or {})) != (selection == AUTHORS):
        found.append(("edited", f"selection {selection}, which is not that of weights that the authors trained"))
    if selection != "oracle" and result.get("metrics_last"):
        text = f"selection {selection}, but scores of the last epoch beside those of another, as an oracle"
        found.append(("test-data-seen", text))
    return found


def _hardware(result: Mapping[str, Any]) -> str:
    """Return what the job ran on: latencies are compared within one hardware only."""
    facts = (result.get("provenance") or {}).get("hardware") or {}
    threads = (result.get("provenance") or {}).get("threads")
    parts = [
        ", ".join(map(str, facts.get("gpus") or [])) or facts.get("cpu"),
        f"{facts.get('cores')} cores",
        f"{threads} {'thread' if threads == 1 else 'threads'}" if threads else "",
    ]
    return ", ".join(str(part) for part in parts if part) if facts else ""


def _metrics(result: Mapping[str, Any]) -> dict[str, float]:
    if result["status"] != "done":
        return {}
    last = {LAST + name: value for name, value in (result.get("metrics_last") or {}).items()}
    return _numbers({**(result.get("metrics") or {}), **last})


def _numbers(values: Mapping[str, Any] | None) -> dict[str, float]:
    """Return the finite numbers among the values; anything else is a missing cell."""
    numbers = {}
    for name, value in (values or {}).items():
        if isinstance(value, (int, float)) and math.isfinite(value):
            numbers[name] = float(value)
    return numbers


def _floats(records: list[dict[str, float]], always: tuple[str, ...] = ()) -> pd.DataFrame:
    names = {*always, *(name for record in records for name in record)}
    return pd.DataFrame(
        records,
        index=range(len(records)),
        columns=sorted(names),
        dtype=float,
    )


def _newest(frame: pd.DataFrame) -> pd.Index[int]:
    """Return the index of the jobs that count, sorted by row, fold and seed so that sums do not depend on file order.

    A finished job is never hidden by a failed twin, however new: a failure adds no knowledge of the score.
    """
    done = (frame["status"] == "done").rename("done")
    order = [*CELL, "done", "finished", "id"]
    ordered = pd.concat([frame.drop(columns="confusion"), done], axis=1).sort_values(order, na_position="first")
    return ordered.drop_duplicates(CELL, keep="last").index
