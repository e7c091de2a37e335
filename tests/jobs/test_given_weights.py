"""Weights that others trained: tested as they are, or trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from harness.analysis.finished import FinishedRun
from harness.analysis.select import RunPlaces, context_of
from harness.models.weights_files import file_sha256
from harness.plugin import registry
from harness.results.records import job_of
from helpers import public
from helpers.commands import Bench, Invoke, forget


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HARNESS_WEIGHTS", str(tmp_path / "weights"))
    registry.plugins().add_file(Path(public.__file__))
    yield
    forget("public")


def stored(results: Any) -> dict[str, Any]:
    (result,) = results
    assert (result["status"], result["error"], result["warnings"]) == ("done", None, [])
    return dict(result)


def weights_of(result: dict[str, Any]) -> dict[str, torch.Tensor]:
    return load_file(Path(result["path"]) / "weights.safetensors")


@pytest.mark.parametrize(
    ("container", "prefix"),
    [("state_dict", "module."), ("model_state_dict", "module."), ("model", ""), ("", "")],
)
def test_authors_weights_are_tested_as_they_are(toy_bench: Bench, tmp_path: Path, container: str, prefix: str) -> None:
    file = public.save_public(tmp_path / "net.pth", container, prefix)
    results = toy_bench(methods="net", weights={"net": str(file)}, save_weights=True, set={"net": {"epochs": 5}})
    result = stored(results)
    assert (result["epoch"], result["selection"]) == (0, "authors")
    assert result["weights"] == {"authors": file_sha256(file)}
    assert job_of(result).id == result["id"]
    kept, given = weights_of(result), public.public_state()
    for name, own in (("trunk.conv1.weight", "conv.weight"), ("fc.bias", "head.bias"), ("trunk.bn1.bias", "norm.bias")):
        assert torch.equal(kept[own], given[name])
    assert list(kept["order"]) == [0, 1, 2]  # which no public file holds
    assert len(results.predictions(results[0])) == result["n_scored"]


def test_pretrained_weights_are_where_training_starts_and_the_head_is_drawn(toy_bench: Bench, tmp_path: Path) -> None:
    file = public.save_public(tmp_path / "net.pth", fc__weight=(400, 4), fc__bias=(400,))
    started = stored(toy_bench(methods="net", pretrained={"net": str(file)}, save_weights=True))
    assert (started["selection"], started["weights"]) == ("last", {"pretrained": file_sha256(file)})
    assert started["facts"]["pretraining"] == f"file {file_sha256(file)[:8]}"
    assert torch.equal(weights_of(started)["conv.weight"], public.public_state(**{})["trunk.conv1.weight"])
    assert weights_of(started)["head.weight"].shape == (3, 4)

    scratch = stored(toy_bench(methods="net", save_weights=True, out=tmp_path / "scratch"))
    assert "pretraining" not in scratch["facts"]
    assert scratch["id"] != started["id"]
    assert torch.equal(weights_of(scratch)["head.weight"], weights_of(started)["head.weight"])
    assert not torch.equal(weights_of(scratch)["conv.weight"], weights_of(started)["conv.weight"])


def test_another_file_is_another_job_and_another_place_is_not(toy_bench: Bench, tmp_path: Path) -> None:
    first = stored(toy_bench(methods="net", weights={"net": str(public.save_public(tmp_path / "a.pth"))}))
    (tmp_path / "b.pth").write_bytes((tmp_path / "a.pth").read_bytes())
    moved = toy_bench(methods="net", weights={"net": str(tmp_path / "b.pth")})
    assert [result["id"] for result in moved] == [first["id"]]
    other = public.save_public(tmp_path / "c.pth", container="")
    assert stored(toy_bench(methods="net", weights={"net": str(other)}, out=tmp_path / "other"))["id"] != first["id"]


def test_a_finished_run_comes_back_without_the_file_and_says_that_it_needs_it_for_more(
    toy_bench: Bench, toy_root: Path, tmp_path: Path
) -> None:
    file = public.save_public(tmp_path / "net.pth")
    results = toy_bench(methods="net", weights={"net": str(file)}, save_weights=True)
    result = stored(results)
    finished = FinishedRun(result, context_of(result, RunPlaces([Path(result["path"])], toy_root)))
    assert torch.equal(finished.method.state_dict()["conv.weight"], public.public_state()["trunk.conv1.weight"])
    with pytest.raises(Exception, match=r"are not in .*weights; save the file there"):
        _ = finished.untrained
    (tmp_path / "weights").mkdir()
    file.rename(tmp_path / "weights" / "any-name.pth")
    assert torch.equal(finished.untrained.state_dict()["head.bias"], public.public_state()["fc.bias"])


def test_it_is_verified_where_the_folder_of_weights_holds_the_file(
    toy_args: list[str], toy_root: Path, invoke: Invoke, tmp_path: Path
) -> None:
    file = public.save_public(tmp_path / "net.pth")
    asked = [*toy_args, "--methods", "net", "--folds", "1", "--weights", f"net={file}", "--plugin", public.__file__]
    assert invoke(*asked).code == 0
    verify = ["verify", "--runs", str(tmp_path / "runs"), "--data-root", str(toy_root), "--executor", "inline"]
    lacking = invoke(*verify, "--plugin", public.__file__)
    assert "save the file there" in lacking.out + lacking.err
    (tmp_path / "weights").mkdir()
    file.rename(tmp_path / "weights" / "net.pth")
    again = invoke(*verify, "--plugin", public.__file__, "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out)


def test_debug_tests_a_batch_and_trains_nothing(toy_args: list[str], invoke: Invoke, tmp_path: Path) -> None:
    file = public.save_public(tmp_path / "net.pth")
    asked = [*toy_args, "--methods", "net", "--folds", "1", "--weights", f"net={file}", "--plugin", public.__file__]
    asked = [word for word in asked if word not in ("--json",)]
    answer = invoke(*asked, "--debug")
    assert answer.code == 0, answer.err
    assert "all finite" in answer.out
    assert "stage" not in answer.out


def test_logits_are_those_of_the_file(toy_bench: Bench, tmp_path: Path) -> None:
    file = public.save_public(tmp_path / "net.pth")
    tested = toy_bench(methods="net", weights={"net": str(file)})
    trained = toy_bench(methods="net", pretrained={"net": str(file)}, set={"net": {"epochs": 0}}, out=tmp_path / "two")
    logits = [results.predictions(results[0]).filter(like="logit.").to_numpy() for results in (tested, trained)]
    assert not np.allclose(*logits)  # whose head was drawn
