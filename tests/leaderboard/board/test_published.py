"""Printed numbers: read as they are, and borne out only by what deserves it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.core.backbone_spec import BackboneId
from harness.core.errors import HarnessError
from harness.core.frame_input import FrameInput
from harness.leaderboard import load
from harness.leaderboard.board.clip_weights import OPENAI, other_backbone
from harness.leaderboard.board.published import BUNDLED, Published, Verdict, read_published, verdicts
from harness.leaderboard.tables.published_page import printed_table
from harness.plugin import registry
from harness.results.store import Store
from helpers.planted import Planted, TestSet

ROOT = Path(__file__).parents[3]
SPREAD = 0.005  # from one seed to the next
BIG = TestSet("ferv39k", "1", clips=2000)  # with three seeds enough for an interval of ± 1.5 points


def judged(tmp_path: Path, war: float | None = None, on: TestSet = BIG, **more: Any) -> list[Verdict]:
    """The verdicts on CoOp's WAR on FERV39k, printed as 42.55, for a planted row of this WAR."""
    planted = Planted(tmp_path / "runs")
    seeds = more.pop("seeds", (1, 2, 3))
    war = 0.4255 if war is None else war
    cells = [(fold, seed) for fold in on.folds for seed in seeds]
    made = {(fold, seed): scored(on, fold, seed, war + SPREAD * (seed - 2)) for fold, seed in cells}
    logits = more.pop("logits", made)
    planted.row("coop", on=on, seeds=seeds, logits=logits, **more)
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    return [item for item in verdicts(board, read_published(), registry.methods()) if item.metric == "WAR"]


def scored(on: TestSet, fold: str, seed: int, war: float) -> np.ndarray:
    """Logits right on exactly this part of the clips, others for each seed."""
    labels, classes = on.labels[fold], len(on.classes)
    right = np.random.default_rng(seed).permutation(len(labels)) < round(war * len(labels))
    return np.eye(classes, dtype=np.float32)[np.where(right, labels, (labels + 1) % classes)] * 3


def test_reproduced_only_inside_the_interval(tmp_path: Path) -> None:
    (near,) = judged(tmp_path / "near", 0.43)
    assert (near.verdict, near.flag) == ("reproduced", "")
    assert near.difference == pytest.approx(0.43 - 0.4255, abs=1e-3)
    assert near.low is not None
    assert near.high is not None
    assert near.low <= near.reported <= near.high
    (far,) = judged(tmp_path / "far", 0.46)
    assert far.verdict == "differs"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"demo": True}, "synthetic demo"),
        ({"seeds": (1, 2)}, "2 of at least 3 seeds"),
        ({"official": False}, "not the official split"),
        ({"quick": True}, "quick run"),
        ({"identity": {"protocol": {"selection": "oracle"}}}, "epoch chosen on the test split"),
        ({"identity": {"backbone": BackboneId("ViT-B-32", "random", "1" * 64)}}, "random or bundled backbone"),
        ({"identity": {"options": {"epochs": 3}}}, "option epochs=3 instead of 50"),
        ({"on": TestSet("ferv39k", "1", clips=700)}, "wider than ± 1.5"),
        ({"n_unscored": 2}, "test clips not scored"),
        ({"metrics": {"war": 0.43, "uar": 0.99}}, "not those that its own predictions give"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_anything_less_is_not_comparable(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    (found,) = judged(tmp_path, **changes)
    assert found.verdict == "not comparable"
    assert reason in found.reason


def test_without_a_spread_over_trainings_nothing_but_the_same_number_is_a_repetition(tmp_path: Path) -> None:
    """The same clips, and three trainings that come out alike: 0.45 points beside them is another method."""
    logits = {("1", seed): scored(BIG, "1", seed, 0.43) for seed in (1, 2, 3)}
    (found,) = judged(tmp_path, logits=logits)
    assert (found.verdict, found.reason) == ("differs", "the reported value lies below where 95 % of repetitions would")


OPENAI_FILE = "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"


@pytest.mark.parametrize(
    ("backbone", "reason"),
    [
        (BackboneId("ViT-B-32", "openai", "1" * 64), ""),
        (BackboneId("ViT-B-32-quickgelu", "openai", "1" * 64), ""),
        (BackboneId("ViT-B-32-quickgelu", "ViT-B-32.pt", OPENAI_FILE), ""),
        (BackboneId("my-clip", "openai", "1" * 64), ""),
        (
            BackboneId("ViT-B-32", "ViT-B-32.pt", OPENAI_FILE),
            "OpenAI's weights with plain GELU: name ViT-B-32-quickgelu",
        ),
        (BackboneId("ViT-B-32", "laion2b_s34b_b79k", "1" * 64), "weights laion2b_s34b_b79k, which are not known"),
        (
            BackboneId("ViT-B-32-quickgelu", "w.pt", "2" * 64),
            "weights w.pt, which are not known to be those",
        ),
    ],
)
def test_a_backbone_is_known_by_its_weights(tmp_path: Path, backbone: BackboneId, reason: str) -> None:
    (found,) = judged(tmp_path, identity={"backbone": backbone})
    assert found.verdict == ("not comparable" if reason else "reproduced")
    assert reason in found.reason


def test_a_paper_that_states_its_architecture_asks_for_it() -> None:
    stated = {"name": "ViT-L-14-quickgelu", "weights": "openai", "sha256": ""}
    assert other_backbone(stated, "ViT-L-14", "openai") == ""
    assert other_backbone(stated, "ViT-B-32", "openai") == "backbone ViT-L-14-quickgelu where the paper states ViT-B-32"
    assert other_backbone({"name": "mine", "weights": "w.pt", "sha256": OPENAI_FILE}, "ViT-B-32", "") == ""


def test_the_files_of_openai_are_those_that_open_clip_names() -> None:
    from open_clip.pretrained import get_pretrained_cfg

    for sha256, name in OPENAI.items():
        assert f"/{sha256}/{name}" in get_pretrained_cfg(name, "openai")["url"]


def test_every_method_finds_its_numbers() -> None:
    published = read_published()
    keys = {spec.published for spec in registry.methods().values() if spec.published}
    assert len(keys) >= 6
    for key in keys:
        assert published.of(key, "dfew", "WAR"), key


def test_the_recipe_of_a_dataset_is_the_methods_own(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "runs")
    planted.row("coop", on=TestSet("ferv39k", "1", clips=30), seeds=(1, 2, 3), identity={"options": {"epochs": 3}})
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    for dataset, expected in (("ferv39k", False), ("dfew", True)):
        spec = replace(registry.methods()["coop"], by_dataset={dataset: {"epochs": 3}})
        found = verdicts(board, read_published(), {"coop": spec})
        assert ("option epochs=3 instead of 50" in found[0].reason) is expected


def test_all_folds_are_needed(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "runs")
    planted.row("coop", on=TestSet(), seeds=(1, 2, 3), folds="1234")
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    found = verdicts(board, read_published(), registry.methods())
    assert {item.verdict for item in found} == {"not comparable"}
    assert "4 of 5 folds done" in found[0].reason


def test_a_number_in_doubt_is_borne_out_by_nothing(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    text = (BUNDLED / "published.csv").read_text()
    (tmp_path / "p" / "published.csv").write_text(text.replace("WAR,42.55,", "WAR,42.55,ERROR: planted"))
    (tmp_path / "p" / "sources.toml").write_text((BUNDLED / "sources.toml").read_text())
    planted = Planted(tmp_path / "runs")
    logits = {("1", seed): scored(BIG, "1", seed, 0.4255) for seed in (1, 2, 3)}
    planted.row("coop", on=BIG, seeds=(1, 2, 3), logits=logits)
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    found = [v for v in verdicts(board, read_published(tmp_path / "p"), registry.methods()) if v.metric == "WAR"]
    assert found[0].verdict == "not comparable"
    assert "in doubt: ERROR: planted" in found[0].reason


def test_what_a_paper_states_of_its_own_method_counts(tmp_path: Path) -> None:
    spec = registry.methods()["coop"]
    own = {"coop": type(spec)(**{**vars(spec), "published": "BiEhPro"})}
    planted = Planted(tmp_path / "runs")
    fields = {"input": FrameInput(frames=16, size=112), "backbone": BackboneId("ViT-L-14", "openai", "2" * 64)}
    planted.row("coop", on=TestSet(clips=30), seeds=(1, 2, 3), identity=fields)
    board = load(Store(planted.root), registry.datasets(), registry.metrics())
    reason = verdicts(board, read_published(), own)[0].reason
    for part in ("16 frames where the paper states 8", "112 size", "backbone ViT-L-14 where the paper states ViT-B-32"):
        assert part in reason


def test_every_printed_number_is_kept_with_its_flag() -> None:
    published = read_published()
    with (ROOT / "leaderboards/published/published.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(published.numbers) == len(lines) == 315
    assert set(published.numbers["source_paper"]) == set(published.sources)
    for paper, numbers in published.numbers.groupby("source_paper"):
        page = "\n".join(printed_table(numbers))
        for line in lines:
            if line["source_paper"] == paper and line["table"] == "Table 1":
                assert f"{float(line['value']):.2f}" in page
    assert "duplicate of the DPCNet row" in page


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n1,2\n", "no column 'source_paper'"), (None, "cannot be read")],
)
def test_broken_files_are_the_users_error(tmp_path: Path, text: str | None, message: str) -> None:
    (tmp_path / "sources.toml").write_text("")
    if text:
        (tmp_path / "published.csv").write_text(text)
    with pytest.raises(HarnessError, match=message):
        read_published(tmp_path)


def test_a_value_that_is_no_number_names_its_line(tmp_path: Path) -> None:
    lines = (BUNDLED / "published.csv").read_text().splitlines()
    lines[3] = lines[3].replace("40.86", "4O.86")
    (tmp_path / "published.csv").write_text("\n".join(lines))
    (tmp_path / "sources.toml").write_text("")
    with pytest.raises(HarnessError, match=r"line 4: value '4O.86' is no number"):
        read_published(tmp_path)


def test_values_are_fractions() -> None:
    published: Published = read_published()
    (number,) = published.of("CoOp", "FERV39K", "WAR")
    assert number["value"] == pytest.approx(0.4255)
