"""What produced a number."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest

import harness
from harness.results import provenance
from harness.results.provenance import PACKAGES, commit, package_versions
from helpers.commands import Bench


def test_versions_are_those_installed() -> None:
    from importlib.metadata import version

    found = package_versions()
    assert found["dfer-harness"] == harness.__version__ == version("dfer-harness")
    assert list(found) == [name for name in PACKAGES if name in found]
    assert {"torch", "open_clip_torch", "ray", "numpy", "scikit-learn"} <= set(found)


def test_a_package_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "PACKAGES", ("pytest", "not-installed-anywhere"))
    assert list(package_versions()) == ["pytest"]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that holds a package, taken for this project's."""
    package = tmp_path / "harness"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(provenance, "__file__", str(package / "results" / "provenance.py"))
    git(tmp_path, "init", "-q")
    return package


def git(folder: Path, *args: str) -> str:
    who = ["-c", "user.name=n", "-c", "user.email=e@e"]
    return subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_and_whether_files_differ_from_it(checkout: Path) -> None:
    git(checkout, "add", ".")
    git(checkout, "commit", "-qm", "one")
    (checkout.parent / "notes.txt").write_text("outside the packages")
    head = git(checkout, "rev-parse", "HEAD")
    assert commit.__wrapped__() == {"commit": head, "dirty": False}
    (checkout / "__init__.py").write_text("changed")
    assert commit.__wrapped__() == {"commit": head, "dirty": True}


def test_an_installed_copy_inside_another_repository_has_no_commit(checkout: Path) -> None:
    (checkout.parent / "theirs.txt").write_text("")
    git(checkout.parent, "add", "theirs.txt")
    git(checkout, "commit", "-qm", "somebody else's")
    assert commit.__wrapped__() == {}


def test_a_repository_without_commits_or_without_git_has_none(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commit.__wrapped__() == {}
    monkeypatch.setenv("PATH", "")
    assert commit.__wrapped__() == {}


def test_a_result_tells_where_when_and_with_what_it_was_made(toy_bench: Bench) -> None:
    found = toy_bench()[0]["provenance"]
    assert set(found) == {
        "packages", "python", "source", "hardware", "host", "threads", "compile", "retries", "started", "finished",
        "distribution", "weights",
    }  # fmt: skip
    assert found["packages"] == package_versions()
    assert set(found["hardware"]) == {"cpu", "cores", "gpus", "machine", "kernels"}
    assert found["threads"] == 1
    assert datetime.fromisoformat(found["started"]) <= datetime.fromisoformat(found["finished"])
