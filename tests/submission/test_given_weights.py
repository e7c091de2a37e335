"""Rows by a recipe, and rows of weights that others trained, on their way to another's store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import public
from helpers.commands import TOY, Invoke, forget


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    forget("public")


@pytest.mark.parametrize("given", ["recipe", "weights", "pretrained"])
def test_they_are_handed_in_accepted_rescored_and_audited(
    given: str, invoke: Invoke, toy_args: list[str], tmp_path: Path
) -> None:
    file = public.save_public(tmp_path / "net.pth")
    flags = {"recipe": ["--recipe", "short"], "weights": ["--weights", f"net={file}"]}
    asked = flags.get(given, ["--pretrained", f"net={file}"])
    plugins = ["--plugin", TOY, "--plugin", public.__file__]
    runs = tmp_path / "runs"
    done = invoke(*toy_args, "--plugin", public.__file__, "--methods", "net", *asked, "--out", runs)
    assert done.code == 0, done.err

    submitted = invoke("submit", runs, *plugins, "--out", tmp_path / "b.zip")
    assert submitted.code == 0, submitted.err
    (tmp_path / "store").mkdir()
    accepted = invoke("accept", tmp_path / "b.zip", "--runs", tmp_path / "store", "--add", *plugins, "--json")
    answer = json.loads(accepted.out)
    assert (accepted.code, answer["ok"], answer["added"]) == (0, True, 1), accepted.out

    rescored = invoke("rescore", "--runs", tmp_path / "store", *plugins)
    assert rescored.code == 0, rescored.err
    audit = invoke("audit", "--runs", tmp_path / "store", *plugins, "--json")
    levels = {finding["level"] for finding in json.loads(audit.out)["findings"]}
    assert "error" not in levels, audit.out
