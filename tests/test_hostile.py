"""A few inputs of each kind of the hostile table; `benchmarks/faults.py` runs all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostile.entry import Hostile
from hostile.places import Places
from hostile.run import run
from hostile.table import TABLE

FEW = 4
PATIENCE = 180  # seconds; the benchmark has less of it
SOME = [(kind, entry) for kind, entries in TABLE.items() for entry in entries[:: max(1, len(entries) // FEW)]]


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(tmp_path_factory.mktemp("places"))


@pytest.mark.parametrize(("kind", "entry"), SOME, ids=[f"{kind}: {entry.name}" for kind, entry in SOME])
def test_what_is_wrong_is_said(kind: str, entry: Hostile, places: Places, tmp_path: Path) -> None:
    trial = run(kind, entry, places, tmp_path / "trial", PATIENCE)
    assert not trial.wrong, f"{trial.wrong} (exit {trial.code})\n{trial.said}"


def test_names_are_unique() -> None:
    for kind, entries in TABLE.items():
        names = [entry.name for entry in entries]
        assert len(set(names)) == len(names), kind
