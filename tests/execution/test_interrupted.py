"""A run that is stopped keeps what is finished, and the same command goes on; by Ctrl-C and by kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

from harness.api import Results
from harness.results.store import Store
from helpers.commands import TOY, Bench, Cli

BENCH = """
methods = ["linear"]
datasets = ["toy"]
folds = [1]
backbone = "tiny"
executor = "{executor}"
out = "stopped"

[[variant]]
name = "gated"
method = "linear"
set = {{ fault = "gate:{gate}" }}
"""


class Run:
    """`harness bench` in a process group of its own, as a shell starts it."""

    def __init__(self, args: list[str], folder: Path) -> None:
        command = [sys.executable, "-c", "from harness.cli import main; main()", *args]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def wait_for(self, *parts: str) -> None:
        """Read standard error until each of these has come."""
        missing = set(parts)
        assert self.process.stderr is not None
        seen: list[str] = []
        while missing:
            line = self.process.stderr.readline()
            assert line, f"the run ended without {missing}:\n{''.join(seen)}"
            seen.append(line)
            missing = {part for part in missing if part not in line}

    def stop(self, number: int, *, group: bool) -> str:
        """Send a signal, to the whole group as a terminal does or to the driver alone. Returns what was said."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            below = psutil.Process(self.process.pid).children(recursive=True)
            workers = [process for process in below if "Agent" not in process.name()]  # Ray's agents go minutes later
            self.process.send_signal(number)
            assert psutil.wait_procs(workers, 60)[1] == []  # a worker of Ray that lives on may still finish its job
        return self.process.communicate(timeout=300)[1]


def rows(out: Path) -> dict[str, Any]:
    return {result["variant"] or result["method"]: result for result in Store(out).results()}


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_a_stopped_run_goes_on_where_it_stopped(
    executor: str, cli: Cli, toy_bench: Bench, toy_root: Path, tmp_path: Path
) -> None:
    gate, out = tmp_path / "gate", tmp_path / "stopped"
    os.mkfifo(gate)
    file = tmp_path / "bench.toml"
    file.write_text(BENCH.format(executor=executor, gate=gate))
    args = ["bench", "bench.toml", "--max-jobs", "1", "--plugin", str(TOY), "--data-root", str(toy_root)]

    run = Run(args, tmp_path)
    run.wait_for("[1/2] toy/1 linear", "started toy/1 gated")
    said = run.stop(signal.SIGINT, group=True)
    assert run.process.returncode == 130
    assert "the same command goes on where it stopped" in said
    assert "Traceback" not in said
    first = rows(out)
    assert {row: result["status"] for row, result in first.items()} == {"linear": "done"}

    run = Run(args, tmp_path)
    run.wait_for("started toy/1 gated")
    run.stop(signal.SIGKILL, group=False)
    assert rows(out) == first

    gate.unlink()
    gate.write_text("open")
    facts = json.loads(cli(*args, "--json").stdout)
    assert (facts["skipped"], [result["status"] for result in facts["results"]]) == (1, ["done"])
    assert rows(out)["linear"] == first["linear"]  # kept, not run again
    undisturbed(toy_bench(file, out=tmp_path / "whole", executor="inline"), out)
    assert list((out / ".drafts").iterdir()) == []


def undisturbed(whole: Results, out: Path) -> None:
    """A run that nothing stopped gives the same predictions, bit for bit."""
    stopped = {result["id"]: result for result in Store(out).results()}
    assert {result["id"] for result in whole} == set(stopped)
    for result in whole:
        frame = Store(out).predictions(stopped[result["id"]])
        pd.testing.assert_frame_equal(whole.predictions(result), frame, check_exact=True)


@pytest.mark.slow
def test_sigterm_saves_within_the_epoch_and_the_same_command_goes_on(
    cli: Cli, toy_bench: Bench, toy_root: Path, tmp_path: Path
) -> None:
    file, out = tmp_path / "steps", tmp_path / "stopped"
    text = f"bench --plugin {TOY} --datasets toy --methods linear --folds 1 --backbone tiny --executor inline"
    args = [*text.split(), "--data-root", toy_root, "--out", out, "--set", f"linear.fault=term:{file}"]
    done = cli(*args, check=143)
    assert "the same command goes on where it stopped" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.suffix for path in (out / ".checkpoints").iterdir()] == [".pt"]
    cli(*args)
    whole = toy_bench(set={"linear": {"fault": f"term:{file}"}})
    undisturbed(whole, out)
    assert [path for path in out.rglob(".*/*") if path.is_file()] == []


@pytest.mark.slow
def test_sigterm_to_the_driver_lets_ray_workers_save_and_the_same_command_goes_on(
    cli: Cli, toy_bench: Bench, toy_root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "stopped"
    text = f"bench --plugin {TOY} --datasets toy --methods linear --folds 1 --backbone tiny --set linear.epochs=250"
    args = [*text.split(), "--data-root", str(toy_root), "--out", str(out)]
    run = Run(args, tmp_path)
    run.wait_for("started toy/1 linear")
    while not list(out.glob(".checkpoints/*.pt")):
        time.sleep(0.05)
    asked = time.monotonic()
    said = run.stop(signal.SIGTERM, group=False)
    assert run.process.returncode == 143, said
    assert time.monotonic() - asked < 10
    assert "Traceback" not in said
    assert [path.suffix for path in (out / ".checkpoints").iterdir()] == [".pt"]
    assert list(Store(out).results()) == []
    cli(*args)
    undisturbed(toy_bench(set={"linear": {"epochs": 250}}), out)
    assert [path for path in out.rglob(".*/*") if path.is_file()] == []
