"""A job that hangs is cut, and the others go on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helpers.commands import Bench


@pytest.mark.slow
def test_a_hanging_job_is_cut_inline_and_the_next_one_runs(toy_bench: Bench, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    hanging = [{"name": "hanging", "method": "linear", "set": {"fault": f"gate:{gate}"}}]
    toy_bench()  # so that the time goes to the job and not to imports
    results = {r["variant"]: r for r in toy_bench(variant=hanging, seeds="2", job_timeout=5)}
    assert results["hanging"]["error"] == "cut after 5 seconds (--job-timeout)"
    assert (results[""]["status"], results["hanging"]["status"]) == ("done", "failed")
