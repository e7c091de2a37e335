"""`harness conform`: lines for people, facts for programs, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.conformance.catalogue import MEANINGS
from helpers.commands import Invoke, forget

PLUGIN = """
from torch import nn
from harness import Method, MethodSpec, Stage, hookimpl

class Head(Method):
    def __init__(self, task, options):
        super().__init__()
        print("built")
        self.encoder = task.backbone.frame_encoder()
        self.head = nn.Linear(task.backbone.width, len(task.classes))

    def forward(self, inputs):
        return self.head(inputs.mean(1)){more}

    def stages(self):
        return [Stage("head", 2, 8, {{"head": 0.05}})]

@hookimpl
def register_methods():
    return [MethodSpec("own", "1", Head, features="train+test")]
"""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    forget("own")


@pytest.mark.slow
def test_a_method_that_passes(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(PLUGIN.format(more=""))
    answer = invoke("conform", "own.py")
    assert answer.code == 0
    assert answer.out.startswith(f"own: {len(MEANINGS)} checks passed in ")
    lines = [line.split()[:3] for line in answer.err.splitlines() if line.startswith("own")]
    assert lines == [["own.py:" if name == "load" else "own:", "passed", name] for name in MEANINGS]


def test_a_method_that_fails(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(PLUGIN.format(more=".softmax(-1)"))
    answer = invoke("conform", "own.py")
    assert answer.code == 1
    assert "own: logits: own.py:12: forward gives probabilities" in answer.out
    assert answer.out.splitlines()[-1] == "own: failed logits, alone"


@pytest.mark.slow
def test_facts_for_programs(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(PLUGIN.format(more=".softmax(-1)"))
    answer = invoke("conform", "zero-shot-clip", "own.py", "--json")
    facts = json.loads(answer.out)
    assert (answer.code, facts["ok"]) == (1, False)
    assert [(method["method"], method["ok"]) for method in facts["methods"]] == [
        ("zero-shot-clip", True),
        ("own", False),
    ]
    checks = {check["check"]: check for check in facts["methods"][1]["checks"]}
    assert list(checks) == list(MEANINGS)
    (finding,) = checks["logits"]["findings"]
    assert (finding["check"], finding["place"]) == ("logits", "own.py:12")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nowhere.py"], "no such file"),
        (["cop"], "unknown method 'cop'; did you mean 'coop'?"),
    ],
)
def test_a_users_error_exits_2(invoke: Invoke, args: list[str], told: str) -> None:
    answer = invoke("conform", *args)
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err
