"""`leaderboards/` has the form the code gives it now: files, titles, columns, keys and pages, whatever the numbers."""

from __future__ import annotations

import csv
import json
import re
from functools import reduce
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.core.backbone_spec import BackboneId
from harness.leaderboard import Papers, load, write
from harness.leaderboard.board.published import read_published, verdicts
from harness.leaderboard.site import publish
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "leaderboards"
TABLES = json.loads((KEPT / "leaderboard.json").read_text())["tables"]
AGAIN = "run `tox -e leaderboards`"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables and site, by the code as it is, of made-up results for the rows that `leaderboards/` shows."""
    folder = tmp_path_factory.mktemp("drift")
    planted, demo = Planted(folder / "runs"), BackboneId("demo", "bundled", "e" * 64)
    for table in TABLES:
        on = TestSet(table["dataset"], table["folds"], 40, tuple(table["protocol"]["classes"]))
        for number, row in enumerate(table["rows"]):
            identity = {"backbone": demo, "variant": row["variant"]}
            known = {"demo": table["demo"], "facts": registry.methods()[row["method"]].facts()}
            planted.row(row["method"], number / 4, on=on, seeds=row["seeds"], identity=identity, **known)
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    papers = Papers(read_published(), registry.methods())
    write(board, folder / "out", registry.metrics(), papers)
    publish(board, folder / "out" / "site", registry.metrics(), verdicts(board, papers.published, papers.methods))
    return folder / "out"


def plain(line: str) -> str:
    """A line without its hashes and widths."""
    return re.sub(r"\b[0-9a-f]{12}\b", "HASH", re.sub(r"-{2,}:?|\s+", " ", line)).strip()


def markdown(text: str) -> list[str]:
    """Titles, explanations and heads of tables."""
    lines = text.splitlines()
    heads = [line for line, below in zip(lines, [*lines[1:], ""], strict=True) if below.startswith("|:")]
    return [plain(line) for line in lines if line.startswith(("#", "±", "<!--")) or line in heads]


def latex(text: str) -> list[str]:
    lines = text.splitlines()
    heads = [line for above, line in zip(["", *lines], lines, strict=False) if above == r"\toprule"]
    return [plain(line) for line in lines if line.startswith(("%", r"\begin", r"\end")) or line in heads]


def table(text: str) -> list[str]:
    return next(csv.reader(text.splitlines()))


def keys(data: Any) -> Any:
    """The keys of a document; of a list those that any of its members has, at any depth."""
    if isinstance(data, dict):
        return {name: keys(value) for name, value in data.items() if name not in ("options", "input", "protocol")}
    if isinstance(data, list):
        return reduce(joined, [keys(item) for item in data if isinstance(item, dict)], {})
    return None


def joined(first: Any, second: Any) -> Any:
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return first or second
    return {name: joined(first.get(name), second.get(name)) for name in [*first, *second]}


FORMS = {".md": markdown, ".tex": latex, ".csv": table, ".json": lambda text: keys(json.loads(text))}


@pytest.mark.slow
def test_the_files_are_those_the_code_writes(made: Path) -> None:
    kept = {path.name for path in KEPT.iterdir() if path.is_file()} - {"README.md"}
    assert kept == {path.name for path in made.iterdir() if path.is_file()}, AGAIN


def test_tables_have_the_form_the_code_gives_them(made: Path) -> None:
    for path in sorted(made.iterdir()):
        if path.suffix in FORMS:
            form = FORMS[path.suffix]
            assert form((KEPT / path.name).read_text()) == form(path.read_text()), f"{path.name}: {AGAIN}"
    columns = [set(pd.read_parquet(folder / "results.parquet").columns) for folder in (KEPT, made)]
    assert columns[0] == columns[1], AGAIN


def test_the_site_has_the_form_the_code_gives_it(made: Path) -> None:
    for folder in ("static", "vendor"):
        for path in (made / "site" / folder).iterdir():
            assert (KEPT / "site" / folder / path.name).read_bytes() == path.read_bytes(), f"{path.name}: {AGAIN}"
    for path in [made / "site" / "index.html", *sorted((made / "site").glob("d-*.html"))]:
        assert titles(KEPT / "site" / path.name) == titles(path), f"{path.name}: {AGAIN}"
    rows = {row["row"] for table in TABLES for row in table["rows"]}
    assert {path.stem for path in (KEPT / "site" / "rows").iterdir()} == rows, AGAIN
    results = pd.read_parquet(KEPT / "results.parquet")
    assert {path.stem for path in (KEPT / "site" / "runs").iterdir()} == set(results["id"]), AGAIN


def titles(path: Path) -> list[str]:
    """Headings and heads of columns, sorted: methods stand in the order of their scores."""
    text = path.read_text()
    heads = re.findall(r'<th scope="col"[^>]*>(?:<button[^>]*>)?(.*?)<', text)
    return sorted([*re.findall(r"<h[123][^>]*>(.*?)</h", text, re.DOTALL), *heads])


def test_every_method_that_the_demo_runs_is_in_its_tables() -> None:
    offers = registry.plugins().offers("methods").items()
    built_in = {name for name, offer in offers if offer.plugin.startswith("harness_") and offer.spec.in_demo}
    for table in TABLES:
        assert built_in <= {row["method"] for row in table["rows"]}, AGAIN
