"""Files of weights that a run gives methods: one sentence each for what does not fit, before anything is written."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.plugin import registry
from helpers import public
from helpers.commands import Invoke, forget


@pytest.fixture(autouse=True)
def plugin(toy_plugin: None) -> Iterator[None]:
    registry.plugins().add_file(Path(public.__file__))
    yield
    forget("public")


def refused(invoke: Invoke, args: list[str], *more: str) -> str:
    """Return the one sentence that a bench is refused with; nothing may have been written."""
    answer = invoke(*args, "--quiet", *more)
    runs = Path("runs")
    assert (answer.code, answer.out, list(runs.glob("**/result.json"))) == (2, "", [])
    (line,) = answer.err.splitlines()
    return line


@pytest.fixture
def args(toy_args: list[str], tmp_path: Path) -> list[str]:
    return [*toy_args, "--methods", "net", "--plugin", public.__file__, "--out", str(tmp_path / "runs")]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"trunk__bn1__bias": None}, "missing keys norm.bias"),
        (
            {"trunk__bn2__bias": (4,), "trunk__bn2__weight": (4,)},
            "unknown keys module.trunk.bn2.bias, module.trunk.bn2",
        ),
        ({"fc__weight": (7, 4)}, "other shapes module.fc.weight (7, 4) instead of (3, 4)"),
        ({"trunk__conv1__weight": None, "fc__bias": None}, "missing keys conv.weight, head.bias"),
        ({"head__bias": (3,)}, "module.fc.bias and module.head.bias would both become head.bias"),
    ],
)
def test_a_file_of_other_keys_or_shapes_is_refused_with_their_names(
    args: list[str], invoke: Invoke, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    file = public.save_public(tmp_path / "net.pth", **changed)
    assert said in refused(invoke, args, "--weights", f"net={file}")


def test_what_a_head_is_of_counts_for_weights_and_not_for_pretraining(
    args: list[str], invoke: Invoke, tmp_path: Path
) -> None:
    file = public.save_public(tmp_path / "net.pth", fc__weight=(400, 4), fc__bias=(400,))
    assert "other shapes module.fc.bias (400,) instead of (3,)" in refused(invoke, args, "--weights", f"net={file}")
    assert invoke(*args, "--pretrained", f"net={file}", "--dry-run").code == 0
    file = public.save_public(tmp_path / "net.pth", trunk__conv1__weight=(8, 3, 3, 3))
    assert "(8, 3, 3, 3) instead of (4, 3, 3, 3)" in refused(invoke, args, "--pretrained", f"net={file}")


class Evil:
    """An object that runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (Path.touch, (Path("was-run"),))  # type: ignore[return-value]


def test_no_file_is_unpickled(args: list[str], invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {"fc.weight": Evil()}}, tmp_path / "evil.pth")
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Evil()))
    for name in ("evil.pth", "evil.pkl"):
        refused(invoke, args, "--weights", f"net={tmp_path / name}")
    assert not (tmp_path / "was-run").exists()


def test_numbers_that_are_not_finite_are_refused(args: list[str], invoke: Invoke, tmp_path: Path) -> None:
    torch.save(public.public_state() | {"fc.bias": torch.full((3,), torch.nan)}, tmp_path / "net.pth")
    said = refused(invoke, args, "--weights", f"net={tmp_path / 'net.pth'}")
    assert "numbers that are not finite in fc.bias" in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--folds", "all"], "--weights are of a network that was trained on one fold"),
        (["--folds", "1,2"], "--weights are of a network that was trained on one fold"),
        (["--datasets", "toy,dfew"], "--weights are of a network that was trained on one fold"),
        (["--pretrained", "net=net.pth"], "--weights are all of a trained network, so --pretrained has no say"),
        (["--weights", "bare=net.pth"], "method 'bare' is given weights, but is none of those that are run"),
        (["--weights", "nett=net.pth"], "unknown method 'nett'; did you mean 'net'?"),
        (["--weights", "net=net.pth"], "weights: Value error, names a method twice"),
        (["--weights", "net.pth"], "weights: Value error, expected METHOD=FILE"),
    ],
)
def test_what_files_are_asked_for_with(
    args: list[str],
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    public.save_public(tmp_path / "net.pth")
    assert said in refused(invoke, args, "--weights", "net=net.pth", *more)


def test_a_method_without_a_table_of_names_and_a_file_that_is_not_there(
    args: list[str], invoke: Invoke, tmp_path: Path
) -> None:
    file = public.save_public(tmp_path / "net.pth")
    said = refused(invoke, args, "--methods", "bare", "--weights", f"bare={file}")
    assert "method 'bare' says nothing of names in public files (public_keys), so it takes none" in said
    assert "no such file" in refused(invoke, args, "--weights", f"net={tmp_path / 'nowhere.pth'}")


def test_a_bench_file_gives_them_too(args: list[str], invoke: Invoke, tmp_path: Path) -> None:
    file = public.save_public(tmp_path / "net.pth", fc__bias=None)
    bench = tmp_path / "bench.toml"
    bench.write_text(f'[weights]\nnet = "{file}"\n')
    assert "missing keys head.bias" in refused(invoke, [args[0], str(bench), *args[1:]])
