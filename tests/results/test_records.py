"""The files of a result: their exact keys and types, as the design fixes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from harness.api import Results
from harness.core.dataset_spec import Sample
from harness.plugin import registry
from harness.results.records import check_tensors, history_frame, predictions_frame, tensors_sha256
from helpers.commands import Bench

KEYS = {
    "schema", "id", "status", "dataset", "fingerprint", "split_sha256", "official", "demo", "fold", "seed", "method",
    "variant", "options", "input", "plugin", "backbone", "protocol", "protocol_hash", "selection", "epoch",
    "classes", "metrics", "confusion", "n_scored", "n_unscored", "cost", "phases", "provenance", "warnings", "error",
}  # fmt: skip
MORE = {
    "on_bad_sample",
    "weights",
    "facts",
    "metric_versions",
    "quick",
    "folds",
}  # identity, and what tables say beside it


@pytest.fixture
def results(toy_bench: Bench) -> Results:
    return toy_bench(variant=[{"name": "broken", "method": "linear", "set": {"fault": "raise"}}])


def stored(result: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads((Path(result["path"]) / "result.json").read_text(encoding="utf-8")))


def test_result_json_has_the_keys_of_the_design_whatever_its_status(results: Results) -> None:
    for result in results:
        assert set(stored(result)) == KEYS | MORE


def test_result_json_has_their_types(results: Results) -> None:
    result = stored(results[0])
    types: dict[type, str] = {
        int: "schema seed epoch n_scored n_unscored",
        str: "id status dataset fingerprint fold method variant protocol_hash selection",
        bool: "official demo",
        dict: "split_sha256 options input plugin backbone protocol metrics cost phases provenance",
        list: "classes confusion warnings folds",
    }
    wrong = {k: type(result[k]) for kind, keys in types.items() for k in keys.split() if type(result[k]) is not kind}
    assert wrong == {}
    assert result["error"] is None
    assert result["folds"] == list(registry.dataset("toy").folds)
    assert set(result["plugin"]) == {"name", "version", "source_sha256"}
    assert set(result["backbone"]) == {"name", "weights", "sha256"}
    assert set(result["split_sha256"]) == {"train", "test"}
    assert set(result["phases"]) == {"load", "encode", "fit", "test", "score"}


def test_metrics_are_fractions_and_agree_with_the_confusion_matrix(results: Results) -> None:
    result = results[0]
    assert {"war", "uar", "macro_f1", "ece", "recall.left", "recall.middle", "recall.right"} <= set(result["metrics"])
    assert all(0 <= value <= 1 for value in result["metrics"].values())
    counts = np.array(result["confusion"])
    assert counts.sum() == result["n_scored"] == 12
    assert result["metrics"]["war"] == pytest.approx(np.trace(counts) / 12)


def test_a_failed_result_has_a_reason_and_no_figures(results: Results) -> None:
    result = stored(results[1])
    assert (result["status"], result["metrics"], result["confusion"], result["epoch"]) == ("failed", {}, None, None)
    assert result["error"]
    assert result["provenance"]["threads"] == 1


def test_predictions_parquet(results: Results) -> None:
    frame = pd.read_parquet(Path(results[0]["path"]) / "predictions.parquet")
    logits = ["logit.left", "logit.middle", "logit.right"]
    assert list(frame.columns) == ["sample_id", "label", "prediction", "frames", "group", *logits]
    assert list(frame["sample_id"]) == [f"{n:03d}" for n in range(0, 24, 2)]
    assert set(frame["label"]) == {"left", "middle", "right"}
    assert {frame[name].dtype for name in logits} == {np.dtype("float32")}
    words = np.array(["left", "middle", "right"])[frame[logits].to_numpy().argmax(axis=1)]
    assert list(frame["prediction"]) == list(words)
    assert set(frame["frames"]) == {4}


def test_history_parquet(results: Results) -> None:
    frame = pd.read_parquet(Path(results[0]["path"]) / "history.parquet")
    assert list(frame.columns) == ["stage", "epoch", "loss", "lr.head", "seconds", "val_war", "val_uar"]
    assert list(frame["epoch"]) == [1, 2]
    assert (frame["lr.head"] == 0.05).all()
    assert frame[["val_war", "val_uar"]].isna().all(axis=None)
    assert {str(frame[name].dtype) for name in ("loss", "seconds", "val_war", "val_uar")} == {"float64"}


@pytest.mark.parametrize(
    ("selection", "filled"), [("val", {"val_war", "val_uar"}), ("oracle", {"test_war", "test_uar"})]
)
def test_only_the_selection_rule_fills_figures(selection: str, filled: set[str], toy_bench: Bench) -> None:
    (result,) = toy_bench(selection=selection)
    frame = pd.read_parquet(Path(result["path"]) / "history.parquet")
    figures = {"val_war", "val_uar", "test_war", "test_uar"} & set(frame.columns)
    assert {name for name in figures if frame[name].notna().all()} == filled
    assert ("test_war" in frame.columns) == (selection == "oracle")


def test_a_history_of_nothing_has_its_columns_and_types(tmp_path: Path) -> None:
    history_frame([]).to_parquet(tmp_path / "h.parquet")
    frame = pd.read_parquet(tmp_path / "h.parquet")
    assert list(frame.columns) == ["stage", "epoch", "loss", "seconds", "val_war", "val_uar"]
    assert len(frame) == 0


def test_predictions_are_sorted_by_id() -> None:
    samples = [Sample("b", Path("b"), 1, "g", 2), Sample("a", Path("a"), 0)]
    frame = predictions_frame(samples, np.array([[0.0, 1.0], [0.5, 0.25]]), ["x", "y"])
    assert frame.to_dict("records") == [
        {"sample_id": "a", "label": "x", "prediction": "x", "frames": 0, "group": "", "logit.x": 0.5, "logit.y": 0.25},
        {"sample_id": "b", "label": "y", "prediction": "y", "frames": 2, "group": "g", "logit.x": 0.0, "logit.y": 1.0},
    ]


def test_a_result_names_plugin_and_source(results: Results) -> None:
    offer = registry.method("linear")
    assert results[0]["plugin"] == {"name": "toy", "version": "1", "source_sha256": offer.source_sha256}


def test_stored_tensors_are_held_against_their_checksum() -> None:
    state = {"head.weight": torch.arange(6.0).reshape(2, 3)}
    checksum = {"sha256": tensors_sha256(state)}
    check_tensors(state, checksum)
    check_tensors(state, {})  # from before there was one
    for other in ({"head.weight": state["head.weight"] + 1}, {"head.bias": state["head.weight"]}):
        with pytest.raises(ValueError, match="its checksum is another"):
            check_tensors(other, checksum)
