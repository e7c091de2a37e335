"""Fixtures that every test shares: places of its own, a toy dataset, and the real command line."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: threads only slow small sums down
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import harness
from harness.cli import main
from harness.plugin import registry
from harness.system.shutdown import shutdown
from helpers.commands import TOY, Answer, Bench, Cli, Invoke, forget
from helpers.signals import usual_signals
from helpers.toy import write_toy

usual_signals()
settings.register_profile("harness", deadline=None)  # a shared machine is no stop-watch
settings.load_profile("harness")


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path) -> Iterator[None]:
    """No test reads or writes the user's cache, configuration or data, not even one that undoes its own patches."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
        patches.setenv("HARNESS_CONFIG", str(tmp_path / "config.toml"))
        for name in ("HARNESS_DATA_ROOT", "HARNESS_WEIGHTS", "RAY_ADDRESS"):
            patches.delenv(name, raising=False)
        yield


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


@contextmanager
def signals_kept() -> Iterator[None]:
    """Put back what listens to signals: the command line takes its process for its own."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if shutdown._timer is not None:
            shutdown._timer.cancel()


@pytest.fixture
def invoke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], toy_plugin: None
) -> Invoke:
    """`main()` with these arguments, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")

    def run(*args: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["harness", *map(str, args)])
        capsys.readouterr()
        with signals_kept(), pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return Answer(int(caught.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def toy_args(toy_root: Path) -> list[str]:
    """`bench` on one fold of the toy dataset."""
    text = f"bench --plugin {TOY} --datasets toy --methods linear --folds 1 --backbone tiny --executor inline"
    return [*text.split(), "--data-root", str(toy_root)]
