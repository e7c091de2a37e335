"""`harness compare` on planted results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, recall_score

from helpers.commands import Invoke
from helpers.planted import Planted, TestSet


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    planted, on = Planted(tmp_path / "planted"), TestSet("ferv39k", "1", films=0)
    planted.row("first", 0.9, on=on, seeds=(1, 2, 3))
    planted.row("second", 0.4, on=on)
    planted.row("elsewhere", 0.4, on=TestSet("mafw", "12345", clips=30))
    return planted.root


def test_compare_as_json(invoke: Invoke, runs: Path) -> None:
    (found,) = json.loads(invoke("compare", "second", "first", "--runs", runs, "--json").out)
    assert found["dataset"] == "ferv39k"
    war, uar = found["war"], found["uar"]
    assert war["low"] < war["difference"] < war["high"] < 0
    assert war["p"] < 1e-3
    assert uar["difference"] == pytest.approx(
        np.mean([line["first"] - line["second"] for line in found["recall"]]), abs=1e-6
    )
    assert sum(line["clips"] for line in found["recall"]) == found["clips"] == 300
    assert all((flip["first"] == flip["label"]) == (flip["right"] == "first") for flip in found["flips"])
    assert {"gflops", "latency_ms", "params_trainable"} <= {line["cost"] for line in found["cost"]}


def test_compare_against_the_usual_packages(invoke: Invoke, tmp_path: Path) -> None:
    import pandas as pd

    planted, on = Planted(tmp_path / "two"), TestSet(clips=80)
    planted.row("a", 0.8, on=on)
    planted.row("b", 0.5, on=on)
    (found,) = json.loads(invoke("compare", "a", "b", "--runs", planted.root, "--json").out)
    a, b = (
        pd.concat(pd.read_parquet(path) for path in sorted(planted.root.glob(f"dfew/{name}/*/predictions.parquet")))
        for name in "ab"
    )
    assert found["war"]["difference"] == pytest.approx(
        accuracy_score(a.label, a.prediction) - accuracy_score(b.label, b.prediction)
    )
    assert found["uar"]["difference"] == pytest.approx(
        recall_score(a.label, a.prediction, average="macro") - recall_score(b.label, b.prediction, average="macro")
    )
    right = [(frame.label == frame.prediction).to_numpy() for frame in (a, b)]
    difference = right[0].astype(float) - right[1]
    interval = stats.bootstrap((difference,), np.mean, method="percentile", rng=0).confidence_interval
    assert (found["war"]["low"], found["war"]["high"]) == pytest.approx((interval.low, interval.high), abs=0.01)
    wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
    exact = stats.binomtest(wins, wins + losses).pvalue
    assert found["war"]["p"] == pytest.approx(exact - stats.binom.pmf(min(wins, losses), wins + losses, 0.5))
    assert len(found["flips"]) == wins + losses


def test_compare_for_people(invoke: Invoke, runs: Path) -> None:
    shown = invoke("compare", "first", "second", "--runs", runs, "--flips", "3").out
    for text in ("FERV39k: A = first, B = second, 300 clips", "Recall (percent)", "clips flipped", "(3 shown)", "Cost"):
        assert text in shown


def test_compare_names_what_differs(invoke: Invoke, tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "p"), TestSet(clips=30)
    planted.row("a", on=on, folds="123")
    planted.row("b", on=on, identity={"protocol": {"selection": "oracle"}})
    (found,) = json.loads(invoke("compare", "a", "b", "--runs", planted.root, "--json").out)
    assert "protocols differ in selection: last, oracle" in found["notes"]
    assert not any("hardware" in note for note in found["notes"])
    other = {"hardware": {"cpu": "Other", "cores": 9}, "threads": 2, "finished": "2026-11-20T10:00:00+00:00"}
    planted.row("c", on=on, provenance=other)
    (found,) = json.loads(invoke("compare", "a", "c", "--runs", planted.root, "--json").out)
    assert any("Test CPU, 2 cores, 1 thread and Other, 9 cores, 2 threads" in note for note in found["notes"])
    assert found["clips"] == 90
    assert any(note.startswith("90 of 150 clips compared") for note in found["notes"])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("frist", "second"), "no row named 'frist'; did you mean 'first'?"),
        (("first", "elsewhere"), "no dataset in common"),
        (("first", "first"), "the same row"),
    ],
)
def test_compare_users_errors(invoke: Invoke, runs: Path, names: tuple[str, str], message: str) -> None:
    answer = invoke("compare", *names, "--runs", runs)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err


def test_several_rows_of_a_name_are_told_by_their_hash(invoke: Invoke, tmp_path: Path) -> None:
    planted, on = Planted(tmp_path / "p"), TestSet("ferv39k", "1", clips=40)
    for tokens in (4, 8):
        planted.row("a", on=on, identity={"options": {"tokens": tokens}})
    planted.row("b", on=on)
    answer = invoke("compare", "a", "b", "--runs", planted.root)
    assert answer.code == 2
    assert "name each by its hash" in answer.err
    row = answer.err.split("hash: ")[1].split(" ")[0].strip()
    assert invoke("compare", row, "b", "--runs", planted.root).code == 0


def test_compare_says_which_row_lacks_its_predictions(invoke: Invoke, runs: Path) -> None:
    for path in runs.glob("*/second/*/predictions.parquet"):
        path.unlink()
    answer = invoke("compare", "first", "second", "--runs", runs)
    assert answer.code == 2
    assert "no stored predictions of 'second' on ferv39k (" in answer.err
    assert "No such file" in answer.err
