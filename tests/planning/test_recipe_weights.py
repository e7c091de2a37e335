"""A recipe that starts from weights that others trained: it never runs without them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from harness.models.spec import MethodSpec
from helpers.commands import Answer, Invoke
from helpers.pixels import built, spec_of

ASKED = "bench --demo --datasets dfew --folds 1 --executor inline --quick --recipe pretrained-112 --methods"


def asked(invoke: Invoke, *more: object) -> Answer:
    return invoke(*ASKED.split(), *more, "--set", "r3d18.epochs=1", "--set", "r3d18.input.size=32")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Random weights by torchvision's names, of the shapes that the demo's narrow network has, with 400 classes."""
    spec = spec_of("r3d18")
    own = built("r3d18", **spec.recipe("pretrained-112"), width=spec.demo["width"]).state_dict()
    state = {name.removeprefix("trunk."): value for name, value in own.items()}
    state |= {"fc.weight": torch.zeros(400, 128), "fc.bias": torch.zeros(400)}
    torch.save(state, tmp_path / "r3d_18.pth")
    return tmp_path / "r3d_18.pth"


def test_without_a_file_it_is_refused_with_the_name_of_one(invoke: Invoke, tmp_path: Path) -> None:
    answer = asked(invoke, "r3d18")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.splitlines()[-1].endswith(
        "method 'r3d18': recipe 'pretrained-112' starts from weights that others trained, and none are given; from "
        "scratch it would be another recipe: --pretrained r3d18=FILE, such as torchvision's r3d_18-b3b3357e.pth "
        "(Kinetics-400)"
    )
    assert not (tmp_path / "runs").exists()


def test_a_whole_trained_network_is_no_start(invoke: Invoke, file: Path) -> None:
    answer = asked(invoke, "r3d18", "--weights", f"r3d18={file}")
    assert answer.code == 2
    assert "starts from weights that others trained, and none are given" in answer.err


def test_a_variant_by_that_recipe_needs_one_too(invoke: Invoke, tmp_path: Path) -> None:
    bench = tmp_path / "bench.toml"
    bench.write_text(
        'datasets = ["dfew"]\ndemo = true\n'
        '[[variant]]\nname = "further"\nmethod = "resnet18-vit"\nrecipe = "pretrained-112"\n'
    )
    answer = invoke("bench", bench, "--dry-run")
    assert answer.code == 2
    assert "--pretrained resnet18-vit=FILE, such as torchvision's resnet18-f37072fd.pth (ImageNet)" in answer.err


def test_of_all_methods_those_with_a_file_run_and_the_others_are_named(invoke: Invoke, file: Path) -> None:
    answer = asked(invoke, "all", "--pretrained", f"r3d18={file}", "--dry-run", "--json")
    assert answer.code == 0, answer.err
    plan = json.loads(answer.out)
    assert {job["method"] for job in plan["jobs"]} == {"r3d18"}
    assert "--pretrained vgg13-lstm=FILE" in plan["left_out"]["vgg13-lstm"]
    assert plan["left_out"]["ial"] == "it has no recipe 'pretrained-112'"


@pytest.mark.slow
def test_with_a_file_it_runs_from_there(invoke: Invoke, file: Path, tmp_path: Path) -> None:
    answer = asked(invoke, "r3d18", "--pretrained", f"r3d18={file}")
    assert answer.code == 0, answer.err
    (stored,) = (tmp_path / "runs").glob("**/result.json")
    result = json.loads(stored.read_text())
    assert (result["status"], result["recipe"], list(result["weights"])) == ("done", "pretrained-112", ["pretrained"])
    assert result["input"]["mean"] == [0.43216, 0.394666, 0.37645]


def test_a_spec_that_names_a_start_names_a_recipe_and_keys() -> None:
    with pytest.raises(ValueError, match="starts_from names recipe 'far', which it has not; did you mean 'fair'"):
        MethodSpec("mine", "1", "module:Mine", recipes={"fair": {}}, starts_from={"far": "a file"})
    with pytest.raises(ValueError, match="public_keys does not say how the names in them become its own"):
        MethodSpec("mine", "1", "module:Mine", recipes={"fair": {}}, starts_from={"fair": "a file"})
