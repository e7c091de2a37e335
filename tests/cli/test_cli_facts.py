"""The commands that print facts: list, doctor, status, leaderboard, cache, data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.data.places import DatasetPlace, configured_places
from harness.plugin import registry
from tests.conftest import TOY, Invoke, forget


def test_list_as_json_has_the_keys_of_the_design(invoke: Invoke) -> None:
    facts = json.loads(invoke("list", "--json").out)
    assert list(facts) == list(registry.KINDS)
    for entries in facts.values():
        assert all({"name", "version", "plugin", "paper", "options"} <= set(entry) for entry in entries)
    coop = next(entry for entry in facts["methods"] if entry["name"] == "coop")
    assert all(set(option) == {"name", "type", "default", "help"} for option in coop["options"])
    tokens = next(option for option in coop["options"] if option["name"] == "context_tokens")
    assert (tokens["type"], tokens["default"]) == ("int", 16)
    assert {"input.frames", "input.size", "input.views"} <= {option["name"] for option in coop["options"]}


def test_list_of_one_kind(invoke: Invoke) -> None:
    assert list(json.loads(invoke("list", "metrics", "--json").out)) == ["metrics"]


def test_every_listed_option_can_be_set_to_its_default(invoke: Invoke, toy_args: list[str]) -> None:
    facts = json.loads(invoke("list", "methods", "--json").out)
    sets = []
    for entry in facts["methods"]:
        for option in entry["options"]:
            default = option["default"]
            text = json.dumps(default) if isinstance(default, list) else str(default)
            sets += ["--set", f"{entry['name']}.{option['name']}={text}"]
    plain = json.loads(invoke(*toy_args, "--methods", "all", "--dry-run", "--json").out)
    spelt = json.loads(invoke(*toy_args, "--methods", "all", "--dry-run", "--json", *sets).out)
    assert [job["id"] for job in spelt["jobs"]] == [job["id"] for job in plain["jobs"]]


def test_list_shows_names_and_options(invoke: Invoke) -> None:
    answer = invoke("list", "methods", "--options")
    for part in ("zero-shot-clip", "coop", "--set coop.", "context_tokens", "'end' | 'middle'", "tuple[str, ...]"):
        assert part in answer.out
    assert answer.err == ""


def test_list_shows_what_a_plugin_file_offers(invoke: Invoke) -> None:
    forget("toy")
    assert '"linear"' not in invoke("list", "--json").out
    assert '"linear"' in invoke("list", "--json", "--plugin", TOY).out


def test_a_sound_installation(invoke: Invoke) -> None:
    answer = invoke("doctor", "--json")
    facts = json.loads(answer.out)
    assert (answer.code, facts["ok"], facts["problems"]) == (0, True, [])
    assert facts["found"]["datasets"] >= 3
    assert {"configuration", "cache"} <= set(facts["places"])
    assert "torch" in facts["versions"]
    checks = {check["name"]: check for check in facts["checks"]}
    assert {"python", "packages", "devices", "ray", "plugins", "weights", "results folder", "cache folder"} <= set(
        checks
    )
    assert {"room in results folder", "clock of results folder", "data of dfew"} <= set(checks)
    assert checks["data of dfew"]["fix"].startswith("--data-root DIR")
    assert all(check["fix"] for check in checks.values() if check["verdict"] != "ok")


def test_doctor_says_what_is_wrong_and_what_to_do(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))  # type: ignore[attr-defined]
    answer = invoke("doctor", "--json", "--runs", "/proc/runs", "--data-root", tmp_path / "nowhere")
    checks = {check["name"]: check for check in json.loads(answer.out)["checks"]}
    assert answer.code == 1
    assert checks["results folder"]["verdict"] == checks["data of mafw"]["verdict"] == "problem"
    assert checks["room in cache folder"]["verdict"] == "warning"
    assert "harness cache clear" in checks["room in cache folder"]["fix"]


def test_doctor_shows_plugins_that_were_left_out(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "bad_import.py").write_text("import not_installed_anywhere\n")
    (tmp_path / "bad_hook.py").write_text("from harness import hookimpl\n@hookimpl\ndef register_metod(): ...\n")
    plugins = ["--plugin", tmp_path / "bad_import.py", "--plugin", tmp_path / "bad_hook.py"]
    try:
        answer, plain = invoke("doctor", "--json", *plugins), invoke("doctor", *plugins)
    finally:
        forget("bad_import")
        forget("bad_hook")
    assert (answer.code, plain.code) == (1, 1)
    reasons = {p["plugin"]: p["reason"] for p in json.loads(answer.out)["problems"]}
    assert "not_installed_anywhere" in reasons["bad_import"]
    assert "did you mean 'register_methods'?" in reasons["bad_hook"]
    assert "bad_import" in plain.out
    assert "register_methods" in plain.out


def test_status_counts_done_failed_and_stale(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    invoke(*toy_args)
    invoke(*toy_args, "--set", "linear.fault=raise")
    (row,) = json.loads(invoke("status", "--json", "--runs", "runs").out)["rows"]
    assert row == {"dataset": "toy", "method": "linear", **counts(done=1, failed=1)}
    forget("toy")
    (row,) = json.loads(invoke("status", "runs", "--json").out)["rows"]
    assert row["stale"] == 0  # of a plugin that is not loaded nothing is known
    changed = tmp_path / "toy.py"
    changed.write_text(TOY.read_text() + "\n# another source\n")
    (row,) = json.loads(invoke("status", "runs", "--json", "--plugin", changed).out)["rows"]
    assert row == {"dataset": "toy", "method": "linear", **counts(stale=2)}
    forget("toy")
    assert "linear" in invoke("status").out


def counts(**some: int) -> dict[str, int]:
    return {**dict.fromkeys(("planned", "running", "done", "failed", "stale"), 0), **some}


def test_status_tells_planned_running_and_done_apart_by_content(
    invoke: Invoke, toy_args: list[str], tmp_path: Path
) -> None:
    from harness.results.status import AT_WORK
    from harness.system.leases import Leases

    invoke(*toy_args, "--seeds", "1,2,3,4")
    one, two, three, _ = sorted((tmp_path / "runs" / "toy" / "linear").iterdir())
    (one / "result.json").write_text("{}")
    (two / "predictions.parquet").unlink()
    other = Leases(tmp_path / "runs")
    assert other.acquire(AT_WORK + three.name.rpartition("-")[2])
    (row,) = json.loads(invoke("status", "--json").out)["rows"]
    assert row == {"dataset": "toy", "method": "linear", **counts(planned=2, running=1, done=1)}
    other.close()
    again = invoke(*toy_args, "--seeds", "1,2,3,4")
    assert "2 jobs done, 0 failed, 2 kept from before" in again.out


def test_status_shows_the_log_of_a_job(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    invoke(*toy_args, "--seeds", "1,2")
    first = sorted((tmp_path / "runs" / "toy" / "linear").iterdir())[0]
    job = first.name.rpartition("-")[2]
    assert invoke("status", "--log", job[:6], "--follow").out == (first / "log.txt").read_text()
    assert "no log of job" in invoke("status", "--log", "nothing").err
    assert "how several jobs start" in invoke("status", "--log", "").err


def test_status_of_an_empty_folder(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    answer = invoke("status")
    assert (answer.code, answer.out) == (0, "no results in runs\n")


def test_leaderboard_names_the_files_it_wrote(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    invoke(*toy_args, "--folds", "all")
    files = json.loads(invoke("leaderboard", "--runs", "runs", "--out", "boards", "--json").out)["files"]
    assert {Path(name).suffix for name in files} == {".md", ".csv", ".json", ".tex", ".parquet"}
    assert all((tmp_path / name).is_file() for name in files)
    assert "linear" in invoke("leaderboard").out


def test_cache_info_and_clear(invoke: Invoke, toy_args: list[str]) -> None:
    few = "--methods zero-shot-clip --set zero-shot-clip.input.frames=2"
    invoke(*toy_args, *few.split())
    facts = json.loads(invoke("cache", "info", "--json").out)
    (view,) = facts["views"]
    assert (view["dataset"], view["shards"], view["input"]["frames"]) == ("toy", 1, 2)
    assert facts["bytes"] == view["bytes"] > 12 * 2 * 16 * 4
    assert "test" in invoke("cache", "info").out
    assert json.loads(invoke("cache", "clear", "--json").out) == {"freed_bytes": facts["bytes"]}
    assert json.loads(invoke("cache", "info", "--json").out)["views"] == []
    assert invoke("cache", "clear").out == "freed 0.0 MB\n"


def test_data_set_is_used_by_the_next_bench(invoke: Invoke, toy_args: list[str], toy_root: Path) -> None:
    answer = invoke("data", "set", "toy", toy_root / "TOY")
    assert (answer.code, configured_places()) == (0, {"toy": DatasetPlace(toy_root / "TOY")})
    assert str(toy_root / "TOY") in answer.out
    plan = invoke(*toy_args[:-2], "--dry-run", "--json")
    assert json.loads(plan.out)["to_do"] == 1
    assert "data of toy" in invoke("doctor").out
