"""`bench --recipe`: which methods have it, what it makes of their options, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import BadOption
from harness.core.request import build_request
from harness.models.spec import MethodSpec
from harness.planning.plan import Plan, make_plan
from harness.plugin import registry
from helpers import public
from helpers.commands import Bench, Invoke, forget


@pytest.fixture(autouse=True)
def plugin(toy_plugin: None) -> Iterator[None]:
    registry.plugins().add_file(Path(public.__file__))
    yield
    forget("public")


def planned(flags: dict[str, Any], **more: Any) -> Plan:
    return make_plan(build_request({**flags, "methods": "net", **more}))


def test_a_recipe_sets_options_and_is_part_of_the_id(toy_flags: dict[str, Any]) -> None:
    jobs = {name: planned(toy_flags, recipe=name).jobs[0].job for name in (None, "source", "short")}
    assert [(job.recipe, job.input.frames) for job in jobs.values()] == [("", 2), ("source", 2), ("short", 1)]
    assert len({job.id for job in jobs.values()}) == 3
    assert len({job.protocol.hash for job in jobs.values()}) == 1
    over = planned(toy_flags, recipe="short", set={"net": {"input.frames": 3}}).jobs[0].job
    assert over.input.frames == 3


def test_a_method_that_lacks_it_is_refused_by_name_and_left_out_of_all(toy_flags: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match="method 'bare' has no recipe 'short'; did you mean 'source'"):
        planned(toy_flags, methods="net,bare", recipe="short")
    with pytest.raises(BadOption, match="did you mean 'short'"):
        planned(toy_flags, recipe="shortt")
    plan = planned(toy_flags, methods="all", recipe="short")
    assert {one.job.method for one in plan.jobs} == {"net"}
    assert plan.left_out["bare"] == "it has no recipe 'short'"
    with pytest.raises(BadOption, match="no method has a recipe 'nobody-has-it'"):
        planned(toy_flags, methods="all", recipe="nobody-has-it")


def test_a_variant_keeps_its_own(toy_flags: dict[str, Any]) -> None:
    variants = [{"name": "mine", "method": "net", "recipe": "short"}, {"name": "plain", "method": "net"}]
    jobs = {one.job.row: one.job for one in planned(toy_flags, methods=None, variant=variants).jobs}
    assert {row: (job.recipe, job.input.frames) for row, job in jobs.items()} == {"mine": ("", 1), "plain": ("", 2)}
    jobs = {one.job.row: one.job for one in planned(toy_flags, methods=None, variant=variants, recipe="source").jobs}
    assert {row: (job.recipe, job.input.frames) for row, job in jobs.items()} == {
        "mine": ("", 1),
        "plain": ("source", 2),
    }


def test_source_is_no_recipe_of_a_plugin() -> None:
    with pytest.raises(ValueError, match="recipe 'source' is that of its defaults"):
        MethodSpec("mine", "1", "module:Mine", recipes={"source": {}})


def test_a_board_shows_recipes_and_can_be_of_one(toy_bench: Bench, invoke: Invoke, tmp_path: Path) -> None:
    for name in (None, "short"):
        toy_bench(methods="net", recipe=name, folds="1,2")
    runs = ["leaderboard", "--runs", str(tmp_path / "runs"), "--plugin", public.__file__, "--out"]
    lines = {}
    for recipe in ("", "short", "source", "other"):
        out = tmp_path / f"tables-{recipe}"
        answer = invoke(*runs, str(out), *(["--recipe", recipe] if recipe else []))
        assert answer.code == (2 if recipe == "other" else 0)
        pages = "".join(page.read_text() for page in out.glob("toy.md"))
        lines[recipe] = (pages.count("\n| net "), " Recipe |" in pages)
    assert "of recipe other" in answer.err
    assert lines["short"][1]
    assert lines[""][1]
    assert not lines["source"][1]
    assert lines[""][0] > lines["short"][0] > 0
