"""A few of the kills and of the races between drivers of which `benchmarks/` has the full counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def last_line(script: str, flags: str) -> dict[str, Any]:
    """What a benchmark says in the end; it says so with exit code 1 if a trial was not as it should be."""
    path = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT)])
    command = [sys.executable, str(ROOT / "benchmarks" / script), *flags.split()]
    env = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


@pytest.mark.slow
@pytest.mark.parametrize(("of", "executor"), [("driver", "inline"), ("worker", "ray")])
def test_what_is_killed_goes_on_with_the_same_bits(of: str, executor: str) -> None:
    assert last_line("kills.py", f"--of {of} --executor {executor} --kills 1")["good"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("of", ["prepare", "filling", "rescoring", "publishing"])
def test_a_killed_command_goes_on_with_the_same_bits(of: str) -> None:
    assert last_line("kills.py", f"--of {of} --kills 1")["good"] == 1


@pytest.mark.slow
def test_two_drivers_do_each_job_once() -> None:
    assert last_line("two_drivers.py", "--trials 1")["good"] == 1
