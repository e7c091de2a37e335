"""`all` is what can run here; what is asked for by name runs, or is an error before any work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import FrameInput, Method, MethodSpec
from harness.core.errors import BadOption, CannotRun, HarnessError, WeightsMissing
from harness.core.request import build_request
from harness.models import weights_files
from harness.planning.choose import Choice, MethodChoice
from harness.planning.plan import Plan, make_plan
from harness.planning.runnable import runnable
from harness.plugin import registry
from helpers import networks
from helpers.commands import Invoke, forget


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HARNESS_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr(weights_files, "reachable", lambda address: False)
    registry.plugins().add_file(Path(networks.__file__))
    yield
    forget("networks")


def planned(flags: dict[str, Any], **more: Any) -> Plan:
    return make_plan(build_request({**flags, **more}))


def test_all_leaves_out_what_lacks_weights_or_streams_and_names_the_remedy(toy_flags: dict[str, Any]) -> None:
    plan = planned(toy_flags, methods="all")
    assert set(plan.left_out) == {"cube", "on-declared", "hearing", "sizeless"}
    for name, file in (("cube", "toy-cube"), ("on-declared", "toy-net")):
        assert f"weights '{file}' are not on this machine" in plan.left_out[name]
        assert f"save it as {toy_flags['out'].parent / 'weights' / file}.safetensors" in plan.left_out[name]
    assert "(from the toy's authors)" in plan.left_out["on-declared"]
    assert "needs audio of each clip" in plan.left_out["hearing"]
    assert {job.method for job in plan.todo}.isdisjoint(plan.left_out)
    assert {"linear", "on-clips", "coop"} <= {job.method for job in plan.todo}


@pytest.mark.parametrize(
    ("method", "error", "told"),
    [
        ("cube", WeightsMissing, "weights 'toy-cube' are not on this machine"),
        ("hearing", CannotRun, "needs audio of each clip; the harness feeds frames only"),
        ("sizeless", BadOption, "runs on no backbone, so its FrameInput has to name a size"),
    ],
)
def test_what_is_asked_for_by_name_and_cannot_run_is_an_error(
    method: str, error: type[HarnessError], told: str, toy_flags: dict[str, Any]
) -> None:
    with pytest.raises(error, match=told):
        planned(toy_flags, methods=f"linear,{method}")
    with pytest.raises(error, match=told):
        planned(toy_flags, methods=None, variant=[{"name": "mine", "method": method}])


def test_a_method_with_a_network_of_its_own_needs_no_clip(toy_flags: dict[str, Any]) -> None:
    plan = planned(toy_flags, methods="all", backbone="ViT-B-32")
    assert {"coop", "zero-shot-clip", "linear"} <= set(plan.left_out)
    assert {job.method for job in plan.todo} >= {"on-frames", "on-clips"}


def test_a_wrong_name_of_a_backbone_is_the_users_error_and_no_reason_to_leave_out(toy_flags: dict[str, Any]) -> None:
    with pytest.raises(HarnessError, match="unknown backbone 'tinny'"):
        planned(toy_flags, methods="all", backbone="tinny")


def test_where_clip_has_no_weights_its_methods_are_left_out_with_the_reason(toy_flags: dict[str, Any]) -> None:
    plan = planned(toy_flags, methods="all", backbone="ViT-B-32")
    told = {name: why for name, why in plan.left_out.items() if "weights 'openai' of ViT-B-32 are not on this" in why}
    assert set(told) >= {"a3lign", "biehpro", "biehpro-baseline", "cocoop", "coop", "zero-shot-clip"}
    assert {job.method for job in plan.todo}.isdisjoint(told)


def test_paper_is_what_each_paper_used(toy_flags: dict[str, Any]) -> None:
    plan = planned(toy_flags, methods="on-clip,on-clips", backbone="paper")
    assert {job.method: job.backbone.name for job in plan.todo} == {"on-clip": "toy-frames", "on-clips": "toy-clips"}
    with pytest.raises(CannotRun, match="method 'linear' names no backbone of its paper"):
        planned(toy_flags, methods="linear", backbone="paper")
    papers = {name: spec.paper_backbone for name, spec in registry.methods().items() if spec.year}
    assert papers["a3lign"] == "ViT-L-14"
    assert papers["biehpro"] == papers["zero-shot-clip"] == "ViT-B-32"


def test_a_row_may_have_a_backbone_and_a_recipe_of_its_own(toy_flags: dict[str, Any]) -> None:
    variants = [
        {"name": "plain", "method": "on-clip"},
        {"name": "other", "method": "on-clip", "backbone": "toy-clips", "recipe": "long"},
        {"name": "paper", "method": "on-clip", "backbone": "paper", "recipe": "long", "set": {"epochs": 1}},
        {"name": "moved", "method": "on-frames", "backbone": "toy-clips"},
    ]
    plan = planned(toy_flags, methods=None, variant=variants)
    found = {job.variant: (job.backbone.name, job.options["epochs"]) for job in plan.todo}
    assert found == {
        "plain": ("tiny", 2), "other": ("toy-clips", 5), "paper": ("toy-frames", 1), "moved": ("toy-clips", 2)
    }  # fmt: skip
    with pytest.raises(BadOption, match="no recipe 'longer'; did you mean 'long'"):
        planned(toy_flags, methods=None, variant=[{"name": "odd", "method": "on-clip", "recipe": "longer"}])
    with pytest.raises(BadOption, match="'cube' brings all of its network; its row can have no backbone"):
        planned(toy_flags, methods=None, variant=[{"name": "odd", "method": "cube", "backbone": "tiny"}])


@pytest.mark.parametrize("value", ["weights.pth", "/some/where/model.safetensors", __file__])
def test_an_option_that_names_a_file_is_refused(value: str, toy_flags: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match=r"on-clip.file: .* is a file.*WeightsSpec"):
        planned(toy_flags, methods="on-clip", set={"on-clip": {"file": value}})


def test_the_command_line_says_what_is_left_out_and_exits_0(invoke: Invoke, toy_args: list[str]) -> None:
    args = [word if word != "linear" else "all" for word in toy_args]
    answer = invoke(*args, "--dry-run")
    assert answer.code == 0
    assert "left out: cube: weights 'toy-cube' are not on this machine" in answer.err
    facts = json.loads(invoke(*args, "--dry-run", "--json").out)
    assert set(facts["left_out"]) >= {"cube", "hearing"}


def test_ids_do_not_depend_on_what_they_do_not_use(toy_flags: dict[str, Any]) -> None:
    (job,) = planned(toy_flags).todo
    assert "weights" not in str(sorted(_told(job)))


def _told(job: Any) -> set[str]:
    from harness.core.digest import _fields

    return set(_fields(job))


def needing(name: str, stream: str, *, by_name: bool = False) -> MethodChoice:
    spec = MethodSpec(name, "1", lambda task, options: Method(), backbone="none", streams=("frames", stream))
    return MethodChoice(spec, "", {}, FrameInput(size=32), "none", by_name)


def chosen(*methods: MethodChoice) -> Choice:
    return Choice(methods, [], None)


def test_one_reason_is_told_alone() -> None:
    with pytest.raises(CannotRun) as told:
        runnable(chosen(needing("listener", "audio")))
    assert str(told.value).startswith("method 'listener' needs audio of each clip")


def test_several_reasons_are_told_with_their_methods() -> None:
    with pytest.raises(CannotRun) as told:
        runnable(chosen(needing("listener", "audio"), needing("reader", "text")))
    first, *reasons = str(told.value).splitlines()
    assert first == "no method can run here:"
    assert [reason.partition(":")[0] for reason in reasons] == ["listener", "reader"]
