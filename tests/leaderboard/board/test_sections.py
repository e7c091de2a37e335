"""Who stands in one ranking, and what rows are called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.core.backbone_spec import BackboneId
from harness.core.dataset_spec import DatasetSpec
from harness.leaderboard import Board, aggregate, load
from harness.leaderboard.board.across import across, across_tables
from harness.leaderboard.board.notes import failures, row_notes
from harness.leaderboard.board.sections import in_title
from harness.plugin import registry
from harness.results.store import Store
from helpers.leaderboard_runs import dataset_spec, make_result
from helpers.planted import Planted, TestSet

Datasets = Mapping[str, DatasetSpec]
DEMO = BackboneId("demo", "bundled", "e" * 64)


def row_of(dataset: str = "single", **fields: Any) -> list[dict[str, Any]]:
    return [make_result(dataset=dataset, fold=fold, **fields) for fold in ("1" if dataset == "single" else "12345")]


def board_of(datasets: Datasets, *rows: list[dict[str, Any]]) -> Board:
    return aggregate([result for row in rows for result in row], datasets)


@pytest.mark.parametrize(
    "protocol",
    [
        {"selection": "oracle"},
        {"selection": "val"},
        {"crop_source": "others"},
        {"split_sha256": "0" * 64},
        {"test_views": 6},
        {"dataset_version": "2"},
        {"aggregation": "pooled"},
    ],
    ids=lambda protocol: next(iter(protocol)),
)
def test_other_protocols_never_share_a_ranking(datasets: Datasets, protocol: dict[str, Any]) -> None:
    board = board_of(datasets, row_of(method="a"), row_of(method="b"), row_of(method="c", protocol=protocol))
    found = board.sections["single", False]
    assert [sorted(row["name"] for row in section.rows) for section in found] == [["a", "b"], ["c"]]
    assert [row["rank"] for section in found for row in section.rows] == [1, 2, 1]
    assert board.rows.groupby("rank")["protocol_hash"].nunique()[1] == 2
    for part in across(board, demo=False):
        for dataset, section in part.sections.items():
            hashes = {line[dataset]["protocol_hash"] for line in part.lines if dataset in line}
            assert hashes == {section.protocol_hash}


def test_rows_that_deny_the_official_split_are_ranked_apart(datasets: Datasets) -> None:
    """Even where their protocol claims the split of the others."""
    board = board_of(datasets, row_of(), row_of(method="b", official=False), row_of(method="c", status="failed"))
    found = board.sections["single", False]
    assert [(section.official, [row["name"] for row in section.rows]) for section in found] == [
        (True, ["coop", "c"]),
        (False, ["b"]),
    ]
    assert [part.official for part in across(board, demo=False)] == [True, False]


def test_a_borrowed_protocol_hash_gives_no_place_in_a_ranking(datasets: Datasets) -> None:
    honest = row_of()
    other = row_of(method="b", protocol={"selection": "oracle"})
    other[0]["protocol_hash"] = honest[0]["protocol_hash"]
    found = board_of(datasets, honest, other).sections["single", False]
    assert [[row["name"] for row in section.rows] for section in found] == [["coop"], ["b"]]


def test_stand_in_backbones_share_no_ranking_with_real_ones(datasets: Datasets) -> None:
    random = BackboneId("ViT-B-32", "random", "9" * 64)
    board = board_of(datasets, row_of(), row_of(backbone=DEMO), row_of(backbone=random))
    found = board.sections["single", False]
    assert [section.stand_in for section in found] == [False, True]
    assert [len(section.rows) for section in found] == [1, 2]
    assert [part.stand_in for part in across(board, demo=False)] == [False, True]


def test_the_demo_shares_nothing_with_real_data(datasets: Datasets) -> None:
    board = board_of(datasets, row_of(), row_of(demo=True, fingerprint="0" * 64))
    assert [len(board.sections["single", demo]) for demo in (False, True)] == [1, 1]
    assert [len(part.lines) for demo in (False, True) for part in across(board, demo)] == [1, 1]
    assert board.rows["rank"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("other", "settings"),
    [
        ({"options": {"m": 8}}, {"m=16", "m=8"}),
        ({"version": "1.1"}, {"version=1.0", "version=1.1"}),
        ({"fingerprint": "0" * 64}, {"data=ffffffff", "data=00000000"}),
        ({"options": {"m": 16, "new": [1, "x"]}}, {"", 'new=[1, "x"]'}),
    ],
    ids=["options", "version", "fingerprint", "added"],
)
def test_rows_of_one_name_are_told_apart(datasets: Datasets, other: dict[str, Any], settings: set[str]) -> None:
    board = board_of(datasets, row_of(options={"m": 16}), row_of(**{"options": {"m": 16}, **other}))
    assert set(board.rows["settings"]) == settings


def test_different_weights_of_one_name_are_told_apart(datasets: Datasets) -> None:
    files = [BackboneId("ViT-B-32", "/home/me/w.pt", sha * 64) for sha in "12"]
    board = board_of(datasets, *(row_of(backbone=backbone) for backbone in files))
    assert set(board.rows["backbone"]) == {"ViT-B-32 (w.pt) 11111111", "ViT-B-32 (w.pt) 22222222"}


def test_frames_variants_and_plugins_make_rows(datasets: Datasets) -> None:
    results = [row_of(frames=8), row_of(frames=16), row_of(variant="long"), row_of()]
    other = row_of()
    other[0]["plugin"]["name"] = "elsewhere"
    board = board_of(datasets, *results, other)
    assert len(board.rows) == 4
    assert "long (coop)" in set(board.rows["name"])
    assert {"plugin=plug", "plugin=elsewhere"} <= set(board.rows["settings"])


def test_across_puts_one_method_on_one_line(datasets: Datasets) -> None:
    board = board_of(datasets, row_of("toyset"), row_of("single"), row_of("toyset", method="b"))
    (part,) = across(board, demo=False)
    assert list(part.sections) == ["toyset", "single"]
    assert [sorted(line) for line in part.lines] == [["single", "toyset"], ["toyset"]]


def of_dataset(name: str, options: dict[str, Any], declared: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return row_of(name, options=options, by_dataset=declared, **more)


def test_a_recipe_that_differs_by_dataset_is_one_method(datasets: Datasets) -> None:
    """As its method declares it; what a user sets is another, also where it is what another dataset has."""
    toy, single = {"lr": 0.1, "m": 4}, {"lr": 0.2, "m": 4}
    board = board_of(
        datasets,
        of_dataset("toyset", toy, {"lr": 0.1, "input.frames": 8}),
        of_dataset("single", single, {"lr": 0.2, "input.frames": 16}, frames=16),
    )
    (part,) = across(board, demo=False)
    assert [sorted(line) for line in part.lines] == [["single", "toyset"]]
    assert set(board.rows["settings"]) == {""}

    changed = of_dataset("single", {"lr": 0.1, "m": 4}, {"lr": 0.2, "input.frames": 16}, frames=16)
    board = board_of(datasets, of_dataset("toyset", toy, {"lr": 0.1, "input.frames": 8}), changed)
    (part,) = across(board, demo=False)
    assert sorted(sorted(line) for line in part.lines) == [["single"], ["toyset"]]
    assert board.rows.set_index("dataset")["settings"].to_dict() == {"toyset": "", "single": "lr=0.1"}


def test_across_orders_by_mean_war_of_complete_lines(datasets: Datasets) -> None:
    def scored(method: str, war: float) -> list[list[dict[str, Any]]]:
        return [row_of(name, method=method, metrics={"war": war, "uar": war}) for name in ("toyset", "single")]

    partial = row_of("single", method="best", metrics={"war": 0.99, "uar": 0.99})
    board = board_of(datasets, *scored("low", 0.3), *scored("high", 0.6), partial)
    (part,) = across(board, demo=False)
    assert [next(iter(line.values()))["name"] for line in part.lines] == ["high", "low", "best"]


def test_across_keeps_a_second_protocol_of_one_dataset_apart(datasets: Datasets) -> None:
    crops = {"crop_source": "others"}
    board = board_of(
        datasets,
        row_of("toyset", method="a"),
        row_of("toyset", method="b"),
        row_of("toyset", method="c", protocol=crops),
        row_of("single", method="c"),
    )
    first, second = across(board, demo=False)
    assert list(first.sections) == ["toyset", "single"]
    assert list(second.sections) == ["toyset"]
    assert [[row["name"] for row in line.values()] for line in second.lines] == [["c"]]


def test_across_keeps_unofficial_splits_apart(datasets: Datasets) -> None:
    other = {"split_sha256": "0" * 64}
    board = board_of(datasets, row_of("toyset"), row_of("single", official=False, protocol=other))
    assert [list(part.sections) for part in across(board, demo=False)] == [["toyset"], ["single"]]
    assert [part.official for part in across(board, demo=False)] == [True, False]


def test_across_gives_older_data_a_line_of_its_own(datasets: Datasets) -> None:
    old = row_of(fingerprint="0" * 64, provenance={"finished": "2025-01-01T00:00:00+00:00"})
    board = board_of(datasets, row_of(), old, row_of("toyset"))
    (part,) = across(board, demo=False)
    both, single = sorted(part.lines, key=len, reverse=True)
    assert both["single"]["fingerprint"] == "f" * 64
    assert single["single"]["fingerprint"] == "0" * 64


def test_notes_say_what_is_wrong_with_a_row(datasets: Datasets) -> None:
    results = row_of("toyset", n_unscored=2, official=False, protocol={"selection": "oracle"})
    results[1]["plugin"]["source_sha256"] = "6" * 64
    del results[3]
    board = aggregate(results, datasets)
    (section,) = board.sections["toyset", False]
    assert row_notes(board, section.rows[0]) == [
        "incomplete, not ranked: no fold 4 seed 1",
        "8 of 128 test clips not scored, not ranked",
        "not on the official split",
        "best test epoch (oracle)",
        "its jobs ran different source of the plugin at one version",
    ]


def test_a_long_list_of_missing_jobs_is_cut() -> None:
    spec = {"toyset": dataset_spec(folds=[str(i) for i in range(20)])}
    board = aggregate([make_result(fold="0"), make_result(fold="odd")], spec)
    (section,) = board.sections["toyset", False]
    (note,) = row_notes(board, section.rows[0])
    assert note.endswith("no fold 8 seed 1, fold odd is not one of the dataset and 11 more")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("first\nsecond", "first"),
        ("Traceback (most recent call last):\n  File x\nValueError: no\n", "ValueError: no"),
        ({"type": "ValueError", "message": "no"}, "ValueError: no"),
        (None, "no reason recorded"),
        ("  \n", "no reason recorded"),
    ],
)
def test_failures_give_the_line_that_says_why(datasets: Datasets, error: Any, line: str) -> None:
    board = board_of(datasets, row_of(status="failed", error=error))
    (section,) = board.sections["single", False]
    assert failures(board, section.rows) == [("coop, ViT-B-32 (openai), fold 1, seed 1", line)]


def test_methods_that_hear_or_read_are_not_ranked_with_those_that_see(tmp_path: Path) -> None:
    planted, on = Planted(tmp_path), TestSet("ferv39k", "1", clips=60)
    planted.row("sees", 0.2, on=on, facts={"modality": ["visual"]})
    planted.row("before-facts", 0.5, on=on)
    planted.row("hears", 1.5, on=on, facts={"modality": ["visual", "audio"]})
    planted.row("hears-too", 1.0, on=on, facts={"modality": ["audio", "visual"]})
    planted.row("reads", 2.0, on=on, facts={"modality": ["visual", "text"]})
    board = load(Store(tmp_path), registry.datasets(), registry.metrics())
    sections = board.sections["ferv39k", False]
    assert [[row["name"] for row in section.rows] for section in sections] == [
        ["before-facts", "sees"],
        ["hears", "hears-too"],
        ["reads"],
    ]
    assert [section.rows[0]["rank"] for section in sections] == [1, 1, 1]
    assert [in_title(section.caveats) for section in sections] == [
        [],
        ["methods that use audio"],
        ["methods that use text"],
    ]
    assert all(len(tests.rows) <= 2 for tests in board.tests.values())
    assert len(across_tables(board)[False]) == 3
