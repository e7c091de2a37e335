"""The commands and the code that the docs show: all are checked, and those that need no real data are run."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest
import torch
import typer.main

from harness.cli.app import app
from harness.conformance.catalogue import MEANINGS
from harness.conformance.conform import conform
from harness.core.errors import WeightsMissing
from harness.core.frame_input import FrameInput
from harness.core.options import describe
from harness.core.recipe import Schedule, Stage, layer_decay
from harness.core.request import build_request
from harness.models import weights_files
from harness.models.spec import MethodSpec
from harness.plugin import registry
from harness.studies.request import study_named
from helpers.commands import Bench, Cli, forget
from hostile.table import TABLE

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(<!-- run -->\n)?```(\w+)\n(.*?)```", re.DOTALL)


def blocks(language: str, page: Path) -> list[tuple[bool, str]]:
    """Blocks of one language: whether the page asks for them to be run, and their text."""
    text = re.sub(r"^ +", "", page.read_text(), flags=re.MULTILINE) if language == "sh" else page.read_text()
    return [(bool(run), body) for run, name, body in BLOCK.findall(text) if name == language]


def commands(page: Path) -> Iterator[tuple[bool, list[str]]]:
    for run, body in blocks("sh", page):
        for line in body.splitlines():
            for part in line.split("&&"):
                words = shlex.split(part, comments=True)
                if words and words[0].endswith("harness"):
                    yield run, words[1:]


SHOWN = [(page, words) for page in PAGES for _, words in commands(page)]


def workflow_commands() -> Iterator[tuple[Path, list[str]]]:
    """What the workflows among the examples call; a variable of the shell stands for a value."""
    for page in sorted((ROOT / "docs" / "examples").glob("*.yml")):
        for line in re.findall(r"^ *(?:- run: )?harness (.*)$", page.read_text(), re.MULTILINE):
            yield page, shlex.split(line.partition("||")[0])


SHOWN += workflow_commands()


@pytest.mark.parametrize(("page", "words"), SHOWN, ids=[" ".join(words) for _, words in SHOWN])
def test_every_command_shown_is_one(page: Path, words: list[str]) -> None:
    command = typer.main.get_command(app)
    context = command.make_context("harness", [], resilient_parsing=True)
    while hasattr(command, "commands"):
        name, *words = words
        command = command.commands[name]
        context = command.make_context(name, [], parent=context, resilient_parsing=True)
    command.parse_args(context, list(words))  # raises on an unknown flag or a value of the wrong type


@pytest.mark.parametrize("body", [body for page in PAGES for _, body in blocks("toml", page) if "datasets" in body])
def test_bench_files_shown_are_valid(body: str, tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text(body)
    assert build_request({}, tmp_path / "bench.toml").datasets


@pytest.mark.slow
def test_the_quick_start_runs(cli: Cli, tmp_path: Path) -> None:
    env = {"RAY_AUTH_TOKEN_PATH": str(tmp_path / "no token")}  # the doctor might object to that of this account
    done = [cli(*words, **env) for run, words in commands(ROOT / "docs" / "quickstart.md") if run]
    assert len(done) >= 8
    again = done[5].stdout
    assert "0 jobs done" in again
    assert "2 kept from before" in again


@pytest.mark.slow
def test_the_notebook_lines_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ((_, body),) = blocks("python", ROOT / "docs" / "quickstart.md")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(body.replace("results.frame()", "shown = results.frame()"), names)
    assert len(names["shown"]) == 1  # type: ignore[arg-type]


def shown_plugin(name: str, folder: Path) -> Path:
    bodies = [body for _, body in blocks("python", ROOT / "docs" / "plugins.md") if body.startswith(f"# {name}")]
    path = folder / name
    path.write_text(bodies[0])
    return path


FACES = (
    "harness",
    *(f"harness.{room}" for room in ("models", "data", "demo", "cost", "plugin", "analysis", "testing")),
)
LISTED = re.compile(r"### `([\w.]+)`: .*\n\n\|.*\|\n\|[-|]+\|\n((?:\|.*\|\n)+)")


def test_every_name_of_every_face_is_listed_with_a_line() -> None:
    listed = {
        face: dict(re.findall(r"\| `(\w+)` \| (.+) \|", rows))
        for face, rows in LISTED.findall((ROOT / "docs" / "plugins.md").read_text())
    }
    assert tuple(listed) == FACES
    for face in FACES:
        assert sorted(listed[face], key=str.lower) == list(listed[face])
        assert set(listed[face]) == set(import_module(face).__all__)


@pytest.mark.parametrize("face", FACES)
def test_a_face_hands_on_what_it_names_and_nothing_else(face: str) -> None:
    module = import_module(face)
    assert all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = module.nothing


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("harness.prompts", "harness.models"),
        ("harness.annotations", "harness.data"),
        ("harness.found", "harness"),
        ("harness.method", "harness.models"),
        ("harness.errors", "harness"),
    ],
)
def test_a_module_that_the_docs_once_named_answers_with_what_to_write_now(old: str, now: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=rf"{old} is internal and has moved; import its names from {now} "):
        import_module(old)
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'harness\.nothing'"):
        import_module("harness.nothing")


def inside(file: Path) -> Iterator[str]:
    """Imports of the harness in a file that are not of a face, wherever in it they stand."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "harness":
            module = import_module(str(node.module))
            if node.module not in FACES or any(alias.name not in module.__all__ for alias in node.names):
                yield f"{file.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Import):
            yield from (f"{file}:{node.lineno}" for alias in node.names if alias.name.partition(".")[0] == "harness")


def test_plugins_import_nothing_but_faces() -> None:
    files = sorted((ROOT / "plugins").rglob("*.py"))
    assert len(files) > 40
    assert [line for file in files for line in inside(file)] == []


def test_every_check_is_listed_with_its_meaning() -> None:
    _, _, section = (ROOT / "docs" / "plugins.md").read_text().partition("\n## The checks\n")
    listed = re.findall(r"^\| `([a-z]+)` \| (.+) \|$", section.partition("\n## ")[0], re.MULTILINE)
    assert listed == list(MEANINGS.items())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["my_plugin", "my_networks", "my_backbone", "my_prompts"])
def test_the_methods_shown_keep_the_contract(name: str, tmp_path: Path) -> None:
    path = shown_plugin(f"{name}.py", tmp_path)
    try:
        reports = conform(str(path))
    finally:
        forget(name)
    assert [(report.method, report.findings) for report in reports if not report.ok] == []


@pytest.mark.slow
def test_the_plugin_shown_runs(cli: Cli, tmp_path: Path) -> None:
    shown_plugin("my_plugin.py", tmp_path)
    (words,) = [words for _, words in commands(ROOT / "docs" / "plugins.md") if "my_plugin.py" in words]
    done = cli(*words)
    assert "dfew/1 gru seed 1 done" in done.stderr  # what a plugin prints stays out of the facts
    assert "1 jobs done" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "methods"),
    [("my_networks.py", {"prototypes", "tower", "clip3d"}), ("my_sampler.py", {"two-streams"})],
)
def test_the_networks_shown_run(cli: Cli, tmp_path: Path, name: str, methods: set[str]) -> None:
    shown_plugin(name, tmp_path)
    (words,) = [words for _, words in commands(ROOT / "docs" / "plugins.md") if name in words]
    results = json.loads(cli(*words, "--json").stdout)["results"]
    found = {result["method"]: (result["status"], result["warnings"]) for result in results}
    assert found == dict.fromkeys(methods, ("done", []))


TABLES = {  # text that stands before the table, and what it is of
    "`FrameInput` says": {info.name for info in describe(FrameInput)},
    "`Stage(name, epochs": {field.name for field in fields(Stage)},
    "`Schedule(kind, ...)`": {field.name for field in fields(Schedule)},
    "### The spec": {field.name for field in fields(MethodSpec)},
}


@pytest.mark.parametrize(("before", "names"), TABLES.items())
def test_every_field_of_what_a_method_declares_is_described(before: str, names: set[str]) -> None:
    table = (
        (ROOT / "docs" / "plugins.md").read_text().partition(before)[2].partition("|---|---|\n")[2].partition("\n\n")[0]
    )
    listed = re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines()))
    assert sorted(listed) == sorted(names)


def test_the_recipes_shown_can_be_written() -> None:
    shown = [
        body for _, body in blocks("python", ROOT / "docs" / "plugins.md") if body.startswith(("Schedule(", "blocks ="))
    ]
    assert len(shown) == 2
    for body in shown:
        exec(body, {"Schedule": Schedule, "Stage": Stage, "layer_decay": layer_decay})


def test_the_backbone_shown_runs_and_is_missed_where_its_weights_are(
    toy_bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.models import resnet18

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("HARNESS_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr(weights_files, "reachable", lambda address: False)
    registry.plugins().add_file(shown_plugin("my_backbone.py", tmp_path))
    registry.plugins().add_file(shown_plugin("my_metric.py", tmp_path))
    quick = {"resnet-head": {"input.frames": 2, "input.size": 64}}
    try:
        with pytest.raises(WeightsMissing, match=r"(?s)resnet18-imagenet.*torchvision:ResNet18.*save it as .*weights"):
            toy_bench(methods="resnet-head", set=quick)
        (tmp_path / "weights").mkdir()
        torch.save(resnet18().state_dict(), tmp_path / "weights" / "resnet18-imagenet.pth")
        (result,) = toy_bench(methods="resnet-head", set=quick)
    finally:
        forget("my_backbone")
        forget("my_metric")
    assert (result["status"], result["warnings"]) == ("done", [])
    assert {name.partition(".")[0] for name in result["metrics"]} >= {"war", "war_by_group"}
    assert (result["backbone"]["name"], result["backbone"]["weights"]) == ("resnet18", "resnet18-imagenet")


def test_the_study_and_the_analysis_shown_load(tmp_path: Path) -> None:
    for name in ("my_study", "my_analysis"):
        registry.plugins().add_file(shown_plugin(f"{name}.py", tmp_path))
    try:
        assert [row.method for row in study_named("my-table").rows] == ["zero-shot-clip", "coop", "coop", ""]
        assert "confidence" in registry.plugins().offers("analyses")
    finally:
        forget("my_study")
        forget("my_analysis")


def test_the_dataset_shown_reads_its_format(tmp_path: Path) -> None:
    path = shown_plugin("my_dataset.py", tmp_path)
    (tmp_path / "labels.csv").write_text("a,happy,1\nb,sad,2\n")
    registry.plugins().add_file(path)
    try:
        fold = registry.dataset("mine").load(tmp_path, "1")
    finally:
        forget("my_dataset")
    assert [s.id for s in fold.train] == ["b"]
    assert [s.label for s in fold.test] == [0]


def test_the_counts_of_wrong_inputs_are_those_of_the_table() -> None:
    text = " ".join((ROOT / "docs" / "reliability.md").read_text().split())
    whole = sum(map(len, TABLE.values()))
    assert f"| {whole:,} in {len(TABLE)} kinds |" in text
    assert f"{whole:,} inputs are given: {', '.join(f'{kind} {len(of)}' for kind, of in TABLE.items())}." in text
    kept = json.loads((ROOT / "benchmarks" / "faults.json").read_text())
    assert kept["kinds"] == {kind: len(of) for kind, of in TABLE.items()}
    assert (kept["tracebacks"], kept["hangs"], kept["silent"], kept["wrong"]) == (0, 0, 0, [])
    kills = kept["kills"].values()
    assert all(of["good"] == of["kills"] for of in kills)
    assert f"{sum(of['kills'] for of in kills)} in {len(kills)} kinds, all with the bits of an unbroken run" in text


def test_the_counts_of_planted_faults_are_those_of_the_last_run() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    kept = json.loads((ROOT / "benchmarks" / "mutations.json").read_text())
    assert kept["found"] == sum(bool(fault["found_by"]) for fault in kept["each"]) >= 0.9 * kept["faults"]
    assert all(fault["found_by"] or fault["reason"] for fault in kept["each"])
    assert f"{kept['faults']}, found {kept['found']}, the others with a reason" in text
