"""Logits that cannot be believed fail the job that gave them; what contradicts the spec is said in the row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from harness.jobs.check_logits import are_probabilities
from harness.plugin import registry
from helpers import spoiler
from helpers.commands import Bench, forget


@pytest.fixture(autouse=True)
def odd() -> Iterator[None]:
    registry.plugins().add_file(Path(spoiler.__file__))
    yield
    forget("spoiler")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("probabilities", "forward returned probabilities"),
        ("beside", "are others when it is predicted again beside other clips"),
        ("random", "are others when it is predicted again beside other clips"),
        ("alone", "are others when it is predicted again alone"),
        ("whole numbers", "forward returned logits of torch.int64; they have to be floating-point numbers"),
    ],
)
def test_logits_that_cannot_be_believed(kind: str, told: str, toy_bench: Bench) -> None:
    (result,) = toy_bench(methods="odd", set={"odd": {"kind": kind}})
    assert result["status"] == "failed"
    assert told in result["error"]


def test_plain_logits_are_believed(toy_bench: Bench) -> None:
    (result,) = toy_bench(methods="odd")
    assert (result["status"], result["warnings"]) == ("done", [])


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("constant", "all clips have the same logits: it tells no clip from another"),
        ("counted", "built again from its weights and options, the method is another: it predicts otherwise"),
    ],
)
def test_what_a_row_says_of_its_logits(kind: str, told: str, toy_bench: Bench) -> None:
    (result,) = toy_bench(methods="odd", set={"odd": {"kind": kind}})
    assert result["status"] == "done"
    assert any(told in warning for warning in result["warnings"])


def test_what_contradicts_the_spec_is_said_in_the_row(toy_bench: Bench) -> None:
    (result,) = toy_bench(methods="unread")
    assert any("features='none', but it is fed features" in warning for warning in result["warnings"])


@given(st.integers(1, 20), st.integers(2, 7), st.integers(0, 100))
def test_softmaxes_are_probabilities_and_logits_are_not(clips: int, classes: int, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(clips, classes)).astype(np.float32)
    assert are_probabilities(softmax(logits, axis=1).astype(np.float32))
    assert not are_probabilities(logits)
