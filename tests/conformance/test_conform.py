"""`harness conform` as a whole: what it takes, what it says of a plugin that does not load, and all that ships."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.conformance import smaller
from harness.conformance.catalogue import CHECKS, MEANINGS
from harness.conformance.conform import conform
from harness.conformance.report import Report
from harness.core.errors import HarnessError, UnknownName
from harness.plugin import registry
from helpers.commands import forget

HEAD = """
import torch
from torch import nn
from harness import FrameInput, Method, MethodSpec, Stage, hookimpl

class Head(Method):
    def __init__(self, task, options):
        super().__init__()
        self.encoder = task.backbone.frame_encoder()
        self.head = nn.Linear(task.backbone.width, len(task.classes))

    def forward(self, inputs):
        return self.head(inputs.mean(1))

    def stages(self):
        return [Stage("head", 2, 8, {"head": 0.05})]

"""
HOOK = "@hookimpl\ndef register_methods():\n"
SPEC = "    return [MethodSpec('mine', '1', Head, features='train+test')]\n"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    forget("mine")


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.py"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str) -> Report:
    return conform(str(write(folder, text)))[0]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("import torch\ndef broken(:\n", 2, "SyntaxError"),
        ("import os\nimport not_installed_anywhere\n", 2, "ModuleNotFoundError"),
        (HEAD + "def register_methods():\n" + SPEC, 18, "is not marked as a hook"),
        (HEAD + "@hookimpl\ndef register_method():\n" + SPEC, 19, "did you mean 'register_methods'"),
        (HEAD + HOOK + "    raise KeyError('lost')\n", 19, "register_methods failed: KeyError"),
        (HEAD + HOOK + "    return [Head]\n", 19, "which is not a MethodSpec"),
        (HEAD + "torch.set_default_dtype(torch.float64)\n" + HOOK + SPEC, 18, "changed torch's default dtype"),
        (HEAD + HOOK + SPEC.replace("'1', Head", "'1', Head, options=int"), 19, "are not a dataclass"),
    ],
)
def test_a_plugin_that_does_not_load_is_told_of_with_the_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    report = loaded(tmp_path, text)
    assert "load" in report.failed
    (finding,) = [finding for finding in report.findings if finding.check == "load"]
    assert told in finding.message
    assert finding.place == f"mine.py:{line}"


@pytest.mark.slow
def test_each_method_of_a_file_is_checked(tmp_path: Path) -> None:
    two = SPEC.replace("]\n", ", MethodSpec('other', '1', Head)]\n")
    told: list[tuple[str, str]] = []
    reports = conform(
        str(write(tmp_path, HEAD + HOOK + two)), lambda method, result: told.append((method, result.check))
    )
    assert [(report.method, report.ok) for report in reports] == [("mine", True), ("other", False)]
    assert reports[1].failed == ("encoder",)
    names = [check.name for check in CHECKS]
    assert told == [("mine.py", "load"), *(("mine", n) for n in names), *(("other", n) for n in names)]


def test_what_is_no_method_is_a_users_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"unknown method 'cop'; did you mean 'coop'\?"):
        conform("cop")
    with pytest.raises(HarnessError, match="no such file"):
        conform(str(tmp_path / "nowhere.py"))
    with pytest.raises(HarnessError, match="offers no method"):
        conform(str(write(tmp_path, "from harness import hookimpl\n")))


@pytest.mark.slow
def test_a_small_form_is_laid_over_the_demos(tmp_path: Path) -> None:
    small = "    return [MethodSpec('mine', '1', Head, features='train+test', demo={'input.frames': 6}, small=%s)]\n"
    report = loaded(tmp_path, HEAD + HOOK + small % "{'input.frames': 2}")
    assert report.ok
    assert [result.notes for result in report.results if result.check == "shapes"] == [("(1, 2, 16) to (1, 11)",)]


PIXELS = """
from torch import nn
from harness import FrameInput, Method, MethodSpec, Stage, hookimpl

class Head(Method):
    def __init__(self, task, options):
        super().__init__()
        self.head = nn.Linear(3, len(task.classes))

    def forward(self, inputs):
        return self.head(inputs.mean((1, 3, 4)))

    def stages(self):
        return [Stage("head", 2, 8, {"": 1.0}, optimizer="adam")]

"""


@pytest.mark.slow
@pytest.mark.parametrize(("small", "frames", "size"), [("{}", 4, 48), ("{'input.frames': 8}", 8, 96)])
def test_a_slow_network_without_a_small_form_sees_less(
    small: str, frames: int, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smaller, "PATIENCE", 0.0)
    spec = f"    return [MethodSpec('mine', '1', Head, backbone='none', input=FrameInput(16, 96), small={small})]\n"
    report = loaded(tmp_path, PIXELS + HOOK + spec)
    assert report.findings == ()
    notes = {result.check: result.notes for result in report.results}
    assert notes["shapes"] == (f"(1, {frames}, 3, {size}, {size}) to (1, 11)",)
    less = ("checked with input.frames=4 and input.size=48, since its spec has no small form",)
    assert notes["settle"] == (less if small == "{}" else ())


def test_a_small_form_is_part_of_no_identity() -> None:
    from dataclasses import replace

    spec = registry.method("coop").spec
    assert replace(spec, small={"input.frames": 2}).settle({}) == spec.settle({})
    assert "small" not in spec.facts()


def test_every_check_has_a_meaning_and_a_name_of_its_own() -> None:
    assert len(MEANINGS) == len(CHECKS) + 1


BUILT_IN = sorted(
    offer.spec.name for offer in registry.plugins().offers("methods").values() if "harness_plugins" in offer.plugin
)


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_method_that_ships_passes(name: str) -> None:
    (report,) = conform(name)
    assert report.findings == ()
    assert all(result.verdict != "skipped" or result.notes == ("nothing is trained",) for result in report.results)
