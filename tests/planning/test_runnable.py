"""What cannot run on this machine is left out and named; where nothing can, the reasons are told once each."""

from __future__ import annotations

import pytest

from harness import FrameInput, Method, MethodSpec
from harness.core.errors import CannotRun
from harness.planning.choose import Choice, MethodChoice
from harness.planning.runnable import runnable


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


def test_what_can_run_goes_on_without_what_cannot() -> None:
    able = MethodChoice(
        MethodSpec("seer", "1", lambda task, options: Method(), backbone="none"), "", {}, FrameInput(size=32), "none"
    )
    found = runnable(chosen(needing("listener", "audio"), able))
    assert [method.spec.name for method in found.methods] == ["seer"]
    assert list(found.left_out) == ["listener"]


def test_one_that_was_asked_for_by_name_stops_the_run() -> None:
    with pytest.raises(CannotRun, match="'listener' needs audio"):
        runnable(chosen(needing("listener", "audio", by_name=True)))
