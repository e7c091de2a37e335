"""Weights that a run gives a method reach the workers of the real Ray: the same bits as inline."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.models.weights_files import file_sha256
from harness.plugin import registry
from harness.results.store import Store
from helpers import public
from helpers.commands import TOY, Bench, Cli, forget

TRAINING = {"epochs": 2, "learning_rate": 0.1}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["weights", "pretrained"])
def test_ray_gives_the_bits_of_inline(
    cli: Cli, toy_bench: Bench, toy_root: Path, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    file = public.save_public(tmp_path / "net.pth")
    plugins = ["--plugin", TOY, "--plugin", public.__file__]
    flags = ["--datasets", "toy", "--methods", "net", "--folds", "1", "--backbone", "tiny", f"--{kind}", f"net={file}"]
    options = [word for name, value in TRAINING.items() for word in ("--set", f"net.{name}={value}")]
    done = cli("bench", *plugins, *flags, *options, "--data-root", toy_root, "--out", tmp_path / "ray", "--json")
    assert [result["status"] for result in json.loads(done.stdout)["results"]] == ["done"]
    (remote,) = Store(tmp_path / "ray").results()

    registry.plugins().add_file(Path(public.__file__))
    request.addfinalizer(lambda: forget("public"))
    inline = toy_bench(methods="net", set={"net": TRAINING}, **{kind: {"net": str(file)}})
    (here,) = inline

    assert here["status"] == "done"
    origin = {"weights": "authors", "pretrained": "pretrained"}[kind]
    assert here["weights"] == remote["weights"] == {origin: file_sha256(file)}
    assert (here["id"], here["metrics"]) == (remote["id"], remote["metrics"])
    pd.testing.assert_frame_equal(
        inline.predictions(here),
        Store(tmp_path / "ray").predictions(remote),
        check_exact=True,
    )
