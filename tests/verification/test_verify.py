"""Real jobs are run again and alike; forged ones are caught, whoever made them up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.leaderboard import load
from harness.leaderboard.audit import audit
from harness.leaderboard.board.board import Board
from harness.leaderboard.board.trust import AGAIN, CLAIMED, PREDICTS_OTHERWISE, RECOMPUTED
from harness.plugin import registry
from harness.results.store import Store
from harness.results.verified import FILE
from helpers.commands import Bench, Invoke
from helpers.forged import forge, forged_row

Verify = Callable[..., dict[str, Any]]


@pytest.fixture
def verify(invoke: Invoke, toy_root: Path, tmp_path: Path) -> Verify:
    """`harness verify` on the runs of the toy bench: what it prints as JSON, with its exit code."""

    def run(*args: object) -> dict[str, Any]:
        out = ("--out", tmp_path / "runs-again")
        answer = invoke("verify", tmp_path / "runs", "--data-root", toy_root, *out, "--json", *args)
        assert answer.out, answer.err
        return {**json.loads(answer.out), "code": answer.code}

    return run


def board_of(tmp_path: Path) -> Board:
    return load(Store(tmp_path / "runs"), registry.datasets(), registry.metrics())


def trust(tmp_path: Path) -> list[str]:
    return sorted(board_of(tmp_path).rows["trust"])


def folders(tmp_path: Path) -> list[Path]:
    return sorted(path.parent for path in (tmp_path / "runs").glob("*/*/*/result.json"))


def errors(board: Board) -> set[tuple[str, str]]:
    found = audit(board, registry.plugins().offers("methods"))
    return {(item.code, item.level) for item in found if item.level == "error" or item.code == "changed-since"}


def test_an_honest_row_is_alike_and_says_that_it_was_run_again(
    toy_bench: Bench, verify: Verify, tmp_path: Path
) -> None:
    toy_bench(folds="all", seeds=[1, 2])
    assert trust(tmp_path) == [RECOMPUTED]
    found = verify("--jobs", "3")
    assert (found["code"], found["ok"], found["counts"]) == (0, True, {"alike": 3})
    assert {job["compared"] for job in found["jobs"]} == {"bit for bit"}
    assert [row["chance"] for row in found["rows"].values()] == [0.75]
    assert found["hardware"]["cpu"]
    assert trust(tmp_path) == [AGAIN]
    assert not (tmp_path / "runs-again" / "draw.json").exists()


def test_a_row_that_changed_afterwards_loses_its_level(toy_bench: Bench, verify: Verify, tmp_path: Path) -> None:
    """Whichever of its jobs was drawn, and whichever file changed."""
    toy_bench(folds="all", seeds=[1])
    verify()
    whole = shutil.copytree(tmp_path / "runs", tmp_path / "whole")
    for folder in folders(tmp_path):
        path = folder / "result.json"
        path.write_text(path.read_text().replace('"warnings": []', '"warnings": ["another"]'))
        board = board_of(tmp_path)
        assert board.rows["trust"].tolist() == [RECOMPUTED]
        assert errors(board) == {("changed-since", "warning")}
        shutil.rmtree(tmp_path / "runs")
        shutil.copytree(whole, tmp_path / "runs")
    assert trust(tmp_path) == [AGAIN]
    toy_bench(folds="all", seeds=[1, 2])  # another seed is another row of numbers
    assert trust(tmp_path) == [RECOMPUTED]


def test_a_forged_row_is_caught_and_not_ranked(toy_bench: Bench, verify: Verify, tmp_path: Path) -> None:
    toy_bench(folds="all", set={"linear": {"epochs": 1}})
    toy_bench(folds="all")
    row = json.loads((folders(tmp_path)[0] / "result.json").read_text())["options"]
    forged = [path for path in folders(tmp_path) if json.loads((path / "result.json").read_text())["options"] == row]
    for path in forged:
        forge(path)
    assert errors(board_of(tmp_path)) == set()  # nothing in its files tells
    found = verify()
    assert found["code"] == 1
    assert sorted(one["outcome"] for one in found["rows"].values()) == ["alike", "differs"]
    board = board_of(tmp_path)
    assert errors(board) == {("differs-run-again", "error")}
    assert board.rows["ranked"].tolist() == [True, False]
    assert board.rows["trust"].tolist() == [AGAIN, RECOMPUTED]
    assert list(board.excluded.values()) == [PREDICTS_OTHERWISE]


def test_scores_without_predictions_are_claimed(toy_bench: Bench, tmp_path: Path) -> None:
    toy_bench(folds="all")
    (folders(tmp_path)[0] / "predictions.parquet").unlink()
    assert trust(tmp_path) == [CLAIMED]


def hundred_forged(store: Store, honest: dict[str, Any], rows: int) -> set[str]:
    return {forged_row(store, honest, {"learning_rate": 0.1 + 0.001 * i}, i) for i in range(rows)}


@pytest.mark.slow
def test_100_of_100_forged_rows_are_caught(toy_bench: Bench, verify: Verify, tmp_path: Path) -> None:
    toy_bench()
    store = Store(tmp_path / "runs")
    (honest,) = store.results()
    forged = hundred_forged(store, honest, 100)
    found = verify()
    assert found["counts"] == {"differs": 100, "alike": 1}
    assert {job["id"] for job in found["jobs"] if job["outcome"] == "differs"} == forged
    board = board_of(tmp_path)
    assert board.rows["ranked"].sum() == 0  # of one fold of two; but all the same:
    assert len(board.excluded) == 100


@pytest.mark.parametrize("elsewhere", [True, False])
def test_forged_rows_are_caught_on_any_processor(
    toy_bench: Bench, verify: Verify, tmp_path: Path, elsewhere: bool
) -> None:
    toy_bench()
    store = Store(tmp_path / "runs")
    (honest,) = store.results()
    if elsewhere:
        honest["provenance"]["hardware"]["cpu"] = "another"
        path = Path(honest["path"]) / "result.json"
        path.write_text(json.dumps({name: value for name, value in honest.items() if name != "path"}))
    forged = hundred_forged(store, honest, 3)
    found = verify()
    assert {job["id"] for job in found["jobs"] if job["outcome"] == "differs"} == forged
    (alike,) = [job for job in found["jobs"] if job["outcome"] == "alike"]
    assert alike["compared"] == ("within the tolerance" if elsewhere else "bit for bit")


def test_one_forged_job_is_found_by_the_salts_that_draw_it(toy_bench: Bench, verify: Verify, tmp_path: Path) -> None:
    toy_bench(folds="all", seeds=[1, 2])
    forge(folders(tmp_path)[2])
    false = folders(tmp_path)[2].name.rpartition("-")[2]
    seen = set()
    for salt in "abcdefgh":
        found = verify("--salt", salt)
        (job,) = found["jobs"]
        seen.add(job["id"])
        assert found["code"] == int(job["id"] == false), salt
        assert found["rows"][job["row"]]["chance"] == 0.25
    assert false in seen
    assert len(seen) > 1
    assert len(json.loads((tmp_path / "runs" / FILE).read_text())["verifications"]) == 8


def test_a_draw_that_was_broken_off_goes_on_with_its_salt(
    toy_bench: Bench, verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_bench(folds="all", seeds=[1, 2])
    from harness.verification import verify as room

    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patches:
        patches.setattr(room, "add_verification", stop)
        with pytest.raises(AssertionError):
            verify("--jobs", "2")
    noted = json.loads((tmp_path / "runs-again" / "draw.json").read_text())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs-again").glob("*/*/*/result.json")}
    assert len(before) == 2
    assert not (tmp_path / "runs" / FILE).exists()
    found = verify("--jobs", "2")
    assert found["salt"] == noted["salt"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert verify("--jobs", "2")["salt"] != noted["salt"]  # it was finished: the next is another


def test_a_store_that_changed_meanwhile_is_drawn_anew(toy_bench: Bench, verify: Verify, tmp_path: Path) -> None:
    """Or a forger could wait for the salt."""
    toy_bench(folds="all")
    from harness.verification.drawn import draw_jobs, note_draw

    again = tmp_path / "runs-again"
    drawn = draw_jobs(Store(tmp_path / "runs"), "5%", [], None, again)
    note_draw(again, drawn)
    assert draw_jobs(Store(tmp_path / "runs"), "5%", [], None, again).salt == drawn.salt
    forge(folders(tmp_path)[0])
    assert verify()["salt"] != drawn.salt


def test_what_cannot_be_run_again_is_told_and_exits_2(
    toy_bench: Bench, verify: Verify, toy_root: Path, tmp_path: Path
) -> None:
    toy_bench()
    labels = toy_root / "TOY" / "labels.txt"
    labels.write_text(labels.read_text().replace("000 left 1", "000 right 1"))
    found = verify()
    (job,) = found["jobs"]
    assert (found["code"], job["outcome"]) == (2, "cannot")
    assert "changed" in job["reason"]
    assert trust(tmp_path) == [RECOMPUTED]


def test_other_source_that_predicts_otherwise_accuses_nobody(toy_bench: Bench, verify: Verify, tmp_path: Path) -> None:
    toy_bench()
    (folder,) = folders(tmp_path)
    forge(folder)
    result = json.loads((folder / "result.json").read_text())
    result["plugin"]["source_sha256"] = "0" * 64
    (folder / "result.json").write_text(json.dumps(result))
    (job,) = verify()["jobs"]
    assert job["outcome"] == "cannot"
    assert "other source of the plugin" in job["reason"]


def test_rows_are_named_as_tables_name_them(toy_bench: Bench, verify: Verify, tmp_path: Path, invoke: Invoke) -> None:
    toy_bench()
    assert len(verify("--rows", "linear")["rows"]) == 1
    (row,) = verify("--rows", "linear")["rows"]
    assert list(verify("--rows", row[:6])["rows"]) == [row]
    answer = invoke("verify", tmp_path / "runs", "--rows", "liner")
    assert answer.code == 2
    assert "linear" in answer.err
    answer = invoke("verify", tmp_path / "runs", "--out", tmp_path / "runs")
    assert (answer.code, "a folder of its own" in answer.err) == (2, True)
    answer = invoke("verify", tmp_path / "nowhere")
    assert (answer.code, "holds no finished" in answer.err) == (2, True)


def test_people_are_told_the_salt_and_the_chance(
    toy_bench: Bench, invoke: Invoke, toy_root: Path, tmp_path: Path
) -> None:
    toy_bench(folds="all", seeds=[1, 2])
    forge(folders(tmp_path)[0])
    answer = invoke("verify", "runs", "--data-root", toy_root, "--jobs", "100%")
    assert answer.code == 1
    assert "4 of 4 jobs of 1 row are run again" in answer.out
    assert "rows of 4 jobs, 4 drawn: one forged job is found with a chance of 100.0 %" in answer.out
    assert "3 alike (3 bit for bit), 1 differ, 0 cannot be run again" in answer.out
    assert "clips named otherwise" in answer.out
    assert "[4/4]" in answer.err


def test_second_runs_that_came_with_the_results_are_not_believed(
    toy_bench: Bench, invoke: Invoke, toy_root: Path, tmp_path: Path
) -> None:
    toy_bench()
    forge(folders(tmp_path)[0])
    for name in ("runs-again", "again"):
        shutil.copytree(tmp_path / "runs", tmp_path / name)
    answer = invoke("verify", "runs", "--data-root", toy_root)
    assert answer.code == 1
    assert len(list((tmp_path / "cache" / "again").glob("*/*/*/*/result.json"))) == 1
