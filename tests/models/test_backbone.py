"""Loading: the right activation, the right weights, and nothing else from a file."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from open_clip.transformer import QuickGELU
from safetensors.torch import save_file
from torch import nn

from harness.core.backbone_spec import BackboneId
from harness.core.errors import HarnessError
from harness.models import backbone as backbones
from harness.models import weights
from harness.models.backbone import FrameEncoder
from harness.models.weights import WeightsSource
from harness.plugin import registry
from helpers.towers import TEXT, TINY, VISION, tiny_model


def source(file: Path | None, model: Path = TINY, **more: Any) -> WeightsSource:
    return WeightsSource(BackboneId("tiny", "file", "0"), str(model), file, **{"quick_gelu": False, **more})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The configuration of `helpers.towers`."""
    path = tmp_path / "small.json"
    path.write_text(json.dumps({"embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT, "quick_gelu": False}))
    return path


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return {name: tensor.contiguous() for name, tensor in tiny_model().state_dict().items()}


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    backbones.forget()


Writer = Callable[[dict[str, torch.Tensor], Path], None]
WRITERS: dict[str, Writer] = {
    "safetensors": lambda state, path: save_file(state, path),
    "bin": lambda state, path: torch.save(state, path),
    "pt": lambda state, path: torch.save(
        {"state_dict": {f"module.{k}": v for k, v in state.items()}, "epoch": 3}, path
    ),
    "half.safetensors": lambda state, path: save_file({k: v.half() for k, v in state.items()}, path),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_weights_come_from_the_file(kind: str, state: dict[str, torch.Tensor], config: Path, tmp_path: Path) -> None:
    file = tmp_path / f"w.{kind}"
    WRITERS[kind](state, file)
    backbone = backbones.load(source(file, config))
    for name, tensor in backbone.model.state_dict().items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(
            tensor, state[name], atol=2e-3 if "half" in kind else 0, rtol=1e-3 if "half" in kind else 0
        )
    assert (backbone.image_size, backbone.width, backbone.text_width) == (32, 16, 32)
    assert backbone.logit_scale == pytest.approx(float(torch.tensor(3.0).exp()), rel=1e-3)


def test_everything_is_frozen_and_in_evaluation_mode() -> None:
    backbone = backbones.load(source(None))
    encoder = backbone.frame_encoder()
    nn.Sequential(encoder).train()
    assert not any(p.requires_grad for p in backbone.model.parameters())
    assert not any(module.training for module in backbone.model.modules())
    assert encoder is backbone.frame_encoder()
    assert isinstance(encoder, FrameEncoder)
    frames = torch.randn(2, 3, 32, 32)
    assert torch.equal(encoder(frames), backbone.model.encode_image(frames))


def test_random_weights_are_repeatable_and_leave_the_generator_alone() -> None:
    torch.manual_seed(1)
    first = backbones.load(source(None)).model.state_dict()
    expected = torch.rand(3)
    backbones.forget()
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), expected)
    second = backbones.load(source(None)).model.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_one_copy_a_process() -> None:
    assert backbones.load(source(None)) is backbones.load(source(None))


def test_a_configuration_may_ask_for_a_text_tower_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "custom.json"
    cfg = {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": {**TEXT, "context_length": 40}, "custom_text": True}
    path.write_text(json.dumps(cfg))
    backbone = backbones.load(source(None, path))
    assert isinstance(backbone.model, open_clip.CustomTextCLIP)
    ids = backbone.tokenize(["fear"])
    assert ids.shape == (1, 40)
    with torch.no_grad():
        torch.testing.assert_close(backbone.encode_text(["fear"]), backbone.model.encode_text(ids), atol=1e-5, rtol=0)


# --- quick-GELU


def activations(model: nn.Module) -> set[type]:
    return {type(module) for module in model.modules() if isinstance(module, nn.GELU | QuickGELU)}


@pytest.fixture
def small_vit_b_32(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """open_clip's own `ViT-B-32` at the size of a test: its plain activation is GELU."""
    cfg = json.loads(config.read_text())
    del cfg["quick_gelu"]
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "ViT-B-32", cfg)


@pytest.mark.parametrize("weights_", ["openai", "laion2b_s34b_b79k"])
def test_the_plain_name_with_openais_weights_gets_quick_gelu(
    weights_: str, small_vit_b_32: None, state: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_WEIGHTS", str(tmp_path))
    save_file(state, tmp_path / f"ViT-B-32-{weights_}.safetensors")
    backbone = backbones.load(weights.resolve(f"ViT-B-32:{weights_}", registry.backbones()))
    quick = weights_ == "openai"
    assert activations(backbone.model.visual) == {QuickGELU if quick else nn.GELU}
    assert activations(backbone.model.transformer) == {QuickGELU if quick else nn.GELU}
    plain, quickly = tiny_model(), tiny_model("quick")
    frames = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        found = backbone.frame_encoder()(frames)
        right, wrong = (quickly, plain) if quick else (plain, quickly)
        torch.testing.assert_close(found, right.encode_image(frames), atol=1e-6, rtol=0)
        assert (found - wrong.encode_image(frames)).abs().max() > 1e-3
        text = backbone.encode_text(["fear"])
        torch.testing.assert_close(text, right.encode_text(backbone.tokenize(["fear"])), atol=1e-5, rtol=0)


# --- hostile files


class Bomb:
    """Pickled, it creates a file when loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch '{self.path}'",)


def bomb(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    torch.save({**state, "logit_scale": Bomb(mark)}, path)


def plain_pickle(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    path.write_bytes(pickle.dumps({"state_dict": Bomb(mark)}))


def old_bomb(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    torch.save({"x": Bomb(mark)}, path, _use_new_zipfile_serialization=False)


def truncated(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def wrong_shapes(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    state = {**state, "text_projection": torch.zeros(3, 3)}
    save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)


def missing_tensors(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    state = {name: tensor for name, tensor in state.items() if not name.startswith("visual")}
    save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)


def text(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\n")


def empty(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    path.write_bytes(b"")


def no_tensors(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    save_file({}, path) if path.suffix == ".safetensors" else torch.save({}, path)


def a_list(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    torch.save([1, 2], path)


def huge_header(path: Path, mark: Path, state: dict[str, torch.Tensor]) -> None:
    path.write_bytes((2**63 - 1).to_bytes(8, "little") + b"{}")


BOTH = [truncated, wrong_shapes, missing_tensors, text, empty, no_tensors, huge_header]
HOSTILE = [(kind, suffix) for kind in BOTH for suffix in ("safetensors", "pt")]
HOSTILE += [(kind, suffix) for kind in (bomb, plain_pickle, old_bomb, a_list) for suffix in ("pt", "bin")]
HOSTILE += [(bomb, "safetensors"), (plain_pickle, "npz"), (plain_pickle, "npy"), (text, "npz")]


@pytest.mark.parametrize(("write", "suffix"), HOSTILE)
def test_what_is_no_tensor_file_is_refused_by_name_and_never_run(
    write: Any, suffix: str, state: dict[str, torch.Tensor], config: Path, tmp_path: Path
) -> None:
    file, mark = tmp_path / f"weights.{suffix}", tmp_path / "executed"
    write(file, mark, state)
    with pytest.raises(
        HarnessError, match=rf"weights\.{suffix}: cannot be loaded as tensors of this architecture \(\w+"
    ):
        backbones.load(source(file, config))
    assert not mark.exists()


def test_the_bomb_would_go_off(tmp_path: Path) -> None:
    """Or the test above could not fail."""
    plain_pickle(tmp_path / "w.pt", tmp_path / "executed", {})
    pickle.loads((tmp_path / "w.pt").read_bytes())
    assert (tmp_path / "executed").exists()
