"""The files: what they say, that they agree, and that hostile names break none of them."""

from __future__ import annotations

import csv
import json
import math
import os
import random
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from harness.core.backbone_spec import BackboneId
from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import HarnessError
from harness.core.metric import MetricSpec
from harness.core.text import markdown, one_line, spreadsheet
from harness.leaderboard import aggregate, load, render, summary
from harness.leaderboard.render import files
from harness.leaderboard.tables.cells import DASH, TIMES
from harness.leaderboard.tables.names import file_stem
from helpers.leaderboard_runs import Runs, bearing_out, make_result

Datasets = Mapping[str, DatasetSpec]
Metrics = Mapping[str, MetricSpec]
CELL = 4  # nesting of text in a cell: table, thead or tbody, tr, td
HOSTILE = [
    "<script>alert(1)</script>",
    "a|b",
    "line\nbreak\r\n\n# heading",
    "`code` **bold** _it_ ~~no~~ [link](http://evil) ![i](x) $x$ @user #1",
    "--> <!--",
    "\\| \\",
    "|---|---|",
    "\u202eright to left\x00\x1b[31m",
    "=cmd()",
    "www.evil.org https://evil.org",
]


def tables(text: str) -> list[list[list[str]]]:
    """Every table of a Markdown page as GitHub would read it: lines of cells, as HTML."""
    parser = MarkdownIt("commonmark").enable("table")
    found: list[list[list[str]]] = []
    for token in parser.parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            found[-1][-1].append("")
        elif token.type == "inline" and token.level == CELL:
            found[-1][-1][-1] = parser.renderInline(token.content)
    return found


def headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("#")]


def test_no_results_is_the_users_error(runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics) -> None:
    with pytest.raises(HarnessError, match=r"no results in .*runs.*harness bench.*--runs"):
        render(runs.store, tmp_path / "out", datasets, metrics)
    assert not (tmp_path / "out").exists()


def test_an_unwritable_folder_is_the_users_error(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics
) -> None:
    runs.bench()
    (tmp_path / "file").write_text("")
    with pytest.raises(HarnessError, match=r"cannot write to .*file.*--out"):
        render(runs.store, tmp_path / "file", datasets, metrics)


def test_a_failed_write_leaves_the_old_table(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.bench()
    out = tmp_path / "out"
    render(runs.store, out, datasets, metrics)
    before = (out / "toyset.md").read_text()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    runs.bench(method="other")
    with pytest.raises(HarnessError, match="No space left"):
        render(runs.store, out, datasets, metrics)
    assert (out / "toyset.md").read_text() == before
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


WHOLE = ("leaderboard.json", "model-index.json", "results.parquet", "model-cards")


def test_one_set_of_files_per_dataset_and_one_across(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics
) -> None:
    runs.bench()
    runs.bench("1", dataset="single")
    runs.bench(demo=True, fingerprint="0" * 64)
    written = render(runs.store, tmp_path / "out", datasets, metrics)
    stems = ["toyset", "toyset-demo", "single", "overview", "overview-demo"]
    assert [path.name for path in written] == [
        *(f"{s}.{end}" for s in stems for end in ("md", "csv", "tex", "json")),
        *WHOLE,
    ]
    assert sorted(written) == sorted((tmp_path / "out").iterdir())


def test_the_table_of_a_dataset(runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics) -> None:
    for fold, war in enumerate((70, 72, 71, 73, 74), 1):
        better, lesser = bearing_out(war, war - 10), bearing_out(war - 20, 30)
        better["metrics"]["ece"], lesser["metrics"]["ece"] = 0.1, 0.05
        runs.add(fold=str(fold), **better)
        runs.add(fold=str(fold), method="lesser", **lesser)
    runs.bench("123", method="partial", predictions=bearing_out(50, 30)["predictions"])
    runs.add(method="partial", fold="4", status="failed", error="TrainingDiverged: boom\nsecond line")
    render(runs.store, tmp_path, datasets, metrics)
    page = (tmp_path / "toyset.md").read_text()
    head, first, second, third = tables(page)[0]
    assert head[:5] == ["#", "# UAR", "Method", "Backbone", "Input"]
    assert head[5:9] == ["GFLOPs", "Params (M)", "Trainable (M)", "Latency (ms)"]
    assert head[9:13] == ["WAR", "UAR", "Macro F1", "ECE"]
    assert head[-6:] == ["Folds", "Seeds", "Selection", "Protocol", "Version", "Date"]
    assert first[:11] == [
        "1",
        "1",
        "coop",
        "ViT-B-32 (openai)",
        f"8 {TIMES} 224 px",
        "35.27",
        "151.00",
        "0.008",
        DASH,
        "<strong>72.00 ± 1.58</strong>",
        "<strong>62.00 ± 1.58</strong>",
    ]
    assert first[12] == "<u>10.00 ± 0.00</u>"
    assert second[12] == "<strong>5.00 ± 0.00</strong>"  # of a calibration error the least is best
    assert second[9] == "52.00 ± 1.58"  # significantly worse
    assert third[:3] == [DASH, DASH, "partial<sup>1</sup>"]
    assert third[9:15] == [DASH] * 6
    assert third[-6:] == ["3/5", "1", "last", first[-3], "1.0", "2026-11-20"]
    assert "<sup>1</sup> incomplete, not ranked: no fold 4 seed 1, no fold 5 seed 1" in page
    assert "- partial, ViT-B-32 (openai), fold 4, seed 1: TrainingDiverged: boom\n" in page
    assert "second line" not in page


def test_folds_of_an_incomplete_row_are_shown_one_by_one(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics
) -> None:
    runs.bench(metrics={"war": 0.7, "uar": 0.6})
    for fold, seed, war in (("1", 1, 0.5), ("1", 2, 0.6), ("3", 2, 0.65)):
        runs.add(method="par|tial", fold=fold, seed=seed, metrics={"war": war, "uar": 0.25})
    render(runs.store, tmp_path, datasets, metrics)
    page = (tmp_path / "toyset.md").read_text()
    assert "### Folds of incomplete rows" in page
    main, of_folds = tables(page)[:2]
    partial = next(line for line in main if line[2].startswith("par"))
    assert partial[9:11] == [DASH, DASH]
    assert of_folds == [
        ["Method", "Seed", *(f"Fold {fold}" for fold in range(1, 6))],
        ["par|tial, ViT-B-32 (openai)", "1", "50.00 / 25.00", *[DASH] * 4],
        ["par|tial, ViT-B-32 (openai)", "2", "60.00 / 25.00", DASH, "65.00 / 25.00", DASH, DASH],
    ]


def test_complete_rows_have_no_table_of_folds(runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics) -> None:
    runs.bench()
    runs.add(method="failed", fold="1", status="failed", error="boom")
    render(runs.store, tmp_path, datasets, metrics)
    assert "incomplete rows" not in (tmp_path / "toyset.md").read_text()


def test_the_table_across_datasets(runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics) -> None:
    runs.bench(**bearing_out(70, 60))
    runs.bench("1", dataset="single", **bearing_out(50, 40), cost={"gflops": 36.0})
    runs.bench("1", dataset="single", method="other", **bearing_out(55, 40))
    render(runs.store, tmp_path, datasets, metrics)
    head, first, second = tables((tmp_path / "overview.md").read_text())[0]
    assert head == [
        *("Method", "Backbone", "Input", "GFLOPs", "Params (M)", "Trainable (M)", "Latency (ms)"),
        *("ToySet WAR", "ToySet UAR", "ToySet folds", "Single WAR", "Single UAR", "Single folds"),
        "Mean rank [95 %]",
        "Trust",
    ]
    assert first[0] == "coop"
    assert first[3] == "35.27 to 36.00"
    assert first[7:] == [
        "70.00 ± 0.00",
        "60.00 ± 0.00",
        "5/5",
        f"50.00 ± {DASH}",
        f"<strong>40.00 ± {DASH}</strong>",
        "1/1",
        "1.0 [1.0, 1.0]",
        "recomputed",
    ]
    assert second[7:11] == [DASH, DASH, DASH, f"<strong>55.00 ± {DASH}</strong>"]


@pytest.mark.parametrize("name", ["toyset", "overview"])
def test_every_title_of_the_demo_says_so(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics, name: str
) -> None:
    runs.bench(demo=True)
    render(runs.store, tmp_path, datasets, metrics)
    titles = headings((tmp_path / f"{name}-demo.md").read_text())
    assert len(titles) >= 2
    assert all("synthetic demo, not a benchmark result" in title for title in titles)
    assert not (tmp_path / f"{name}.md").exists()
    assert json.loads((tmp_path / f"{name}-demo.json").read_text())["demo"] is True


@pytest.mark.parametrize("weights", ["bundled", "random"])
def test_every_title_of_a_stand_in_backbone_says_so(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics, weights: str
) -> None:
    runs.bench(backbone=BackboneId("demo", weights, "e" * 64))
    render(runs.store, tmp_path, datasets, metrics)
    for name in ("toyset", "overview"):
        titles = headings((tmp_path / f"{name}.md").read_text())
        assert all("not a benchmark result" in title for title in titles)


def test_oracle_tables_say_so_and_show_the_gap(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics
) -> None:
    runs.bench(method="plain")
    best, last = {"war": 0.7, "uar": 0.6}, {"war": 0.6575, "uar": 0.61}
    runs.bench(protocol={"selection": "oracle"}, metrics=best, metrics_last=last)
    render(runs.store, tmp_path, datasets, metrics)
    for name in ("toyset", "overview"):
        page = (tmp_path / f"{name}.md").read_text()
        assert "## Oracle: best test epoch" in page
        assert "best test epoch (oracle)" in page
        assert page.count("+4.25 / -1.00") == 1
        assert "ap to last (WAR / UAR)" in page


def test_files_agree(runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics) -> None:
    runs.bench(seeds=(1, 2))
    runs.bench("12", method="partial")
    render(runs.store, tmp_path, datasets, metrics)
    board = load(runs.store, datasets, metrics)
    frame = pd.read_csv(tmp_path / "toyset.csv", index_col="row", dtype={"seeds": str})
    data = json.loads((tmp_path / "toyset.json").read_text())
    rows = {row["row"]: row for section in data["sections"] for row in section["rows"]}
    assert set(frame.index) == set(rows) == set(board.rows.index)
    for key, row in zip(board.rows.index.astype(str), board.rows.to_dict("records"), strict=True):
        for column in ("war_mean", "war_std", "war_pooled", "uar_mean", "rank"):
            assert frame.loc[key, column] == pytest.approx(row[column], nan_ok=True)
        stored = rows[key]["metrics"]["war"]["mean"]
        assert (math.nan if stored is None else stored) == pytest.approx(row["war_mean"], nan_ok=True)
    partial = rows[str(board.rows.index[board.rows["name"] == "partial"][0])]
    assert [fold["fold"] for fold in partial["per_fold"]] == ["1", "2", "3", "4", "5"]
    assert [fold["metrics"]["war"] is None for fold in partial["per_fold"]] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert [len(fold["jobs"]) for fold in partial["per_fold"]] == [1, 1, 0, 0, 0]
    assert partial["metrics"]["war"] == dict.fromkeys(("mean", "std", "pooled", "low", "high"))
    assert partial["rank"] is None
    assert frame["war_fold.1"].notna().all()
    assert frame["war_fold.5"].isna().sum() == 1
    assert frame["seeds"].tolist() == ["1 2", "1"]
    whole = next(row for row in rows.values() if row["complete"])
    assert sum(map(sum, whole["confusion"])) == whole["n_scored"]


def test_equal_results_give_equal_files(datasets: Datasets, metrics: Metrics) -> None:
    results = [
        make_result(method=method, fold=fold, seed=seed)
        for method in ("a", "b", "c")
        for fold in "12345"
        for seed in (1, 2, 3)
    ]
    results[7] |= {"status": "failed", "metrics": {}, "confusion": None, "error": "x"}
    first = files(aggregate(results, datasets), metrics)
    random.Random(0).shuffle(results)
    assert files(aggregate(results, datasets), metrics) == first


def test_a_row_whose_jobs_all_failed_is_shown(runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics) -> None:
    runs.bench(status="failed", error="WeightsMissing: nothing there")
    render(runs.store, tmp_path, datasets, metrics)
    page = (tmp_path / "toyset.md").read_text()
    assert tables(page)[0][1][:3] == [DASH, DASH, "coop<sup>1</sup>"]
    assert "0/5" in page
    assert page.count("WeightsMissing: nothing there") == 5
    assert len(pd.read_csv(tmp_path / "toyset.csv")) == 1


def test_a_dataset_no_longer_registered_is_still_rendered(runs: Runs, tmp_path: Path, metrics: Metrics) -> None:
    runs.bench()
    render(runs.store, tmp_path, {}, {})
    page = (tmp_path / "toyset.md").read_text()
    assert "This dataset is not registered" in page
    assert tables(page)[0][1][-6] == "5/5"


def test_the_footer_says_where_the_numbers_come_from(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics
) -> None:
    runs.bench("1234", provenance={"finished": "2026-11-01T23:00:00+00:00"})
    failed = runs.add(fold="5", status="failed", provenance={"finished": "2026-11-03T01:00:00+00:00"})
    render(runs.store, tmp_path, datasets, metrics)
    for name in ("toyset", "overview"):
        footer = (tmp_path / f"{name}.md").read_text().splitlines()[-1]
        assert "dfer-harness" in footer
        assert "from 5 results, 1 failed" in footer
        assert f"protocols {failed['protocol_hash']}" in footer
        assert "runs of 2026-11-01 to 2026-11-03" in footer


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_break_no_table(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics, name: str
) -> None:
    runs.bench(method=name, variant=name, options={"prompt": name}, backbone=BackboneId("b", name, "1" * 64))
    runs.bench(method=name, variant=name, options={"prompt": "x"}, protocol={"crop_source": name})
    runs.add(method="failing", status="failed", error=name)
    render(runs.store, tmp_path, datasets, metrics)
    for page in ("toyset", "overview"):
        text = (tmp_path / f"{page}.md").read_text()
        html = MarkdownIt("commonmark").enable("table").render(text)
        for table in tables(text):
            assert len({len(line) for line in table}) == 1
        for tag in ("<script", "<img", "<a ", "<code", "<em>", "<s>", "<h1>heading"):
            assert tag not in html
        assert html.count("<!--") == text.count("<!-- Generated") == 1
        assert all(char.isprintable() or char == "\n" for char in text)
    assert len(pd.read_csv(tmp_path / "toyset.csv")) == 3
    with (tmp_path / "toyset.csv").open(encoding="utf-8", newline="") as file:
        cells = {row["method"] for row in csv.DictReader(file)}  # pandas before 3 ends a cell at a zero byte
    assert spreadsheet(name) in {cell.replace("\r\n", "\n") for cell in cells} | cells
    data = json.loads((tmp_path / "toyset.json").read_text())
    assert name in {row["method"] for section in data["sections"] for row in section["rows"]}


@pytest.mark.parametrize("name", HOSTILE)
def test_escaped_text_reads_as_it_was(name: str) -> None:
    html = MarkdownIt("commonmark").render(f"x {markdown(name)}")
    shown = html.removeprefix("<p>x ").rstrip().removesuffix("</p>")
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        shown = shown.replace(entity, char)
    assert shown == one_line(name)


def test_long_text_is_cut() -> None:
    assert len(one_line("x" * 1000)) == 200


def test_a_spreadsheet_sees_no_formula() -> None:
    assert [spreadsheet(text) for text in ("=1+1", "@x", "coop", "")] == ["'=1+1", "'@x", "coop", ""]


@pytest.mark.parametrize("dataset", ["../../etc", "overview", "dfew-demo", "a/b", "", "DFEW", "<x>", ".hidden"])
def test_a_dataset_name_cannot_choose_the_file(dataset: str) -> None:
    stem = file_stem(dataset)
    assert stem != "overview"
    assert not stem.endswith("-demo")
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert stem.strip("-") == stem


def test_file_names_of_different_datasets_differ() -> None:
    names = ["DFEW", "dfew", "Dfew", "d/few", "overview", "overview-demo"]
    assert file_stem("dfew") == "dfew"
    assert len({file_stem(name) for name in names}) == len(names)


def test_the_summary_for_a_terminal(runs: Runs, datasets: Datasets, metrics: Metrics) -> None:
    runs.bench(**bearing_out(70, 60))
    runs.bench("1", dataset="single", demo=True)
    frame = summary(load(runs.store, datasets, metrics), metrics)
    first = frame.iloc[0]
    assert first["Dataset"] == "ToySet"
    assert (first["#"], first["Method"], first["WAR"], first["Folds"]) == ("1", "coop", "70.00 ± 0.00", "5/5")
    assert frame["Dataset"].tolist()[1] == "Single (synthetic demo, not a benchmark result)"
    assert pd.read_csv(StringIO(frame.to_csv(index=False))).shape == frame.shape


NONE = BackboneId("none", "", "")


def test_a_method_without_a_backbone_shows_its_network(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics
) -> None:
    about = {"architecture": "R3D-18", "pretraining": "Kinetics-400", "family": "3D network", "needs": {}}
    runs.bench(method="r3d", backbone=NONE, facts=about, weights={"r3d": "a" * 64})
    runs.bench(method="plain", backbone=NONE)
    render(runs.store, tmp_path, datasets, metrics)
    page = (tmp_path / "toyset.md").read_text()
    assert "R3D-18 (Kinetics-400)" in page
    assert "its own network" in page
    assert "not a benchmark result" not in page
    board = json.loads((tmp_path / "leaderboard.json").read_text())
    (row,) = [row for row in rows_of(board) if row["method"] == "r3d"]
    assert (row["facts"], row["weights"]) == (about, {"r3d": "a" * 64})


def rows_of(board: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for value in board.values():
        if isinstance(value, list):
            found += [row for section in value if isinstance(section, dict) for row in section.get("rows", ())]
    return found


def test_rows_with_other_weights_are_other_rows(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics
) -> None:
    for sha256 in ("a" * 64, "b" * 64):
        runs.bench(method="r3d", backbone=NONE, weights={"net": sha256}, id=sha256[:12])
    render(runs.store, tmp_path, datasets, metrics)
    page = (tmp_path / "toyset.md").read_text()
    assert "weights.net=aaaaaaaa" in page
    assert "weights.net=bbbbbbbb" in page


def test_facts_make_no_other_row(runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics) -> None:
    for fold in "12345":
        runs.add(fold=fold, facts={"venue": f"CVPR {fold}"})
    render(runs.store, tmp_path, datasets, metrics)
    assert len(tables((tmp_path / "toyset.md").read_text())[0]) == 2  # the heading, and one row


def test_groups_and_intervals_are_columns_of_a_table_of_their_own(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics
) -> None:
    values = {"war": 0.5, "uar": 0.5, "by_age.young": 0.25, "by_age.old": 0.75, "spread": 0.5, "spread.low": 0.1}
    runs.bench(metrics=values)
    found = {**metrics, "by_age": MetricSpec("by_age", "By age", lambda p: {}), "spread": SPREAD}
    render(runs.store, tmp_path, datasets, found)
    page = (tmp_path / "toyset.md").read_text()
    by_age, spread = (next(t for t in tables(page) if name in t[0]) for name in ("young", "low"))
    assert set(by_age[0][-2:]) == {"young", "old"}
    assert "25.00" in "".join(by_age[1])
    assert "10.00" in "".join(spread[1])
    assert "Spread" in tables(page)[0][0]


SPREAD = MetricSpec("spread", "Spread", lambda p: 0.5)


def test_values_by_other_versions_of_a_metric_are_noted(
    runs: Runs, tmp_path: Path, datasets: Datasets, metrics: Metrics
) -> None:
    runs.bench(method="old", metric_versions={"ece": "1", "war": "1"})
    runs.bench(method="new", metric_versions={"ece": "2", "war": "1"})
    runs.bench(method="ancient")
    render(runs.store, tmp_path, datasets, metrics)
    page = (tmp_path / "toyset.md").read_text()
    assert "ece is by version 1 of the metric, other rows by 2" in page
    assert "ece is by version 2 of the metric, other rows by 1" in page
    assert "war is by version" not in page
