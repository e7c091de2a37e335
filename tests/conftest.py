"""Fixtures that every test shares: places of its own, a toy dataset, and the real command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import harness
from harness.plugin import registry
from tests.toy import write_toy

settings.register_profile("harness", deadline=None)  # a shared machine is no stop-watch
settings.load_profile("harness")

TOY = Path(__file__).parent / "toy.py"
Cli = Callable[..., subprocess.CompletedProcess[str]]
Bench = Callable[..., "harness.Results"]


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str


Invoke = Callable[..., Answer]


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache, configuration or data."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HARNESS_CONFIG", str(tmp_path / "config.toml"))
    for name in ("HARNESS_DATA_ROOT", "HARNESS_WEIGHTS", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def toy_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with the toy dataset, written once."""
    root = tmp_path_factory.mktemp("toy")
    write_toy(root / "TOY")
    return root


@pytest.fixture
def toy_root(toy_template: Path, tmp_path: Path) -> Path:
    """A data root with a copy of the toy dataset that a test may spoil."""
    return Path(shutil.copytree(toy_template, tmp_path / "data"))


@pytest.fixture
def toy_plugin() -> Iterator[None]:
    """The toy plugin, loaded in this process and forgotten afterwards."""
    registry.plugins().add_file(TOY)
    yield
    forget("toy")


def forget(name: str) -> None:
    """Unload a one-file plugin of that name from this process."""
    loaded = registry.plugins()
    if loaded.manager.has_plugin(name):
        loaded.manager.unregister(name=name)
    loaded.files[:] = [path for path in loaded.files if path.stem != name]
    loaded.problems[:] = [problem for problem in loaded.problems if problem.plugin != name]


@pytest.fixture
def toy_flags(toy_root: Path, toy_plugin: None, tmp_path: Path) -> dict[str, Any]:
    """Flags of a quick bench on the toy dataset; requests and benches of tests are made from them."""
    return {
        "datasets": "toy",
        "methods": "linear",
        "folds": "1",
        "backbone": "tiny",
        "executor": "inline",
        "data_root": toy_root,
        "out": tmp_path / "runs",
    }


@pytest.fixture
def toy_bench(toy_flags: dict[str, Any]) -> Bench:
    """`harness.bench` on the toy dataset, in this process."""

    def run(bench_file: Path | None = None, **flags: Any) -> harness.Results:
        return harness.bench(bench_file, quiet=True, **{**toy_flags, **flags})

    return run


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The real command line in a process of its own, in an empty folder."""

    def run(*args: object, check: int | None = 0, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", "from harness.cli import main; main()", *map(str, args)],
            cwd=tmp_path,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert check is None or done.returncode == check, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
