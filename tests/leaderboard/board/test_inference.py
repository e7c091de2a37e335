"""Ranks, intervals and p-values of planted methods, against scikit-learn, SciPy and statsmodels on the same files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, recall_score

from harness.leaderboard import load, render
from harness.leaderboard.board.across import across, mean_ranks
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.inference import Inference
from harness.leaderboard.board.notes import row_notes
from harness.leaderboard.board.objections import OTHER_CLIPS, UNREADABLE
from harness.plugin import registry
from harness.results.store import Store
from harness.statistics.paired import sign_flip
from helpers.planted import Planted, TestSet


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted(tmp_path / "runs")


def board_of(planted: Planted) -> Board:
    return load(Store(planted.root), registry.datasets(), registry.metrics())


def only_tests(board: Board) -> Inference:
    (tests,) = board.tests.values()
    return tests


def clips_of(planted: Planted, method: str) -> pd.DataFrame:
    """All predictions of a method, in order of folds and clips."""
    files = sorted((planted.root / "dfew" / method).glob("*/predictions.parquet"))
    return pd.concat([pd.read_parquet(path) for path in files], ignore_index=True)


def test_planted_ties_share_a_rank(planted: Planted) -> None:
    on = TestSet()
    for method, skill in {"a": 1.0, "b": 1.0, "c": 1.0, "weak": 0.2, "twin of weak": 0.2}.items():
        planted.row(method, skill, on=on)
    rows = board_of(planted).rows.set_index("name")
    assert rows.loc[["a", "b", "c"], "rank"].tolist() == [1, 1, 1]
    assert rows.loc[["weak", "twin of weak"], "rank"].tolist() == [4, 4]
    assert rows.loc[["a", "b", "c"], "uar_rank"].tolist() == [1, 1, 1]
    assert sorted(rows["place"]) == [1, 2, 3, 4, 5]


def test_figures_equal_those_of_the_usual_packages(planted: Planted) -> None:
    on = TestSet()
    planted.row("first", 0.9, on=on)
    planted.row("second", 0.7, on=on)
    board = board_of(planted)
    tests = only_tests(board)
    row = board.rows.iloc[0]
    clips = clips_of(planted, "first")
    assert row["war_pooled"] == pytest.approx(accuracy_score(clips.label, clips.prediction))
    assert row["uar_pooled"] == pytest.approx(recall_score(clips.label, clips.prediction, average="macro"))
    right = [(frame.label == frame.prediction).to_numpy() for frame in (clips, clips_of(planted, "second"))]
    found = stats.bootstrap((right[0].astype(float),), np.mean, method="percentile", rng=0).confidence_interval
    assert (row["war_low"], row["war_high"]) == pytest.approx((found.low, found.high), abs=0.004)
    only_first, only_second = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    exact = contingency.mcnemar([[0, only_first], [only_second, 0]], exact=True).pvalue
    half = stats.binom.pmf(min(only_first, only_second), only_first + only_second, 0.5)
    assert tests.war.p[0, 1] == pytest.approx(exact - half)
    low, high = tests.war.differences[:, 0, 1]
    assert low < right[0].mean() - right[1].mean() < high


def test_seeds_are_averaged_clip_by_clip(planted: Planted) -> None:
    on = TestSet("ferv39k", "1")
    planted.row("many", 0.5, on=on, seeds=(1, 2, 3))
    planted.row("one", 0.5, on=on)
    tests = only_tests(board_of(planted))
    right = tests.outcomes.right[:, tests.rows.index(next(r for r in tests.rows if len(tests.panel.predicted[r]) == 3))]
    assert set(np.round(right * 3)) == {0, 1, 2, 3}
    assert tests.war.p.shape == (2, 2)


def test_films_widen_the_intervals(planted: Planted) -> None:
    """Ten films in which a method is right throughout or wrong throughout tell less than 300 clips."""
    on = TestSet("ferv39k", "1", films=10)
    film = np.arange(on.clips) % on.films
    for method, lost in (("a", (0, 1, 2)), ("b", (1, 2, 3))):
        logits = np.zeros((on.clips, len(on.classes)), dtype=np.float32)
        shown = np.where(np.isin(film, lost), (on.labels["1"] + 1) % len(on.classes), on.labels["1"])
        logits[np.arange(on.clips), shown] = 3.0
        planted.row(method, on=on, logits={("1", 1): logits})
    tests = only_tests(board_of(planted))
    assert tests.clustered
    assert np.ptp([tests.war.low[0], tests.war.high[0]]) > 0.4
    assert tests.mcnemar[0, 1] == pytest.approx(1.0)
    assert tests.war.ranks == [1, 1]


def test_where_no_row_has_predictions_none_is_ranked(planted: Planted) -> None:
    on = TestSet("ferv39k", "1")
    for method, skill in (("first", 1.0), ("second", 0.2)):
        planted.row(method, skill, on=on)
        next(planted.root.glob(f"*/{method}/*/predictions.parquet")).unlink()
    board = board_of(planted)
    assert board.rows["rank"].isna().all()
    assert not board.tests
    assert list(board.excluded.values()) == [UNREADABLE] * 2


def test_a_row_without_its_hard_clips_is_not_ranked_though_it_has_more_seeds(planted: Planted) -> None:
    """Rows vote on what the test clips are, not jobs."""
    on = TestSet("ferv39k", "1", clips=60)
    planted.row("honest", 0.5, on=on)
    planted.row("honest too", 0.4, on=on)
    easy = on.predict("1", 0.5, 1)
    easy = (easy.argmax(1) == on.labels["1"]).nonzero()[0]
    for seed in (1, 2, 3):
        planted.add("easy", "1", seed, on.predict("1", 0.5, 1), on=on, keep=easy)
    board = board_of(planted)
    rows = board.rows.set_index("name")
    assert rows.loc["easy", "war_mean"] == 1
    assert rows["ranked"].to_dict() == {"honest": True, "honest too": True, "easy": False}
    assert set(board.excluded.values()) == {OTHER_CLIPS}
    assert rows.index[-1] == "easy"


def test_two_rows_that_disagree_on_the_clips_are_told_and_not_tested(planted: Planted) -> None:
    on = TestSet("ferv39k", "1", clips=60)
    planted.row("whole", 0.5, on=on)
    planted.add("less", "1", 1, on.predict("1", 0.5, 1), on=on, keep=np.arange(50))
    board = board_of(planted)
    assert not board.tests
    assert set(board.other_clips) == set(board.rows.index)
    assert all("disagree on the test clips" in texts[-1] for texts in board.other_clips.values())
    assert board.rows["rank"].isna().all()
    assert all(row_notes(board, row) == [f"{OTHER_CLIPS}, not ranked; see harness audit"] for row in board.as_rows)


def test_a_row_that_lacks_clips_by_its_own_account_has_no_vote(planted: Planted) -> None:
    """Otherwise one run with --on-bad-sample skip would take the rank of the only other row."""
    on = TestSet("ferv39k", "1", clips=60)
    planted.row("whole", 0.5, on=on)
    planted.add("less", "1", 1, on.predict("1", 0.5, 1), on=on, keep=np.arange(50), n_unscored=10)
    board = board_of(planted)
    assert board.rows.set_index("name")["ranked"].to_dict() == {"whole": True, "less": False}
    assert only_tests(board).rows == (board.rows.index[0],)


def test_groups_that_one_row_leaves_out_are_known_from_the_others(planted: Planted) -> None:
    on, bare = (TestSet("ferv39k", "1", films=films) for films in (10, 0))
    planted.row("best", 1.0, on=bare)
    planted.row("other", 0.5, on=on)
    tests = only_tests(board_of(planted))
    assert tests.clustered
    assert len(tests.rows) == 2


def test_equal_scores_share_a_place_whatever_the_rounding_of_their_sums(planted: Planted) -> None:
    on = TestSet(clips=30)
    for name, shift in (("a", 0), ("b", 2), ("c", 3)):
        logits = {}
        for i, fold in enumerate("12345"):
            right = np.arange(on.clips) < 10 + (i + shift) % 5
            labels = np.where(right, on.labels[fold], (on.labels[fold] + 1) % len(on.classes))
            logits[fold, 1] = np.eye(len(on.classes), dtype=np.float32)[labels]
        planted.row(name, on=on, logits=logits)
    rows = board_of(planted).rows
    assert rows["war_mean"].round(9).nunique() == 1
    tied = rows.sort_values("uar_mean")
    assert (tied.groupby(tied["uar_mean"].round(9))["place"].nunique() == 1).all()


def test_ends_of_intervals_are_fractions(planted: Planted) -> None:
    on = TestSet("ferv39k", "1", clips=50)
    planted.row("perfect", on=on, logits={("1", 1): np.eye(len(on.classes), dtype=np.float32)[on.labels["1"]]})
    row = board_of(planted).rows.iloc[0]
    assert [row[f"{name}_{end}"] for name in ("war", "uar") for end in ("low", "high")] == [1.0] * 4


def test_a_row_on_other_labels_is_not_tested(planted: Planted) -> None:
    on = TestSet("ferv39k", "1", clips=60)
    planted.row("honest", 0.5, on=on)
    planted.row("honest too", 0.5, on=on)
    cheat = on.predict("1", -2, 5)
    planted.add("relabelled", "1", 1, cheat, on=on, labels=cheat.argmax(1))
    board = board_of(planted)
    tests = only_tests(board)
    assert len(tests.rows) == 2
    (problem,) = tests.panel.other_clips.values() if tests.panel.other_clips else [[]]
    assert "under another label than other results" in problem[0]


def test_rows_without_predictions_are_not_ranked_beside_others(planted: Planted) -> None:
    """Nothing bears out what they say, or a file removed would be a way to the first place."""
    on = TestSet("ferv39k", "1")
    for method, skill in (("kept", 0.5), ("lost", 2.0), ("broken", 1.0)):
        planted.row(method, skill, on=on)
    next(planted.root.glob("*/lost/*/predictions.parquet")).unlink()
    next(planted.root.glob("*/broken/*/predictions.parquet")).write_bytes(b"PAR1 nothing")
    board = board_of(planted)
    rows = board.rows.set_index("name")
    assert rows["war_low"].notna().to_dict() == {"kept": True, "lost": False, "broken": False}
    assert rows["ranked"].to_dict() == {"kept": True, "lost": False, "broken": False}
    assert rows.index[0] == "kept"
    assert rows["rank"].isna().sum() == rows["place"].isna().sum() == 2
    found = {row["name"]: row_notes(board, row) for row in board.as_rows}
    assert found["kept"] == []
    assert found["lost"] == found["broken"] == [f"{UNREADABLE}, not ranked; see harness audit"]
    problems = [text for texts in board.evidence.problems.values() for text in texts]
    assert any("cannot be read" in text or "No such file" in text for text in problems)
    assert any("no Parquet file" in text for text in problems)


def test_tables_show_intervals_and_what_the_test_set_can_show(planted: Planted, tmp_path: Path) -> None:
    on = TestSet(clips=60)
    planted.row("first", 1.0, on=on)
    planted.row("second", 0.9, on=on)
    render(Store(planted.root), tmp_path / "out", registry.datasets(), registry.metrics())
    page = (tmp_path / "out" / "dfew.md").read_text()
    assert "WAR pooled [95 % CI]" in page
    assert "300 test clips. The smallest difference they show with 80 % power: " in page
    rows = board_of(planted).rows
    low, high = rows["war_low"].iloc[0], rows["war_high"].iloc[0]
    assert f"[{low * 100:.2f}, {high * 100:.2f}]" in page
    assert "One training each: no test of methods." in page


def test_several_trainings_make_tests_of_methods(planted: Planted, tmp_path: Path) -> None:
    on = TestSet("ferv39k", "1", clips=200)
    for method, skill in {"best": 3.0, "good": 2.9, "weak": 0.1}.items():
        planted.row(method, skill, on=on, seeds=(1, 2, 3))
    board = board_of(planted)
    tests = only_tests(board)
    assert tests.level == "methods"
    assert [one.seeds for one in tests.war.trainings] == [3, 3, 3]
    rows = board.rows.set_index("name")
    assert rows.loc[["best", "good"], ["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 2], [1, 2]]
    assert rows.loc["weak", ["rank_low", "rank_high"]].tolist() == [3, 3]
    assert tests.war.smallest < tests.war.smallest_of_all

    render(Store(planted.root), tmp_path / "out", registry.datasets(), registry.metrics())
    page = (tmp_path / "out" / "ferv39k.md").read_text()
    assert "Ranks, tests and intervals hold for methods, over clips and trainings together." in page
    assert "From training to training the score of a fold spreads by τ = " in page
    lines = {line.split("|")[3].strip(): line for line in page.splitlines() if line.startswith("| ")}
    assert (lines["best"].split("|")[1].strip(), lines["weak"].split("|")[1].strip()) == ("1–2", "3")
    table = next(json.loads((tmp_path / "out" / "leaderboard.json").read_text())["tables"].__iter__())
    assert table["tests_of"] == "methods"
    assert table["run_to_run"]["war"] >= 0


def test_a_row_of_one_training_is_in_no_test_beside_others(planted: Planted, tmp_path: Path) -> None:
    on = TestSet("ferv39k", "1", clips=200)
    for method, skill in {"many": 3.0, "more": 0.1}.items():
        planted.row(method, skill, on=on, seeds=(1, 2, 3))
    planted.row("once", 1.5, on=on)
    board = board_of(planted)
    tests = only_tests(board)
    once = [row == board.rows.index[board.rows["name"] == "once"][0] for row in tests.rows].index(True)
    others = [place for place in range(3) if place != once]
    assert np.isnan(tests.war.p[once, others]).all()
    assert np.isnan(tests.war.adjusted[once, others]).all()
    assert tests.war.adjusted[others[0], others[1]] < 0.05
    assert (tests.war.rank_low[once], tests.war.rank_high[once]) == (1, 3)
    render(Store(planted.root), tmp_path / "out", registry.datasets(), registry.metrics())
    assert "1 rows have one training each, and are in no test." in (tmp_path / "out" / "ferv39k.md").read_text()
    pairs = json.loads((tmp_path / "out" / "leaderboard.json").read_text())["tables"][0]["pairs"]
    assert sorted(pair["war"]["p"] is None for pair in pairs) == [False, True, True]


def test_a_method_without_training_is_tested_though_it_has_one_seed(planted: Planted) -> None:
    on = TestSet("ferv39k", "1", clips=200)
    planted.row("trained", 3.0, on=on, seeds=(1, 2, 3))
    planted.row("zero-shot", 0.1, on=on, cost={"params_trainable": 0})
    tests = only_tests(board_of(planted))
    assert sorted(one.seeds for one in tests.war.trainings) == [0, 3]
    assert tests.level == "methods"
    assert tests.war.p[0, 1] < 0.05


def test_a_mean_rank_is_of_what_is_tested_on_every_dataset(planted: Planted) -> None:
    on = [TestSet("ferv39k", "1", clips=150), TestSet("dfew", clips=60)]
    for method, skill in {"best": 3.0, "middle": 1.2, "weak": 0.1}.items():
        for dataset in on:
            planted.row(method, skill, on=dataset, seeds=(1, 2))
    planted.row("lacking", 3.0, on=on[0], seeds=(1, 2))
    board = board_of(planted)
    (part,) = across(board, demo=False)
    names = {next(iter(line.values()))["row"]: next(iter(line.values()))["name"] for line in part.lines}
    found = {names[row]: rank for row, rank in mean_ranks(board, part).items()}
    assert {name: rank.mean for name, rank in found.items()} == {"best": 1, "middle": 2, "weak": 3}
    assert all(1 <= rank.low <= rank.mean <= rank.high <= 3 for rank in found.values())


@pytest.mark.parametrize(("lacking", "said"), [(1, "1 test clip"), (2, "2 test clips")])
def test_clips_that_a_row_lacks_are_counted(planted: Planted, lacking: int, said: str) -> None:
    on = TestSet("ferv39k", "1", clips=60)
    for method in ("one", "two"):
        planted.row(method, 0.5, on=on)
    planted.add("less", "1", 1, on.predict("1", 0.5, 1), on=on, keep=np.arange(60 - lacking))
    texts = [text for found in board_of(planted).other_clips.values() for text in found]
    assert f"fold 1 seed 1 has no prediction for {said} that other results have" in texts


def test_the_test_of_war_flips_whole_groups_where_they_are_known(planted: Planted) -> None:
    on = TestSet("ferv39k", "1", clips=80, films=8)
    planted.row("best", 1.0, on=on)
    planted.row("other", 0.4, on=on)
    tests = only_tests(board_of(planted))
    right = tests.outcomes.right.astype(np.int64)
    films = np.bincount(tests.outcomes.groups, weights=right[:, 0] - right[:, 1]).astype(np.int64)
    assert tests.war.p[0, 1] == pytest.approx(sign_flip(films))
    assert tests.mcnemar[0, 1] == pytest.approx(sign_flip(right[:, 0] - right[:, 1]))
    assert tests.war.p[0, 1] != tests.mcnemar[0, 1]
