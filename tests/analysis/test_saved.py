"""What `--save-weights` stores gives the stored logits bit for bit in another process, for every built-in method."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.plugin import registry
from helpers import bench, networks
from helpers.commands import TOY, Cli

AGAIN = """
from harness import AnalysisSpec, hookimpl

def again(runs, folder, options):
    import numpy as np
    from harness.analysis import predict
    paths = []
    for run in runs:
        path = folder / f"{run.job.id}.npy"
        np.save(path, predict(run.method, run.inputs, run.device))
        paths.append(path)
    return paths

@hookimpl
def register_analyses():
    return [AnalysisSpec("again", again)]
"""
SHORT: dict[str, dict[str, Any]] = {
    **bench.SHORT,
    "biehpro": {"epochs": 1, "batch_size": 4, "input.frames": 4, "msta_kernels": [3, 3], "msta_strides": [1, 1]},
    "biehpro-baseline": {"epochs": 1, "batch_size": 4, "input.frames": 2},
    "prototypes": {},
    "cache": {},
    "on-clips": {},
    "extras": {},
}


@pytest.mark.slow
def test_every_method_is_rebuilt_bit_for_bit_in_a_fresh_process(cli: Cli, toy_root: Path, tmp_path: Path) -> None:
    offers = registry.plugins().offers("methods")
    networks_small = {
        name: {**offer.spec.demo, **offer.spec.small}
        for name, offer in offers.items()
        if "harness_plugins" in offer.plugin and offer.spec.backbone == "none"
    }
    short = {**SHORT, **networks_small}
    assert {name for name, offer in offers.items() if "harness_plugins" in offer.plugin} <= set(short)
    (tmp_path / "again.py").write_text(AGAIN)
    plugins = [word for file in (TOY, networks.__file__, tmp_path / "again.py") for word in ("--plugin", file)]
    lines = [f"[set.{name}]\n" + "\n".join(_toml(values)) for name, values in short.items()]
    (tmp_path / "bench.toml").write_text("\n".join(lines))
    flags = (
        f"--methods {','.join(short)} --datasets toy --folds 1 --backbone tiny --executor inline --save-weights --json"
    )
    places = ["--data-root", toy_root, "--out", "runs", *plugins]
    done = cli("bench", "bench.toml", "--methods", ",".join(short), *flags.split(), *places)
    results = json.loads(done.stdout)["results"]
    found = {result["method"]: (result["status"], result["warnings"]) for result in results}
    assert found == dict.fromkeys(short, ("done", []))
    cli("analyze", "again", "--runs", "runs", "--data-root", toy_root, "--out", "found", *plugins)
    for result in results:
        (folder,) = tmp_path.glob(f"runs/*/*/*-{result['id']}")
        stored = pd.read_parquet(folder / "predictions.parquet").filter(like="logit.").to_numpy()
        again = np.load(tmp_path / "found" / "again" / f"{result['id']}.npy")
        assert np.array_equal(again, stored), result["method"]


def _toml(values: dict[str, Any]) -> list[str]:
    return [f'"{name}" = {json.dumps(value)}' for name, value in values.items()]
