"""A worker runs the code of its driver, or the run ends before its first job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import OtherCode
from harness.execution import run_bench, worker
from harness.plugin import registry
from helpers import bench
from helpers.commands import TOY


def test_a_worker_with_other_code_refuses(toy_flags: dict[str, Any]) -> None:
    planned = bench.plan(toy_flags["data_root"], toy_flags["out"], "linear")
    worker.load_plugins(planned.context)
    for name in ("harness", "harness_plugins", "toy"):
        assert name in planned.context.code
        other = replace(planned.context, code={**planned.context.code, name: "0" * 64})
        with pytest.raises(OtherCode, match=rf"runs another {name} than this process, .*--ship-code"):
            worker.load_plugins(other)


def test_a_plugin_that_a_worker_lacks_is_other_code(toy_flags: dict[str, Any]) -> None:
    planned = bench.plan(toy_flags["data_root"], toy_flags["out"], "linear")
    with pytest.raises(OtherCode, match="another lost_plugin"):
        worker.load_plugins(replace(planned.context, code={**planned.context.code, "lost_plugin": "0" * 64}))


def test_the_code_of_a_process_is_that_of_what_it_has_loaded(toy_plugin: None) -> None:
    assert {"harness", "harness_plugins", "toy", "harness_plugins.methods.coop"} <= set(registry.running_code())


@pytest.mark.slow
def test_other_code_ends_a_run_on_ray_before_its_first_job(toy_flags: dict[str, Any]) -> None:
    planned = bench.plan(toy_flags["data_root"], toy_flags["out"], "linear")
    other = replace(planned.context, code={**planned.context.code, "harness": "0" * 64})
    with pytest.raises(OtherCode, match="runs another harness"):
        list(run_bench.run(replace(planned, context=other), "ray", lambda event: None))
    assert not list(Path(toy_flags["out"]).rglob("result.json"))


@pytest.mark.slow
def test_a_folder_with_another_harness_changes_nothing(toy_root: Path, tmp_path: Path) -> None:
    """Ray puts the working folder before everything else that a worker imports from."""
    folder = tmp_path / "elsewhere"
    for package in ("harness", "harness_plugins"):
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text("raise RuntimeError('this is another harness')")
    script = Path(sys.executable).with_name("harness")
    flags = "--datasets toy --methods linear --folds 1 --backbone tiny --executor ray --json"
    places = ["--plugin", TOY, "--data-root", toy_root, "--out", tmp_path / "runs"]
    done = subprocess.run(
        [script, "bench", *flags.split(), *places],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in json.loads(done.stdout)["results"]] == ["done"]
