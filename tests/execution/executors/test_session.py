"""A Ray cluster that is there already, by its address and through Ray's client, without a shared folder."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.results.store import Store
from helpers.commands import TOY, Bench, Cli

ASKS = """
import ray
from harness import MetricSpec, hookimpl

def tell(predictions):
    print("asked for", ray.get_runtime_context().get_assigned_resources())
    return 1.0

@hookimpl
def register_metrics():
    return [MetricSpec("told", "Told", tell)]
"""
SHORT = ("coop.epochs=2", "coop.context_tokens=2", "coop.input.frames=2", "coop.input.views=2")


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """One node with two cores and a pretended GPU, which has a cache of its own. Yields its port and the client's."""
    ports = free_port(), free_port()
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:  # a socket's path must be short
        flags = f"--head --block --port={ports[0]} --ray-client-server-port={ports[1]} --num-cpus=2 --num-gpus=1"
        flags += f" --include-dashboard=false --disable-usage-stats --temp-dir={folder} --node-ip-address=127.0.0.1"
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *flags.split()]
        env = {**os.environ, "HARNESS_CACHE": str(tmp_path / "of the node")}
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        assert process.stdout is not None
        said = []
        while not any("will now block" in line for line in said):
            said.append(process.stdout.readline())
            assert said[-1], "".join(said)
        yield ports
        process.terminate()
        process.communicate(timeout=60)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what has not ended with it


@pytest.mark.slow
def test_a_cluster_without_a_shared_folder_gives_the_bits_of_inline(
    cluster: tuple[int, int], cli: Cli, toy_bench: Bench, toy_root: Path, tmp_path: Path
) -> None:
    asks = tmp_path / "asks.py"
    asks.write_text(ASKS)
    flags = ["--plugin", TOY, "--plugin", asks, "--data-root", toy_root, "--out", tmp_path / "runs"]
    text = "--datasets toy --backbone tiny --folds 1 --methods linear,coop --collect --ship-code"
    flags += text.split()
    flags += [part for text in SHORT for part in ("--set", text)]
    done = cli("bench", *flags, "--logs", "--address", f"127.0.0.1:{cluster[0]}")
    assert "toy/1 coop seed 1 | " in done.stderr
    assert "'GPU': 0.25" in done.stderr
    client = f"ray://127.0.0.1:{cluster[1]}"
    again = json.loads(cli("bench", *flags, "--address", client, "--seeds", "1,2", "--json").stdout)
    assert (again["skipped"], [result["status"] for result in again["results"]]) == (2, ["done", "done"])
    node = tmp_path / "of the node"
    assert list(node.rglob("*.npy"))
    assert not list((tmp_path / "cache").rglob("*.npy"))  # the driver's
    assert not [path for path in node.joinpath("collected").rglob("*") if path.is_file()]
    same_bits(toy_bench(methods="linear,coop", seeds="1,2", set=overrides(), out=tmp_path / "whole"), tmp_path / "runs")


def overrides() -> dict[str, Any]:
    pairs = [text.removeprefix("coop.").split("=") for text in SHORT]
    return {"coop": {name: int(value) for name, value in pairs}}


def same_bits(whole: Any, out: Path) -> None:
    stored = {result["id"]: result for result in Store(out).results()}
    assert {result["id"] for result in whole} == set(stored)
    for result in whole:
        frame = Store(out).predictions(stored[result["id"]])
        pd.testing.assert_frame_equal(whole.predictions(result), frame, check_exact=True)
