"""Which methods a request means: all, the demo's core, sketches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.core.request import build_request
from harness.models.spec import MethodSpec
from harness.planning.plan import make_plan
from harness.plugin import registry
from helpers.commands import forget

PLUGIN = """
from dataclasses import replace

from harness import FrameInput, MethodSpec, hookimpl
from helpers.toy import Linear, Options


@hookimpl
def register_methods():
    core = MethodSpec("core", "1", Linear, Options, FrameInput(frames=2, views=0), backbone="none")
    core = replace(core, input=FrameInput(frames=2, size=16, views=0))
    return [
        core,
        replace(core, name="long", in_demo=False),
        replace(core, name="loose", exactness="sketch"),
        replace(core, name="loose-sketch", exactness="sketch"),
    ]
"""


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, toy_plugin: None) -> Iterator[None]:
    file = tmp_path / "sketches.py"
    file.write_text(PLUGIN)
    registry.plugins().add_file(file)
    yield
    forget("sketches")


def planned(flags: dict[str, Any], **more: Any) -> set[str]:
    given = {name: value for name, value in {**flags, **more}.items() if value is not None}
    return {planned.job.method for planned in make_plan(build_request(given)).jobs}


def test_the_demo_runs_its_core_and_all_is_all_but_sketches(toy_flags: dict[str, Any]) -> None:
    mine = {"core", "long", "loose", "loose-sketch"}
    assert planned(toy_flags, methods=None, demo=True, backbone="tiny") & mine == {"core"}
    assert planned(toy_flags, methods="all", demo=True) & mine == {"core", "long"}
    assert planned(toy_flags, methods=None) & mine == {"core", "long"}


def test_what_is_asked_for_by_name_runs(toy_flags: dict[str, Any]) -> None:
    assert planned(toy_flags, methods="long,loose-sketch", demo=True) == {"long", "loose-sketch"}


def test_a_name_that_says_sketch_and_a_spec_that_does_not_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="method 'mine-sketch': its name calls it a sketch, and exactness='reading'"):
        MethodSpec("mine-sketch", "1", "module:Mine", exactness="reading")
