"""Results on disk: whole or not at all, inside the store, and said before any work where nothing can be written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import HarnessError
from harness.results.store import DRAFTS, Store, _differ, read, safe_name, write_json
from harness.system.processes import machine, tag
from helpers.planted import Planted, TestSet
from helpers.stored import JOB, put, result

FILES = ["predictions.parquet", "result.json"]


def everything(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def test_a_result_lies_where_the_design_says(tmp_path: Path) -> None:
    put(Store(tmp_path), JOB)
    assert everything(tmp_path) == [f"toy/linear/1-s1-{JOB.id}/{name}" for name in FILES]


def test_a_new_result_takes_the_place_of_an_old_one_with_all_its_files(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.draft(JOB) as draft:
        (draft / "weights.safetensors").write_text("old")
        write_json(draft / "result.json", result(mark="old"))
    put(store, JOB, mark="new")
    assert everything(tmp_path) == [f"toy/linear/1-s1-{JOB.id}/{name}" for name in FILES]
    assert (store.result(JOB) or {})["mark"] == "new"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_fails_on_the_way_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    store = Store(tmp_path)

    def fail() -> None:
        with store.draft(JOB) as draft:
            write_json(draft / "result.json", result())
            raise error

    with pytest.raises(error):
        fail()
    assert everything(tmp_path) == []
    assert store.state(JOB, "abc") == "missing"


KILLED = """
import json, os, signal, sys
from pathlib import Path
from harness.core.job import JobSpec
from harness.results.store import Store, write_json
with Store(Path(sys.argv[1])).draft(JobSpec.from_json(json.loads(sys.argv[2]))) as draft:
    write_json(draft / "result.json", {"schema": 1, "status": "done", "plugin": {"source_sha256": "abc"}})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_in_the_middle_leaves_no_half_result_and_is_swept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    command = [sys.executable, "-c", KILLED, str(tmp_path), json.dumps(JOB.to_json())]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert len(everything(tmp_path)) == 1  # the draft is there ...
    assert store.state(JOB, "abc") == "missing"  # ... but is no result
    assert list(store.results()) == []
    store.sweep()
    assert everything(tmp_path) == []


def test_sweeping_spares_the_living_other_machines_and_strangers(tmp_path: Path) -> None:
    kept = [f"id-{tag()}-a1", "id-0123abcd-1-1-a1", "probe-0123", ".DS_Store", "id", f"id-{machine()}-x-1-a"]
    for name in kept:
        (tmp_path / DRAFTS / name).mkdir(parents=True)
    Store(tmp_path).sweep()
    assert {p.name for p in (tmp_path / DRAFTS).iterdir()} == set(kept)


def test_sweeping_puts_an_old_result_back_that_had_stepped_aside(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put(store, JOB, mark="old")
    dead = f"{JOB.id}-{machine()}-{2**22 + 1}-0-abcdef"  # above the largest process id
    (tmp_path / DRAFTS / dead).mkdir(parents=True)
    store.folder(JOB).rename(tmp_path / DRAFTS / f"{dead}.old")
    store.sweep()
    assert (store.result(JOB) or {})["mark"] == "old"
    assert list((tmp_path / DRAFTS).iterdir()) == []


@pytest.mark.parametrize("spoil", ["empty", "cut", "other job", "no predictions", "cut predictions", "only a folder"])
def test_a_result_that_is_not_whole_is_none(tmp_path: Path, spoil: str) -> None:
    store = Store(tmp_path)
    put(store, JOB)
    folder = store.folder(JOB)
    if spoil == "empty":
        (folder / "result.json").write_bytes(b"")
    if spoil == "cut":
        (folder / "result.json").write_bytes((folder / "result.json").read_bytes()[:-20])
    if spoil == "other job":
        write_json(folder / "result.json", result(id="another"))
    if spoil == "no predictions":
        (folder / "predictions.parquet").unlink()
    if spoil == "cut predictions":
        (folder / "predictions.parquet").write_bytes(b"PAR1 and ")
    if spoil == "only a folder":
        for path in folder.iterdir():
            path.unlink()
    assert store.state(JOB, "abc") == "missing"


def test_states(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.state(JOB, "abc") == "missing"
    put(store, JOB)
    assert (store.state(JOB, "abc"), store.state(JOB, "changed")) == ("done", "stale")
    put(store, JOB, "failed")
    assert (store.state(JOB, "abc"), store.state(JOB, "changed")) == ("failed", "stale")
    assert store.state(replace(JOB, seed=2), "abc") == "missing"


def test_results_come_in_order_of_their_paths_without_drafts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for seed in (2, 1):
        put(store, replace(JOB, seed=seed), mark=seed)
    stray = tmp_path / DRAFTS / "a" / "b"
    stray.mkdir(parents=True)
    write_json(stray / "result.json", result(mark=3))
    assert [r["mark"] for r in store.results()] == [1, 2]
    assert [Path(r["path"]).parent for r in store.results()] == [tmp_path / "toy" / "linear"] * 2


@pytest.mark.parametrize("name", ["..", ".", "../../etc", "a/b", "/etc", "a\\b", "a\0b", "CON:", "~", ".hidden", "é ü"])
def test_hostile_names_stay_inside_the_store(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "runs")
    job = replace(JOB, dataset=name, method=name, fold=name)
    put(store, job)
    for path in everything(tmp_path):
        assert path.startswith("runs/")
        assert len(Path(path).parts) == 5
    assert store.state(job, "abc") == "done"
    assert len(list(store.results())) == 1


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_a_safe_name_is_one_component_and_its_own(one: str, other: str) -> None:
    assert "/" not in safe_name(one)
    assert not safe_name(one).startswith(".")
    assert (safe_name(one) == safe_name(other)) == (one == other)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_is_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"war": value})
    assert everything(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "not a result"), ("", "not a result"), ('{"schema": 99}', "schema 99, this version reads 1")],
)
def test_a_spoilt_result_is_named(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "result.json").write_text(content)
    with pytest.raises(HarnessError, match=reason) as caught:
        read(tmp_path / "result.json")
    assert str(tmp_path / "result.json") in str(caught.value)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        with pytest.raises(HarnessError, match=r"cannot write results to .*; choose another folder with --out"):
            Store(place).check_writable()


def test_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    Store(tmp_path / "runs").check_writable()
    assert everything(tmp_path) == []


def test_what_is_damaged_is_left_out_by_name(tmp_path: Path) -> None:
    on = TestSet("ferv39k", "1", clips=20)
    planted = Planted(tmp_path)
    folders = [planted.add("m", "1", seed, on.predict("1", 0.5, seed), on=on) for seed in (1, 2, 3, 4)]
    (folders[0] / "result.json").write_text("{")
    (folders[1] / "result.json").unlink()
    stored = json.loads((folders[2] / "result.json").read_text())
    (folders[2] / "result.json").write_text(json.dumps(stored | {"metrics": {"war": "high"}}))
    (tmp_path / "lost").symlink_to("nowhere")
    store = Store(tmp_path)
    assert [found["path"] for found in store.sound()] == [str(folders[3])]
    assert set(store.left_out) == {str(folder / "result.json") for folder in folders[:3]} | {str(tmp_path / "lost")}
    assert "metrics.war" in store.left_out[str(folders[2] / "result.json")]


def test_two_results_differ_by_a_metric_of_one_version_only() -> None:
    one = {"status": "done", "metrics": {"war": 0.5}, "metric_versions": {"war": "1"}}
    assert not _differ(one, dict(one))
    assert _differ(one, {**one, "metrics": {"war": 0.6}})
    assert not _differ(one, {**one, "metrics": {"war": 0.6}, "metric_versions": {"war": "2"}})
    assert not _differ(one, {**one, "metrics": {"uar": 0.6}, "metric_versions": {"uar": "1"}})
    assert _differ(one, {**one, "status": "failed", "metrics": None, "metric_versions": None})


def test_a_folder_in_place_of_a_result_is_named(tmp_path: Path) -> None:
    (tmp_path / "result.json").mkdir()
    with pytest.raises(HarnessError, match=r"result\.json: not a result \(a folder, where a file has to be\)"):
        read(tmp_path / "result.json")


@pytest.mark.parametrize(
    "change", [{"dataset": 7}, {"variant": None}, {"phases": {"training": 1e400}}, {"plugin": {"source_sha256": 1}}]
)
def test_a_summary_of_another_form_is_broken(tmp_path: Path, change: dict[str, Any]) -> None:
    store = Store(tmp_path)
    put(store, JOB)
    (file,) = tmp_path.rglob("result.json")
    whole = json.loads(file.read_text())
    (summary,) = store.summaries().values()
    assert summary.status == "done"
    file.write_text(json.dumps({**whole, **change}))
    (summary,) = Store(tmp_path).summaries().values()
    assert (summary.status, summary.why) == ("broken", "it has not the form of a result")
