"""What goes into model cards: both forms, read by the library of the Hub they are for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from harness.leaderboard import Papers, render
from harness.leaderboard.board.published import read_published
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet

HOSTILE = "a/../b: [c]\n- x"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cards")
    planted = Planted(folder / "runs")
    for on in (TestSet(clips=40), TestSet("ferv39k", "1", clips=60, films=12)):
        planted.row("coop", 0.9, on=on, seeds=(1, 2))
        planted.row(HOSTILE, 0.2, on=on)
    planted.row("coop", 0.5, on=TestSet(clips=40), seeds=(3,), demo=True)
    planted.row("partial", 0.5, on=TestSet(clips=40), folds="12")
    papers = Papers(read_published(), registry.methods())
    render(Store(planted.root), folder / "out", registry.datasets(), registry.metrics(), papers)
    return folder / "out"


def test_the_model_index_is_hugging_faces(out: Path) -> None:
    cards = pytest.importorskip("huggingface_hub.repocard_data")
    data = json.loads((out / "model-index.json").read_text())
    for model in data["model-index"]:
        _, results = cards.model_index_to_eval_results([model])
        assert {result.metric_type for result in results} == {"accuracy", "recall"}
        assert all(0 <= result.metric_value <= 100 for result in results)


def test_each_model_has_a_folder_that_the_hub_reads(out: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    if not hasattr(hub, "parse_eval_result_entries"):
        pytest.skip("this release of huggingface_hub is older than the form")
    rows = json.loads((out / "leaderboard.json").read_text())["tables"]
    wars = {round(100 * row["metrics"]["war"]["mean"], 2) for table in rows for row in table["rows"] if row["complete"]}
    folders = sorted(path for path in (out / "model-cards").iterdir())
    assert len(folders) == 2  # a row with folds left out has no mean, and no card
    values = set()
    for folder in folders:
        for path in folder.glob(".eval_results/*.yaml"):
            entries = hub.parse_eval_result_entries(yaml.safe_load(path.read_text()))
            assert [entry.task_id for entry in entries] == ["war", "uar"]
            assert {entry.dataset_id for entry in entries} == {path.stem}
            values.add(entries[0].value)
    assert values == wars


def test_a_card_says_what_its_number_is_worth(out: Path) -> None:
    texts = {path.stem: path.read_text() for path in out.glob("model-cards/*coop*/.eval_results/*.yaml")}
    assert set(texts) == {"dfew", "dfew-demo", "ferv39k"}
    assert "synthetic" in texts["dfew-demo"]
    assert "synthetic" not in texts["dfew"]
    assert "mean of 5 folds, seeds 1 2, last epoch; 95 % interval" in texts["dfew"]
    assert "protocol " in texts["dfew"]
