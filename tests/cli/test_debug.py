"""`bench --debug`: one step and one test batch of each job, told in detail, and nothing stored as a result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor, nn, zeros

from harness.models.batch import Outputs
from harness.models.shapes import shapes, shapes_said
from harness.plugin import registry
from helpers.commands import Bench, Invoke, forget

PLUGIN = '''
from torch import nn

from harness import FrameInput, Method, MethodSpec, Stage, hookimpl


class Grows(Method):
    """A first stage that leaves a layer alone, and a second one that adds a layer."""

    def __init__(self, task, options):
        super().__init__()
        self.idle = nn.Linear(2, 2)
        self.head = nn.Linear(3 * task.input.size**2, len(task.classes))
        self.last = None

    def forward(self, inputs):
        logits = self.head(inputs.mean(1).flatten(1))
        return logits if self.last is None else self.last(logits)

    def grow(self):
        self.last = nn.Linear(3, 3)

    def stages(self):
        first = Stage("first", 7, 4, {"head": 0.1, "idle": 0.1})
        return [first, Stage("second", 5, 2, {"last": 0.1}, before=self.grow), Stage("never", 0, 4, {"head": 0.1})]


class Narrow(Grows):
    def __init__(self, task, options):
        super().__init__(task, options)
        self.head = nn.Linear(5, len(task.classes))


@hookimpl
def register_methods():
    seen = FrameInput(frames=2, views=0)
    return [MethodSpec("grows", "1", Grows, input=seen), MethodSpec("narrow", "1", Narrow, input=seen)]
'''


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "debugged.py"
    file.write_text(PLUGIN)
    registry.plugins().add_file(file)
    yield file
    forget("debugged")


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_it_shows_every_module_the_loss_and_the_gradients(
    invoke: Invoke, toy_args: list[str], plugin: Path, tmp_path: Path
) -> None:
    answer = invoke(*toy_args, "--methods", "grows", "--debug")
    shown = lines(answer.out)
    assert answer.code == 0
    assert shown[:4] == [
        "toy/1 grows seed 1, 4 training clips and 4 test clips",
        "stage first: one step on 4 clips",
        "head Linear (4, 3072) -> (4, 3)",
        "(the method) Grows (4, 2, 3, 32, 32) -> (4, 3)",
    ]
    assert shown[4].startswith("loss 1.")
    assert [line.partition(": ")[2] for line in shown if line.startswith("gradient ")] == [
        "head.weight (3, 3072)",
        "head.bias (3,)",
        "last.weight (3, 3)",
        "last.bias (3,)",
    ]
    assert [line for line in shown if line.startswith("no gradient")] == [
        "no gradient: idle.weight (2, 2)",
        "no gradient: idle.bias (2,)",
    ]
    second = shown[shown.index("stage second: one step on 2 clips") :]
    assert second[1:3] == ["head Linear (2, 3072) -> (2, 3)", "last Linear (2, 3) -> (2, 3)"]
    assert "stage never: 0 epochs, so no step" in shown
    assert sum(line.startswith("loss ") for line in shown) == 2
    tested = shown[shown.index("test: 4 clips") :]
    assert "last Linear (4, 3) -> (4, 3)" in tested
    assert tested[-2:] == ["logits (4, 3), all finite", "1 of 1 jobs took their step; nothing is stored"]
    assert not (tmp_path / "runs").exists()


def test_what_is_stored_stays_as_it_is(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    invoke(*toy_args)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*")}
    answer = invoke(*toy_args, "--folds", "all", "--seeds", "1,2", "--executor", "inline", "--debug")
    assert "4 of 4 jobs took their step" in answer.out
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*")} == before


def test_features_that_it_caches_are_those_of_a_run(
    invoke: Invoke, toy_args: list[str], toy_bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = ["--methods", "coop", "--set", "coop.epochs=1", "--set", "coop.input.views=1"]
    for selection in ("last", "val"):
        assert invoke(*toy_args, *quick, "--selection", selection, "--debug").code == 0
    assert list((tmp_path / "cache" / "features").glob("*/*.npy"))
    options = {"coop": {"epochs": 1, "input.views": 1}}
    after = toy_bench(methods="coop", set=options)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "fresh"))
    fresh = toy_bench(methods="coop", set=options, out=tmp_path / "others")
    logits = [r.predictions(r[0]).filter(like="logit.").to_numpy() for r in (after, fresh)]
    np.testing.assert_array_equal(*logits)


def test_one_that_fails_shows_the_whole_traceback_and_where_and_the_others_go_on(
    invoke: Invoke, toy_args: list[str], plugin: Path
) -> None:
    answer = invoke(*toy_args, "--methods", "narrow,linear", "--debug")
    assert answer.code == 1
    assert "head Linear (4, 3072) -> failed" in lines(answer.out)
    assert "1 of 2 jobs took their step" in answer.out
    assert "Traceback (most recent call last):" in answer.err
    assert f'File "{plugin}"' in answer.err
    assert answer.err.rstrip().endswith("mat1 and mat2 shapes cannot be multiplied (4x3072 and 5x3)")


def test_an_error_of_the_contract_fails_it_too(invoke: Invoke, toy_args: list[str]) -> None:
    for fault, told in (("raise", "broken on purpose"), ("nan", "loss is nan in stage 'head'")):
        answer = invoke(*toy_args, "--set", f"linear.fault={fault}", "--debug")
        assert (answer.code, told in answer.err) == (1, True)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--executor", "ray"], "--debug runs in this process only: leave out --executor ray, or say inline"),
        (["--json"], "--debug prints for people what it does: leave out --json"),
        (["--dry-run"], "leave out --dry-run"),
    ],
)
def test_what_it_cannot_be_combined_with_is_said(
    flags: list[str], message: str, invoke: Invoke, toy_args: list[str]
) -> None:
    answer = invoke(*toy_args, *flags, "--debug")
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err


def test_without_an_executor_it_runs_here(invoke: Invoke, toy_args: list[str]) -> None:
    given = [word for word in toy_args if word not in ("--executor", "inline")]
    assert invoke(*given, "--debug", "--quiet").code == 0


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (zeros(2, 3), "(2, 3)"),
        (zeros(4, dtype=int), "int64 (4,)"),
        ((zeros(1), [None, zeros(2, 0)]), "(1,), None, (2, 0)"),
        ({"a": zeros(2), "b": 3}, "{a: (2,), b: int}"),
        (Outputs(zeros(2, 3), {"x": zeros(5)}), "(2, 3) and {x: (5,)}"),
        ((), "nothing"),
    ],
)
def test_shapes_of_any_nest(value: object, told: str) -> None:
    assert shapes(value) == told


def test_named_arguments_caught_errors_and_modules_of_elsewhere_are_told_right() -> None:
    class Inner(nn.Module):
        def forward(self, x: Tensor, fail: bool = False) -> Tensor:
            if fail:
                raise ValueError("caught")
            return x

    class Outer(nn.Module):
        def __init__(self, hidden: nn.Module) -> None:
            super().__init__()
            self.inner = Inner()
            vars(self)["hidden"] = hidden

        def forward(self, x: Tensor) -> Tensor:
            with suppress(ValueError):
                self.inner(x, fail=True)
            nn.Flatten()(x)
            return vars(self)["hidden"](self.inner(x=x))

    said: list[str] = []
    outer = Outer(nn.Linear(3, 1))
    with shapes_said(outer, said.append):
        outer(zeros(2, 3))
        outer(zeros(2, 3))
    outer(zeros(5, 3))
    assert not any(module._forward_hooks for module in (outer, outer.inner, vars(outer)["hidden"]))
    assert [" ".join(line.split()) for line in said] == [
        "inner Inner {x: (2, 3)} -> (2, 3)",
        "(no part of it) Linear (2, 3) -> (2, 1)",
        "(the method) Outer (2, 3) -> (2, 1)",
    ]


def test_the_plan_of_a_debugged_job_is_no_result(invoke: Invoke, toy_args: list[str]) -> None:
    invoke(*toy_args, "--debug")
    assert json.loads(invoke(*toy_args, "--dry-run", "--json").out)["states"] == {"missing": 1}
