"""What a row is called: names short enough to print, and never the same for two different rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from harness.core.backbone_spec import NONE
from harness.core.digest import digest
from harness.leaderboard.board.collect import ABOUT, OF_DATASET, QUICK, RECIPE
from harness.leaderboard.board.sections import modality_of
from harness.leaderboard.board.unrankable import SKETCH, is_of_authors, is_sketch, why_never_ranked

SHORT = 8  # hex digits of a hash in a label
SHOWN = ("frames", "size")  # of the frame input; they have a column of their own
Facts = Mapping[str, Any]


def label_rows(facts: Mapping[str, Facts]) -> pd.DataFrame:
    """Return one line per row: its identity as columns, a printable `name`, `settings` and `backbone`, and `entry`.

    `settings` names only what differs between rows of the same name, so that it stays short. `entry` is equal
    for rows of one method on different datasets.
    """
    settings, backbones = _settings(facts), _backbones(facts)
    lines = {}
    for row, fact in facts.items():
        shown = {"settings": settings[row], "backbone": backbones[row]}
        lines[row] = _line(fact) | shown
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("row").sort_index()


def _line(fact: Facts) -> dict[str, Any]:
    same = ["method", "variant", "plugin", "backbone", "demo"]
    same += [name for name in ("weights", RECIPE, QUICK) if name in fact]
    alike = {key: fact[key] for key in same} | {key: _of_all_datasets(fact, key) for key in ("options", "input")}
    return {
        "dataset": fact["dataset"],
        "demo": fact["demo"],
        "stand_in": fact["stand_in"],
        "quick": QUICK in fact,
        "never_ranked": why_never_ranked(fact),
        "protocol_hash": fact["protocol_hash"],
        "protocol_id": fact["protocol_id"],
        "selection": fact["protocol"]["selection"],
        "modality": modality_of(fact[ABOUT].get("modality") or ()),
        "name": name_of(fact),
        "method": fact["method"],
        "recipe": fact.get(RECIPE, ""),
        "variant": fact["variant"],
        "plugin": fact["plugin"]["name"],
        "version": fact["plugin"]["version"],
        "fingerprint": fact["fingerprint"],
        "frames": fact["input"].get("frames"),
        "size": fact["input"].get("size"),
        "entry": digest(alike),
    }


def _of_all_datasets(fact: Facts, key: str) -> dict[str, Any]:
    """Return options or frame input without what the method itself makes another on each dataset."""
    prefix = "input." if key == "input" else ""
    return {name: value for name, value in fact[key].items() if f"{prefix}{name}" not in fact[OF_DATASET]}


def name_of(fact: Facts) -> str:
    """Return the method, or the variant with its method; that it is a sketch, and that its results are quick ones."""
    name = f"{fact['variant']} ({fact['method']})" if fact["variant"] else str(fact["method"])
    if is_sketch(fact) and not fact["method"].endswith(SKETCH):
        name = f"{name} ({SKETCH})"
    if is_of_authors(fact):
        name = f"{name} (authors' weights)"
    return f"{name} (quick run)" if QUICK in fact else name


def _settings(facts: Mapping[str, Facts]) -> dict[str, str]:
    """Return the options in which rows of one name differ, and the data where a table mixes fingerprints."""
    named = _groups(facts, ("demo", "method", "variant"))
    tables = _groups(facts, ("dataset", "demo", "protocol_hash"))
    parts: dict[str, list[str]] = {row: [] for row in facts}
    for group in named.values():
        flat = {row: _flat(facts[row]) for row in group}
        for key in sorted({key for values in flat.values() for key in values}):
            if len({values.get(key) for values in flat.values()}) > 1:
                for row in group:
                    parts[row] += [f"{key}={flat[row][key]}"] if key in flat[row] else []
    for group in tables.values():
        if len({facts[row]["fingerprint"] for row in group}) > 1:
            for row in group:
                parts[row].append(f"data={short(facts[row]['fingerprint'])}")
    return {row: ", ".join(words) for row, words in parts.items()}


def _backbones(facts: Mapping[str, Facts]) -> dict[str, str]:
    """Name and weights; the hash too where one name stands for different weights."""
    label = {row: _backbone(fact) for row, fact in facts.items()}
    hashes: dict[str, set[str]] = {}
    for row, fact in facts.items():
        hashes.setdefault(label[row], set()).add(fact["backbone"]["sha256"])
    return {
        row: f"{text} {short(facts[row]['backbone']['sha256'])}" if len(hashes[text]) > 1 else text
        for row, text in label.items()
    }


def _backbone(fact: Facts) -> str:
    """Name the backbone, or the network of a method that brings its own and what that was trained on before.

    A weights file is shown without its folder, which would name a machine.
    """
    backbone = fact["backbone"]
    if backbone["name"] == NONE:
        about = fact[ABOUT]
        network, data = about.get("architecture") or "its own network", about.get("pretraining")
        return f"{network} ({data})" if data else str(network)
    weights = re.split(r"[/\\]", backbone["weights"])[-1]
    return f"{backbone['name']} ({weights})" if weights and weights != backbone["name"] else backbone["name"]


def _flat(fact: Facts) -> dict[str, str]:
    """Return options, the frame input without what has a column, and the plugin, as text."""
    seen = _of_all_datasets(fact, "input")
    frame_input = {f"input.{key}": value for key, value in seen.items() if key not in SHOWN}
    plugin = {"plugin": fact["plugin"]["name"], "version": fact["plugin"]["version"]}
    weights = {f"weights.{name}": short(sha256) for name, sha256 in fact.get("weights", {}).items()}
    return {
        key: plain(value)
        for key, value in {**plugin, **frame_input, **weights, **_of_all_datasets(fact, "options")}.items()
    }


def plain(value: Any) -> str:
    """Return a setting's value on one line: strings as they are, the rest as JSON."""
    return (
        value
        if isinstance(value, str)
        else json.dumps(
            value,
            sort_keys=True,
            ensure_ascii=False,
        )
    )


def short(sha256: str) -> str:
    """Return the first digits of a hash."""
    return str(sha256)[:SHORT]


def _groups(facts: Mapping[str, Facts], keys: Iterable[str]) -> dict[tuple[Any, ...], list[str]]:
    keys = tuple(keys)
    groups: dict[tuple[Any, ...], list[str]] = {}
    for row in sorted(facts):
        groups.setdefault(tuple(facts[row][key] for key in keys), []).append(row)
    return groups
