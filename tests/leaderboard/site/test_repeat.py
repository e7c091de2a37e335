"""The command that makes a whole row again."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.leaderboard.site.repeat import row_command
from harness.plugin import registry
from helpers import public
from helpers.commands import TOY, Bench, Invoke, forget

VARIANT = "it's `mine`"
SETTINGS = {"epochs": 0, "input": {"frames": 3}}


@pytest.mark.parametrize("variant", ["", VARIANT])
def test_the_command_of_a_row_makes_all_of_its_jobs_again(
    toy_bench: Bench, toy_root: Path, invoke: Invoke, tmp_path: Path, variant: str
) -> None:
    flags = {"variant": [{"name": variant, "method": "linear", "set": SETTINGS}], "methods": None}
    results = list(toy_bench(seeds=[3, 7], folds=["all"], **(flags if variant else {"set": {"linear": SETTINGS}})))
    spec, files = registry.methods()["linear"], registry.plugins().files
    folds = registry.datasets()["toy"].folds
    *file, line = row_command(results, files, spec, folds).rsplit("\n", 1)
    text = "\n".join([*file, line])
    assert "--folds all --seeds 3,7 " in line
    assert "epochs" in text
    assert "learning_rate" not in text  # it is the default
    if variant:
        subprocess.run(["bash", "-euc", file[0]], cwd=tmp_path, check=True)
    words = [str(TOY) if word == TOY.name else word for word in shlex.split(line)]
    places = ["--data-root", toy_root, "--out", tmp_path / "again", "--dry-run", "--json"]
    plan = invoke(*words[1:], *places)
    assert {job["id"] for job in json.loads(plan.out)["jobs"]} == {result["id"] for result in results}


def test_a_row_with_some_folds_names_them_and_an_unknown_method_every_setting(toy_bench: Bench) -> None:
    results = list(toy_bench(set={"linear": {"epochs": 0}}))
    folds = registry.datasets()["toy"].folds
    assert len(folds) > 1
    text = row_command(results, (), None, folds)
    assert f"--folds {results[0]['fold']} " in text
    assert {"linear.epochs=0", "linear.input.frames=" + str(results[0]["input"]["frames"])} <= set(shlex.split(text))


@pytest.fixture
def _forgotten() -> Iterator[None]:
    yield
    forget("public")


@pytest.mark.usefixtures("_forgotten")
@pytest.mark.parametrize("given", ["recipe", "weights", "pretrained"])
def test_recipes_and_files_of_others_are_in_it(
    toy_bench: Bench, toy_root: Path, invoke: Invoke, tmp_path: Path, given: str
) -> None:
    registry.plugins().add_file(Path(public.__file__))
    file = public.save_public(tmp_path / "net.pth")
    flags = {"recipe": "short"} if given == "recipe" else {given: {"net": str(file)}}
    results = list(toy_bench(methods="net", **flags))
    spec, files = registry.methods()["net"], registry.plugins().files
    text = row_command(results, files, spec, registry.datasets()["toy"].folds)
    words = [word if "FILE-OF-SHA256-" not in word else f"net={file}" for word in shlex.split(text)]
    assert ("--selection" in words) == (given != "weights")
    assert "--set" not in words
    named = {TOY.name: str(TOY), "public.py": public.__file__}
    words = [named.get(word, word) for word in words]
    places = ["--plugin", TOY, "--data-root", toy_root, "--out", tmp_path / "again", "--dry-run", "--json"]
    plan = invoke(*words[1:], *places)
    assert {job["id"] for job in json.loads(plan.out)["jobs"]} == {result["id"] for result in results}
