"""Datasets of one's own: two that share a name are told apart by their clips, so that neither touches the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.core.dataset_spec import DatasetSpec
from harness.leaderboard.board.collect import READER, Jobs

DIGITS = 8  # of the split's hash, which names the data


def told_apart(jobs: Jobs, datasets: Mapping[str, DatasetSpec]) -> Jobs:
    """Return the jobs, in which data of several splits under one own name have the split's hash behind the name."""
    own = {facts["dataset"] for facts in jobs.facts.values() if facts[READER]}
    own |= {name for name, spec in datasets.items() if spec.is_open}
    splits: dict[str, set[str]] = {}
    for facts in jobs.facts.values():
        if facts["dataset"] in own:
            splits.setdefault(facts["dataset"], set()).add(_split(facts))
    shared = {name for name, found in splits.items() if len(found) > 1}
    if not shared:
        return jobs
    return replace(jobs, facts={row: _renamed(facts, shared) for row, facts in jobs.facts.items()})


def _renamed(facts: Mapping[str, Any], shared: set[str]) -> Mapping[str, Any]:
    name = facts["dataset"]
    return {**facts, "dataset": f"{name}-{_split(facts)[:DIGITS]}"} if name in shared else facts


def _split(facts: Mapping[str, Any]) -> str:
    return str(facts["protocol"].get("split_sha256") or facts["fingerprint"])
