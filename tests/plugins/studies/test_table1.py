"""Table 1 of both papers: every network that is installed runs, under its own recipe or under one for all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.plugin import registry
from harness.studies.request import as_bench, runnable, study_named
from helpers.commands import Invoke

TABLES = ("a3lign-table1", "biehpro-table1")


@pytest.mark.parametrize("name", TABLES)
def test_every_row_whose_network_is_installed_runs_as_it_is(name: str) -> None:
    spec = study_named(name)
    known = registry.methods()
    printed = {method.published: method_name for method_name, method in known.items() if method.published}
    run = {row.labels[0]: row.method for row in runnable(spec)}
    for label in (row.labels[0] for row in spec.rows):
        if label in printed:
            assert run[label] == printed[label]
    request = as_bench(spec, {})
    assert request is not None
    assert set(request.methods or ()) >= {"former-dfer", "est", "ial"}
    assert request.variant == []


def test_the_equal_table_runs_each_network_once_by_one_recipe() -> None:
    spec = study_named("table1-equal")
    request = as_bench(spec, {})
    assert request is not None
    assert request.methods is None
    assert {variant.recipe for variant in request.variant} == {"scratch-112"}
    rows = [row.method for row in spec.rows]
    assert len(set(rows)) == len(rows)
    for row in runnable(spec):
        assert registry.methods()[row.method].recipe("scratch-112"), row.method


def test_what_is_known_of_printed_numbers_and_of_networks_stands_below(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    answer = invoke("study", "biehpro-table1", "--show", "--json", "--out", str(tmp_path / "runs"))
    assert answer.code == 0, answer.err
    notes = json.loads(answer.out)["notes"]
    assert any("in all likelihood the number of R3D18" in note for note in notes)
    assert any("both papers copied 66.56" in note for note in notes)
    reading = "written from a description or from a port of others; its page says what was chosen."
    assert f"LOGO-Former / ResNet18: {reading}" in notes
    assert not any(note.startswith("Former-DFER") for note in notes)
