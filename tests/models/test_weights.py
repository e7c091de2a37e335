"""From `NAME[:TAG|:FILE|:random]` to a file and its hash."""

from __future__ import annotations

import hashlib
import warnings as python_warnings
from pathlib import Path
from typing import Any

import open_clip.pretrained as zoo
import pytest

from harness.core.errors import HarnessError, WeightsMissing
from harness.models import weights, weights_files
from harness.models.weights import CLIP_MEAN, CLIP_STD, WeightsSource
from harness.plugin import registry


def resolve(request: str) -> WeightsSource:
    return weights.resolve(request, registry.backbones())


def file_with(path: Path, data: bytes = b"tensors") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_WEIGHTS", str(tmp_path / "placed"))
    return tmp_path / "placed"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hub's client may be called, but only told to look in its cache; no name is looked up."""
    asked: list[str] = []

    def raise_if_bad(address: tuple[str, int], timeout: float) -> Any:
        asked.append(address[0])
        raise OSError("no network")

    monkeypatch.setattr(weights_files.socket, "create_connection", raise_if_bad)
    monkeypatch.setattr(weights_files, "getproxies", dict)
    return asked


@pytest.mark.parametrize("name", ["ViT-B-32", "ViT-B-16", "ViT-L-14"])
def test_the_default_of_clips_models_is_openai_with_its_own_activation(name: str, placed: Path) -> None:
    file = file_with(placed / f"{name}-openai.safetensors")
    for request in (name, f"{name}:openai"):
        source = resolve(request)
        assert (source.file, source.quick_gelu, source.model) == (file, True, name)
        assert (source.id.name, source.id.weights) == (name, "openai")
        assert source.id.sha256 == hashlib.sha256(b"tensors").hexdigest()
        assert (source.mean, source.std) == (CLIP_MEAN, CLIP_STD)


@pytest.mark.parametrize(
    ("request_", "file", "quick"),
    [
        ("ViT-B-32:laion2b_s34b_b79k", "ViT-B-32-laion2b_s34b_b79k.bin", False),
        ("ViT-B-32:laion400m_e32", "ViT-B-32-laion400m_e32.pt", True),
        ("ViT-B-32-quickgelu:openai", "ViT-B-32-quickgelu-openai.safetensors", True),
    ],
)
def test_a_tag_brings_its_own_activation(request_: str, file: str, quick: bool, placed: Path) -> None:
    file_with(placed / file)
    entry = zoo.get_pretrained_cfg(*request_.split(":"))
    assert bool(entry.get("quick_gelu", quick)) == quick  # as open_clip knows it
    assert resolve(request_).quick_gelu == quick


def test_a_tag_brings_its_own_normalisation(placed: Path) -> None:
    file_with(placed / "ViT-B-16-SigLIP-webli.safetensors")
    source = resolve("ViT-B-16-SigLIP:webli")
    assert (source.mean, source.std) == ((0.5,) * 3, (0.5,) * 3)


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    file = file_with(tmp_path / "mine.safetensors", b"mine")
    source = resolve(f"ViT-S-32:{file}")
    assert source.file == file
    assert (source.id.name, source.id.weights) == ("ViT-S-32", "mine.safetensors")
    assert source.id.sha256 == hashlib.sha256(b"mine").hexdigest()


def test_a_file_for_an_architecture_with_two_activations_is_no_silent_choice(tmp_path: Path) -> None:
    file = file_with(tmp_path / "mine.safetensors")
    with pytest.warns(UserWarning, match=r"plain GELU; .*OpenAI's weights, name ViT-B-32-quickgelu:mine\.safetensors"):
        assert resolve(f"ViT-B-32:{file}").quick_gelu is False
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("error")
        assert resolve(f"ViT-B-32-quickgelu:{file}").quick_gelu is True


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"backbone ViT-B-32: no weights file .*nowhere\.pt"):
        resolve(f"ViT-B-32:{tmp_path / 'nowhere.pt'}")


def test_random_weights_have_the_architecture_as_their_identity() -> None:
    first, second = resolve("ViT-B-32:random"), resolve("ViT-B-16:random")
    assert (first.file, first.id.weights, first.quick_gelu) == (None, "random", False)
    assert first.id.sha256 != second.id.sha256
    assert first == resolve("ViT-B-32:random")
    assert resolve("ViT-B-32-quickgelu:random").quick_gelu is True


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("ViT-B-23", r"unknown backbone 'ViT-B-23'; did you mean '.*'\?"),
        ("ViT-B-23:random", r"unknown backbone 'ViT-B-23'"),
        ("ViT-B-32:opnai", r"'ViT-B-32' has no weights tagged 'opnai'; did you mean 'openai'\?"),
        ("ViT-H-14", r"backbone 'ViT-H-14' needs weights: ViT-H-14:TAG, ViT-H-14:FILE or ViT-H-14:random"),
        ("", r"unknown backbone ''"),
        ("../../ViT-B-32:random", r"unknown backbone"),
    ],
)
def test_unknown_names_are_errors_with_a_suggestion(request_: str, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        resolve(request_)


def test_missing_weights_without_a_network_say_what_to_put_where(
    placed: Path, no_network: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real client of the hub runs, and looks nowhere but in an empty cache."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(WeightsMissing) as caught:
        resolve("ViT-B-32")
    text = str(caught.value)
    assert "timm/vit_base_patch32_clip_224.openai" in text
    assert str(placed / "ViT-B-32-openai.safetensors") in text
    assert "--backbone ViT-B-32-quickgelu:FILE" in text
    assert "--backbone ViT-B-32:random" in text
    assert no_network == ["huggingface.co"]
    file_with(placed / "ViT-B-32-openai.safetensors")
    assert resolve("ViT-B-32").quick_gelu is True


PROXY = {"https": "http://proxy"}


@pytest.mark.parametrize(
    ("reachable", "proxies", "offline"), [(True, {}, False), (False, {}, True), (False, PROXY, False)]
)
def test_the_hub_is_asked_for_good_only_if_it_answers(
    reachable: bool, proxies: dict[str, str], offline: bool, placed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    class Connection:
        def close(self) -> None: ...

    def connect(address: Any, timeout: float) -> Connection:
        if not reachable:
            raise OSError
        return Connection()

    file, seen = file_with(placed / "downloaded"), []
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(weights_files.socket, "create_connection", connect)
    monkeypatch.setattr(weights_files, "getproxies", lambda: proxies)
    monkeypatch.setattr(zoo, "download_pretrained", lambda entry: seen.append(constants.HF_HUB_OFFLINE) or str(file))
    assert resolve("ViT-B-32").file == file
    assert seen == [offline]
    assert constants.HF_HUB_OFFLINE is False


def test_the_hash_changes_with_the_bytes(tmp_path: Path) -> None:
    one, two = file_with(tmp_path / "a" / "w.pt", b"1"), file_with(tmp_path / "b" / "w.pt", b"2")
    assert resolve(f"ViT-S-32:{one}").id != resolve(f"ViT-S-32:{two}").id


def test_the_identity_names_no_path(tmp_path: Path) -> None:
    one, two = file_with(tmp_path / "a" / "w.pt"), file_with(tmp_path / "b" / "w.pt")
    assert resolve(f"ViT-S-32:{one}").id == resolve(f"ViT-S-32:{two}").id
