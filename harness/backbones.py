"""Load open_clip models and hand out their towers. One copy a process, shared by all jobs, never trained."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from harness.errors import HarnessError
from harness.prompts import TextTower
from harness.weights import WeightsSource

RANDOM_SEED = 0


class FrameEncoder(nn.Module):
    """CLIP's visual tower, frozen: frames (N, 3, H, W), normalised -> features (N, D), not normalised."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual.eval().requires_grad_(False)

    def forward(self, frames: Tensor) -> Tensor:
        """Features of frames."""
        features: Tensor = self.visual(frames)
        return features

    def train(self, mode: bool = True) -> FrameEncoder:
        """Stay in evaluation mode: a frozen encoder has no other."""
        return self


class Backbone:
    """A loaded CLIP as methods see it.

    Attributes:
        image_size: height and width in pixels.
        width: D, of the joint space.
        text_width: W, of the text tower's tokens.
        logit_scale: exp of the learned temperature; 100 in OpenAI's weights.
    """

    def __init__(self, source: WeightsSource, model: Any, tokenize: Callable[[Sequence[str]], Tensor]) -> None:
        self.source = source
        self.model = model.eval().requires_grad_(False)
        self.tokenize = tokenize
        size = model.visual.image_size
        self.image_size = int(size[0] if isinstance(size, tuple) else size)
        self.logit_scale = float(model.logit_scale.exp())

    @cached_property
    def text_tower(self) -> TextTower:
        """The frozen text tower, which runs only as far as the last token that is read."""
        return TextTower(self.model, self.tokenize)

    @property
    def width(self) -> int:
        """D, the width of the joint space."""
        return self.text_tower.output_width

    @property
    def text_width(self) -> int:
        """W, the width of the text tower's token embeddings."""
        return self.text_tower.width

    @cached_property
    def _encoder(self) -> FrameEncoder:
        return FrameEncoder(self.model.visual)

    def frame_encoder(self) -> FrameEncoder:
        """The frozen visual tower. A method that sets it as `encoder` is fed cached features."""
        return self._encoder

    def encode_text(self, prompts: Sequence[str]) -> Tensor:
        """Features of written prompts, not normalised: (P, D)."""
        return self.text_tower.encode_text(prompts)


@lru_cache(maxsize=2)
def load(source: WeightsSource) -> Backbone:
    """Build the architecture and load its weights, tensors only.

    Raises:
        HarnessError: the file is no tensor file, or does not fit the architecture.
    """
    import open_clip

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(RANDOM_SEED)
        model = _architecture(open_clip, source)
    if source.file is not None:
        _load_tensors(open_clip, model, source.file)
    name = "ViT-B-32" if source.model.endswith(".json") else source.model
    return Backbone(source, model.float(), open_clip.get_tokenizer(name))


def _architecture(open_clip: Any, source: WeightsSource) -> nn.Module:
    if source.model.endswith(".json"):
        cfg = json.loads(Path(source.model).read_text(encoding="utf-8"))
        return open_clip.CLIP(**cfg)  # type: ignore[no-any-return]
    return open_clip.create_model(  # type: ignore[no-any-return]
        source.model, load_weights=False, force_quick_gelu=source.quick_gelu, pretrained_text=False
    )


def _load_tensors(open_clip: Any, model: nn.Module, path: Path) -> None:
    try:
        open_clip.load_checkpoint(model, str(path), weights_only=True)
    except (
        RuntimeError,
        KeyError,
        ValueError,
        AttributeError,
        OSError,
        pickle.UnpicklingError,
        EOFError,
    ) as error:
        first = str(error).strip().splitlines()[0][:300]
        raise HarnessError(
            f"{path}: cannot be loaded as tensors of this architecture ({first}). Expected a .safetensors file, or "
            f"a checkpoint that holds tensors only; a TorchScript archive has to be converted first"
        ) from error
