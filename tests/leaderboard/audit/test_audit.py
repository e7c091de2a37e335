"""Planted cheats and weaknesses are found, and an honest row is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.leaderboard import load
from harness.leaderboard.audit import Finding, audit
from harness.leaderboard.audit.clip_findings import near_duplicates
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted(tmp_path / "runs")


@pytest.fixture
def on() -> TestSet:
    return TestSet("ferv39k", "1")


def found(planted: Planted, code: str | None = None) -> list[Finding]:
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    every = audit(board, registry.plugins().offers("methods"))
    return [finding for finding in every if code in (None, finding.code)]


def test_an_honest_row_is_left_alone(planted: Planted, on: TestSet) -> None:
    planted.row("mine", 0.7, on=on)
    assert [finding.code for finding in found(planted)] == ["unknown-method"]


def test_fields_in_which_protocols_differ_are_named(planted: Planted, on: TestSet) -> None:
    planted.row("a", on=on)
    planted.row("b", on=on, identity={"protocol": {"crop_source": "other crops", "test_views": 6}})
    (finding,) = found(planted, "protocols-differ")
    assert dict(finding.values["fields"]) == {"crop_source": ("crops", "other crops"), "test_views": (1, 6)}
    assert "crop_source: crops and other crops" in finding.message


def test_a_class_never_named_rightly(planted: Planted, on: TestSet) -> None:
    logits = on.predict("1", 1, 1)
    logits[:, 5] = -9
    planted.row("blind", on=on, logits={("1", 1): logits})
    (finding,) = found(planted, "zero-recall")
    assert finding.values["classes"] == ["disgust"]


def test_seeds_that_spread_more_than_folds(planted: Planted) -> None:
    on = TestSet()
    logits = {(fold, seed): on.predict(fold, [2.0, 0.0][seed - 1], seed) for fold in on.folds for seed in (1, 2)}
    planted.row("shaky", on=on, seeds=(1, 2), logits=logits)
    assert {finding.values["metric"] for finding in found(planted, "seeds-spread")} == {"war", "uar"}


def test_test_data_seen(planted: Planted, on: TestSet) -> None:
    seen = {"war": 0.5, "uar": 0.4}
    planted.row("open", on=on, identity={"protocol": {"selection": "oracle"}}, metrics_last=seen)
    planted.row("hidden", on=on, history={"test_war": 0.6, "test_uar": 0.5})
    hidden, oracle = found(planted, "test-data-seen")
    assert (hidden.level, hidden.name.split(",")[0]) == ("error", "hidden")
    assert oracle.level == "warning"
    assert "oracle gap to the last epoch in points: WAR +" in oracle.message
    assert set(oracle.values["gap"]) == {"war", "uar"}


def test_scores_that_predictions_do_not_bear_out(planted: Planted, on: TestSet) -> None:
    planted.row("boasting", on=on, metrics={"war": 0.99, "uar": 0.99})
    planted.row("doctored", on=on, confusion=np.eye(7, dtype=int).tolist())
    names = [finding.name.split(",")[0] for finding in found(planted, "scores-differ")]
    assert sorted(names) == ["boasting", "boasting", "doctored"]


def test_predictions_that_the_logits_do_not_make(planted: Planted, on: TestSet) -> None:
    logits = on.predict("1", 0.5, 1)
    folder = planted.add("wishful", "1", 1, logits, on=on)
    frame = pd.read_parquet(folder / "predictions.parquet")
    frame.filter(like="logit.").mul(-1).combine_first(frame)[frame.columns].to_parquet(folder / "predictions.parquet")
    (finding,) = found(planted, "logits-differ")
    assert (finding.level, finding.message) == (
        "error",
        "seed 1: 300 predictions are not the class of the largest logit",
    )


def test_a_result_edited_by_hand(planted: Planted, on: TestSet) -> None:
    planted.row("edited", on=on, on_bad_sample="skip")
    planted.row("borrowed", on=on, identity={"protocol": {"test_views": 6}}, protocol_hash="0" * 12)
    texts = [finding.message for finding in found(planted, "edited")]
    assert len(texts) == 2
    assert any("its protocol hash 000000000000 is not that of its protocol" in text for text in texts)
    assert any("it was edited: fold 1 seed 1" in text for text in texts)


def test_a_metric_that_no_rank_hangs_on_is_a_warning(planted: Planted, on: TestSet) -> None:
    logits = on.predict("1", 0.5, 1)
    folder = planted.add("vain", "1", 1, logits, on=on)
    result = json.loads((folder / "result.json").read_text())
    result["metrics"]["macro_f1"] = 0.99
    (folder / "result.json").write_text(json.dumps(result))
    (finding,) = found(planted, "scores-differ")
    assert (finding.level, finding.values["metric"]) == ("warning", "macro_f1")


def test_relabelled_clips(planted: Planted, on: TestSet) -> None:
    for method in ("a", "b"):
        planted.row(method, on=on)
    logits = on.predict("1", -2, 5)
    planted.add("relabelled", "1", 1, logits, on=on, labels=logits.argmax(1))
    (finding,) = found(planted, "other-clips")
    assert (finding.level, finding.name.split(",")[0]) == ("error", "relabelled")


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_near_duplicate_clips(planted: Planted, on: TestSet, noise: float) -> None:
    for method in ("a", "b"):
        logits = on.predict("1", 0.5, len(method))
        logits[40] = logits[17] + noise
        planted.row(method, on=on, logits={("1", 1): logits})
    (finding,) = found(planted, "near-duplicates")
    assert [pair["clips"] for pair in finding.values["pairs"]] == [["1-00017", "1-00040"]]


def test_clips_are_no_duplicates_by_chance() -> None:
    rng = np.random.default_rng(0)
    assert near_duplicates([rng.normal(size=(3000, 3))]) == []
    assert near_duplicates([rng.normal(size=(3000, 7))]) == []


def test_short_clip_bias(planted: Planted, on: TestSet) -> None:
    short = on.frames["1"] < 16
    logits = np.where(short[:, None], on.predict("1", -1.0, 1), on.predict("1", 1.5, 2))
    planted.row("long-sighted", on=on, logits={("1", 1): logits})
    (finding,) = found(planted, "short-clip-bias")
    assert finding.values["short"] < finding.values["long"]
    few, many = (100 * finding.values[name] for name in ("short", "long"))
    labels = on.labels["1"]
    compared = [label for label in set(labels) if min(sum(labels[short] == label), sum(labels[~short] == label)) >= 5]
    counts = [np.isin(labels[side], compared).sum() for side in (short, ~short)]
    assert finding.message == (
        f"short-clip bias: UAR {few:.2f} on the {counts[0]} clips under 16 frames, {many:.2f} on the {counts[1]} "
        f"longer ones ({many - few:+.2f} points)"
    )


@pytest.mark.parametrize(
    ("identity", "source", "message"),
    [
        ({"version": "0"}, None, "made by version 0 of the plugin, which is now 1"),
        ({"version": "1"}, "0" * 64, "other source of the plugin"),
    ],
)
def test_rows_older_than_their_plugin(
    planted: Planted, on: TestSet, identity: dict[str, Any], source: str | None, message: str
) -> None:
    sha = source or registry.method("coop").source_sha256
    plugin = {"name": "coop", "version": identity["version"], "source_sha256": sha}
    planted.row("coop", on=on, identity=identity, plugin=plugin)
    (finding,) = found(planted, "older-than-plugin")
    assert message in finding.message


def test_missing_folds_and_broken_files(planted: Planted) -> None:
    on = TestSet(clips=40)
    planted.row("partial", on=on, folds="1245")
    planted.row("broken", on=on)
    next(planted.root.glob("dfew/broken/3-*/predictions.parquet")).write_bytes(b"nonsense")
    (missing,) = found(planted, "not-ranked")
    assert "no fold 3 seed 1" in missing.message
    (broken,) = found(planted, "bad-predictions")
    assert broken.level == "error"


def test_equal_seeds_are_no_repetitions(planted: Planted, on: TestSet) -> None:
    logits = on.predict("1", 0.5, 1)
    planted.row("still", on=on, seeds=(1, 2), logits={("1", 1): logits, ("1", 2): logits})
    assert [finding.level for finding in found(planted, "equal-seeds")] == ["note"]


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"selection": "oracle"}, "edited", "its selection oracle is not that of its protocol"),
        ({"classes": ["joy"]}, "edited", "its classes joy is not that of its protocol"),
        ({"metrics_last": {"war": 0.1}}, "test-data-seen", "as an oracle: fold 1 seed 1"),
    ],
)
def test_what_contradicts_the_protocol(
    planted: Planted, on: TestSet, change: dict[str, Any], code: str, told: str
) -> None:
    planted.add("vain", "1", 1, on.predict("1", 0.5, 1), on=on, **change)
    (finding,) = found(planted, code)
    assert finding.level == "error"
    assert told in finding.message


def test_a_fold_that_is_a_copy_of_another(planted: Planted) -> None:
    on = TestSet(clips=40)
    on.ids = lambda fold: [f"{'1' if fold == '3' else fold}-{number:05d}" for number in range(40)]  # type: ignore[method-assign]
    planted.row("copied", on=on)
    (finding,) = found(planted, "folds-overlap")
    assert "40 test clips are in more than one fold: 1-00000" in finding.message


def test_a_failed_job_is_told_with_its_reason(planted: Planted) -> None:
    on = TestSet(clips=40)
    planted.row("some", on=on, folds="1234")
    planted.add("some", "5", 1, on.predict("5", 0.5, 1), on=on, status="failed", error={"type": "E", "message": "why"})
    (finding,) = found(planted, "failed")
    assert finding.message.endswith("fold 5, seed 1: E: why")


def test_seeds_and_folds_that_spread_alike_are_no_finding(planted: Planted) -> None:
    on = TestSet(clips=40)
    same = {(fold, seed): np.eye(7, dtype=np.float32)[on.labels[fold]] for fold in on.folds for seed in (1, 2)}
    planted.row("perfect", on=on, seeds=(1, 2), logits=same)
    assert found(planted, "seeds-spread") == []
