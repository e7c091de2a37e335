"""`harness weights`: what is needed, what is here, and where the rest belongs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.plugin import registry
from helpers import networks
from helpers.commands import Invoke, forget


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HARNESS_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "weights").mkdir()
    registry.plugins().add_file(Path(networks.__file__))
    yield tmp_path / "weights"
    forget("networks")


def test_the_list_names_who_needs_what_and_what_is_here(invoke: Invoke, folder: Path) -> None:
    (folder / "toy-net.pth").write_bytes(b"tensors")
    facts = json.loads(invoke("weights", "list", "--json").out)
    entries = {entry["name"]: entry for entry in facts["weights"]}
    assert facts["folder"] == str(folder)
    assert entries["toy-net"]["needed_by"] == ["backbone toy-declared"]
    assert entries["toy-net"]["path"] == str(folder / "toy-net.pth")
    assert entries["toy-net"]["found_sha256"] == hashlib.sha256(b"tensors").hexdigest()
    assert entries["toy-cube"]["needed_by"] == ["method cube", "method sizeless"][:1]
    assert (entries["toy-cube"]["path"], entries["toy-cube"]["found_sha256"]) == (None, "")
    assert f"save it as {folder / 'toy-cube'}.safetensors" in entries["toy-cube"]["remedy"]
    assert entries["ViT-B-32-openai"]["needed_by"] == ["backbone ViT-B-32"]
    assert entries["ViT-B-32-openai"]["path"] is None


def test_the_table_shows_the_same(invoke: Invoke, folder: Path) -> None:
    answer = invoke("weights", "list")
    assert answer.code == 0
    for word in ("toy-cube", "method cube", "missing:", "ViT-L-14-openai", str(folder)):
        assert word in answer.out


def test_where(invoke: Invoke, folder: Path) -> None:
    assert invoke("weights", "where").out.strip() == str(folder)
    missing = invoke("weights", "where", "toy-cube")
    assert (missing.code, missing.out) == (1, "")
    assert f"save it as {folder / 'toy-cube'}.safetensors" in missing.err
    (folder / "toy-cube.pt").write_bytes(b"tensors")
    found = invoke("weights", "where", "toy-cube")
    assert (found.code, found.out.strip()) == (0, str(folder / "toy-cube.pt"))
    (folder / "ViT-B-32-openai.pt").write_bytes(b"tensors")
    assert json.loads(invoke("weights", "where", "ViT-B-32-openai", "--json").out)["path"] is not None


def test_an_unknown_name(invoke: Invoke) -> None:
    answer = invoke("weights", "where", "toy-cub")
    assert answer.code == 2
    assert "unknown weights 'toy-cub'; did you mean 'toy-cube'?" in answer.err


def test_the_doctor_names_them_too(invoke: Invoke, folder: Path) -> None:
    (folder / "toy-net.pth").write_bytes(b"tensors")
    checks = {check["name"]: check for check in json.loads(invoke("doctor", "--json").out)["checks"]}
    assert checks["weights toy-cube"]["verdict"] == "warning"
    assert "method cube cannot run" in checks["weights toy-cube"]["found"]
    assert checks["weights toy-net"]["verdict"] == "ok"
