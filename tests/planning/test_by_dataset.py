"""A method whose recipe differs from dataset to dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import BadOption
from harness.core.job import JobSpec
from harness.core.request import build_request
from harness.planning.plan import Plan, make_plan
from harness.plugin import registry
from helpers.commands import Bench, Invoke, forget

PLUGIN = """
from harness import DatasetSpec, FrameInput, MethodSpec, hookimpl
from helpers.toy import CLASSES, FOLDS, Linear, Options, load

RECIPES = {
    "toy": {"learning_rate": 0.5, "input.frames": 3},
    "second": {"epochs": 4, "input": {"augmentation": ()}},
    %s
}


@hookimpl
def register_datasets():
    return [DatasetSpec("second", "1", "Second", "TOY", CLASSES, FOLDS, load)]


@hookimpl
def register_methods():
    seen = FrameInput(frames=2, augmentation=("flip",), views=0)
    recipes = {"short": {"epochs": 1}}
    demo = {"epochs": 3}
    return [MethodSpec("own", "1", Linear, Options, seen, recipes=recipes, demo=demo, by_dataset=RECIPES)]
"""


def offered(folder: Path, more: str = "") -> Iterator[None]:
    file = folder / "recipes.py"
    file.write_text(PLUGIN % more)
    registry.plugins().add_file(file)
    yield
    forget("recipes")


@pytest.fixture
def plugin(tmp_path: Path, toy_plugin: None) -> Iterator[None]:
    yield from offered(tmp_path)


@pytest.fixture
def slip(tmp_path: Path, toy_plugin: None) -> Iterator[None]:
    yield from offered(tmp_path, '"secund": {"epochs": 3},')


@pytest.fixture
def wrong(tmp_path: Path, toy_plugin: None) -> Iterator[None]:
    yield from offered(tmp_path, '"toy": {"epohs": 3},')


def planned(flags: dict[str, Any], **more: Any) -> Plan:
    return make_plan(build_request({**flags, "datasets": "toy,second", "methods": "own", **more}))


def told(job: JobSpec) -> tuple[Any, ...]:
    return job.options["epochs"], job.options["learning_rate"], job.input.frames, job.input.augmentation


def by_dataset(plan: Plan) -> dict[str, tuple[Any, ...]]:
    assert len(plan.jobs) == len({p.job.dataset for p in plan.jobs})
    return {p.job.dataset: told(p.job) for p in plan.jobs}


def test_each_dataset_has_its_own_over_the_defaults(plugin: None, toy_flags: dict[str, Any]) -> None:
    found = planned(toy_flags)
    assert by_dataset(found) == {"toy": (2, 0.5, 3, ("flip",)), "second": (4, 0.05, 2, ())}
    assert not [note for note in found.notes if "by_dataset" in note]


def test_a_recipe_and_what_is_set_come_over_it(plugin: None, toy_flags: dict[str, Any]) -> None:
    found = by_dataset(planned(toy_flags, set={"own": {"input.frames": 5}}))
    assert found == {"toy": (2, 0.5, 5, ("flip",)), "second": (4, 0.05, 5, ())}
    variant = [{"name": "quick", "method": "own", "recipe": "short", "set": {"learning_rate": 0.7}}]
    found = by_dataset(planned(toy_flags, methods=None, variant=variant))
    assert found == {"toy": (1, 0.7, 3, ("flip",)), "second": (1, 0.7, 2, ())}


def test_the_demo_comes_over_it(plugin: None, toy_flags: dict[str, Any]) -> None:
    assert by_dataset(planned(toy_flags, demo=True)) == {"toy": (3, 0.5, 3, ("flip",)), "second": (3, 0.05, 2, ())}


def test_one_dataset_alone_has_the_same_jobs(plugin: None, toy_flags: dict[str, Any]) -> None:
    both = {p.job.dataset: p.job.id for p in planned(toy_flags).jobs}
    for name, job_id in both.items():
        assert [p.job.id for p in planned(toy_flags, datasets=name).jobs] == [job_id]


def test_a_recipe_for_no_dataset_is_said(slip: None, toy_flags: dict[str, Any]) -> None:
    (note,) = [note for note in planned(toy_flags).notes if "by_dataset" in note]
    assert note.startswith("own: by_dataset has a recipe for 'secund', which is no dataset here")
    assert "'second'" in note


def test_an_option_that_it_has_not_is_refused_before_any_work(wrong: None, toy_flags: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match="own has no option 'epohs'; did you mean 'epochs'"):
        planned(toy_flags)


def test_a_result_says_what_is_of_its_dataset(plugin: None, toy_bench: Bench) -> None:
    found = toy_bench(methods="own", datasets="toy,second", set={"own": {"epochs": 1, "learning_rate": 0.5}})
    stored = [json.loads((Path(path) / "result.json").read_text()) for path in (result["path"] for result in found)]
    spec = registry.method("own").spec
    for result in stored:
        assert result["by_dataset"] == json.loads(json.dumps(spec.told_by_dataset(result["dataset"])))
    assert {r["dataset"]: r["by_dataset"]["learning_rate"] for r in stored} == {"toy": 0.5, "second": 0.05}
    assert set(stored[0]["by_dataset"]) == {"epochs", "learning_rate", "input.frames", "input.augmentation"}


def test_the_options_are_listed_with_those_of_datasets(plugin: None, invoke: Invoke) -> None:
    file = registry.plugins().files[-1]
    shown = invoke("list", "methods", "--options", "--plugin", file)
    lines = [line.split() for line in shown.out.splitlines() if "second" in line or "toy " in line]
    assert ["toy", "learning_rate", "0.5"] in [[word for word in line if word not in "│|"] for line in lines]
    listed = json.loads(invoke("list", "methods", "--json", "--plugin", file).out)
    (own,) = [entry for entry in listed["methods"] if entry["name"] == "own"]
    assert own["by_dataset"]["second"] == {"epochs": 4, "input.augmentation": []}
