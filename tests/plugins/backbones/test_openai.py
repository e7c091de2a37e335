"""The CLIP models of the papers."""

from __future__ import annotations

import json

import open_clip
import pytest

from harness.models import weights
from harness.plugin import registry


@pytest.mark.parametrize(
    ("name", "joint", "patch"), [("ViT-B-32", 512, 32), ("ViT-B-16", 512, 16), ("ViT-L-14", 768, 14)]
)
def test_clips_models_come_with_openais_weights(name: str, joint: int, patch: int) -> None:
    spec = registry.backbones()[name].spec
    assert spec is not None
    assert (spec.model, spec.weights) == (name, "openai")
    cfg = weights.architecture(name)
    assert (cfg["embed_dim"], cfg["vision_cfg"]["patch_size"], weights.image_size(name)) == (joint, patch, 224)
    assert open_clip.get_pretrained_cfg(name, "openai")["quick_gelu"] is True


def test_the_architecture_read_without_open_clip_is_open_clips() -> None:
    for name in ("ViT-B-32", "ViT-B-32-quickgelu", "ViT-B-16-SigLIP"):
        assert json.dumps(weights.architecture(name)) == json.dumps(open_clip.get_model_config(name))
