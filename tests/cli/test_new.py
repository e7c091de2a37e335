"""`harness new`: what it writes works at once, and what is there is not written over."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from harness.scaffold.plugin_files import Kind, Offer
from helpers.commands import Cli, Invoke, forget

EVERY = [*(("method", kind) for kind in get_args(Kind)), *((offer, None) for offer in get_args(Offer)[1:])]
NAMES = [f"{offer}-{kind}" if kind else offer for offer, kind in EVERY]
Pytest = Callable[[Path], subprocess.CompletedProcess[str]]


def flags(kind: str | None) -> list[str]:
    return ["--kind", kind] if kind else []


@pytest.fixture
def pytest_in(tmp_path: Path) -> Pytest:
    """pytest in a process of its own, as the author of a plugin runs it."""

    def run(test: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
        env = {**os.environ, "PYTHONPATH": str(test.parent)}
        return subprocess.run(command, cwd=test.parent, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize(("offer", "kind"), EVERY, ids=NAMES)
def test_it_writes_a_plugin_and_a_test_and_says_what_to_run(
    offer: str, kind: str | None, invoke: Invoke, tmp_path: Path
) -> None:
    answer = invoke("new", offer, "of_mine", *flags(kind))
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[:3] == ["wrote of_mine.py", "wrote test_of_mine.py", "Next:"]
    assert len(lines) == 5
    for name in ("of_mine.py", "test_of_mine.py"):
        text = (tmp_path / name).read_text()
        compile(text, name, "exec")
        assert "@" not in text.replace("@hookimpl", "").replace("@dataclass", "").replace("@pytest", "").replace(
            " @ ", ""
        )


@pytest.mark.slow
@pytest.mark.parametrize(("offer", "kind"), EVERY, ids=NAMES)
def test_the_commands_that_it_names_run(offer: str, kind: str | None, cli: Cli, tmp_path: Path) -> None:
    shown = cli("new", offer, "of_mine", *flags(kind)).stdout
    ran = 0
    for line in shown.partition("Next:\n")[2].splitlines():
        program, *words = shlex.split(line)
        if program != "harness":
            continue
        done = cli(*words, *(["--executor", "inline", "--json"] if words[0] == "bench" else []))
        ran += 1
        assert "left out" not in done.stderr
        if words[0] == "bench":
            results = json.loads(done.stdout)["results"]
            assert [(result["status"], result["warnings"]) for result in results] == [("done", [])]
    assert ran == (2 if offer in ("method", "backbone") else 1)


@pytest.mark.slow
@pytest.mark.parametrize(("offer", "kind"), EVERY, ids=NAMES)
def test_the_test_that_it_writes_passes(
    offer: str, kind: str | None, invoke: Invoke, tmp_path: Path, pytest_in: Pytest
) -> None:
    invoke("new", offer, "of_mine", *flags(kind))
    done = pytest_in(tmp_path / "test_of_mine.py")
    assert done.returncode == 0, done.stdout + done.stderr


def install(folder: Path, name: str) -> None:
    """Stand in for `pip install -e`, which needs a network for its build: the metadata that it would leave."""
    import tomllib

    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    about = folder / f"{name}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    entries = "\n".join(f"{key} = {value}" for key, value in project["entry-points"]["harness"].items())
    (about / "entry_points.txt").write_text(f"[harness]\n{entries}\n")


@pytest.mark.slow
def test_a_package_is_installed_and_conforms(invoke: Invoke, cli: Cli, tmp_path: Path, pytest_in: Pytest) -> None:
    answer = invoke("new", "method", "of_mine", "--package")
    folder = tmp_path / "of_mine"
    assert sorted(path.name for path in folder.iterdir()) == ["of_mine.py", "pyproject.toml", "test_of_mine.py"]
    assert "pip install -e of_mine && harness conform of_mine" in answer.out
    install(folder, "of_mine")
    done = cli("conform", "of_mine", "--json", PYTHONPATH=str(folder))
    (method,) = json.loads(done.stdout)["methods"]
    assert (method["method"], method["ok"]) == ("of_mine", True)
    tested = pytest_in(folder / "test_of_mine.py")
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("there", ["of_mine.py", "test_of_mine.py"])
def test_nothing_is_written_over(there: str, invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / there).write_text("mine")
    answer = invoke("new", "method", "of_mine")
    assert (answer.code, answer.out) == (2, "")
    assert f"harness: {there} is there already" in answer.err
    assert [path.name for path in tmp_path.glob("*.py")] == [there]
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("method", "my-method"), "'my-method' is no name that Python can import; write my_method"),
        (("method", "3d net"), "'3d net' is no name that Python can import; write my_3d_net"),
        (("method", "class"), "'class' cannot be the name of a plugin; write my_class"),
        (("method", "_net"), "'_net' cannot be the name of a plugin; write my_net"),
        (("method", "torch"), "'torch' is a module on this machine, which torch.py would hide; write my_torch"),
        (("method", "cocoop"), "method 'cocoop' is offered by"),
        (("metric", "war"), "metric 'war' is offered by"),
        (("dataset", "faces", "--kind", "tower"), "--kind tower is of methods; leave it out for a dataset"),
        (("methods", "faces"), "'methods' is not one of"),
    ],
)
def test_a_name_that_will_not_do_is_refused_with_one_that_will(
    args: tuple[str, ...], told: str, invoke: Invoke, tmp_path: Path
) -> None:
    answer = invoke("new", *args)
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err
    assert list(tmp_path.glob("*.py")) == []


def test_a_folder_may_be_named(invoke: Invoke, tmp_path: Path) -> None:
    answer = invoke("new", "metric", "of_mine", "--folder", "below/here")
    assert "wrote below/here/of_mine.py" in answer.out
    assert (tmp_path / "below" / "here" / "test_of_mine.py").is_file()


@pytest.fixture(autouse=True)
def forgotten() -> object:
    yield
    forget("of_mine")
