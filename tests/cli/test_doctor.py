"""`harness doctor`: what is sound, what is wrong, and what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from helpers.commands import Invoke, forget


@pytest.fixture(autouse=True)
def no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look past the Ray token of whoever runs the tests."""
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "no token"))


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
