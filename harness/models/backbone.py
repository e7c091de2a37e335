"""Load open_clip models and hand out their towers. One copy a process, shared by all jobs, never trained."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from harness.core.errors import HarnessError
from harness.models.guard import BackboneChanged, Guard
from harness.models.text_tower import TextTower
from harness.models.weights import WeightsSource, architecture

RANDOM_SEED = 0

log = logging.getLogger(__name__)


class FrameEncoder(nn.Module):
    """CLIP's visual tower, frozen: frames (N, 3, H, W), normalised -> features (N, D), not normalised."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual.eval().requires_grad_(False)

    def forward(self, frames: Tensor) -> Tensor:
        """Return features of frames."""
        features: Tensor = self.visual(frames)
        return features

    def train(self, mode: bool = True) -> FrameEncoder:
        """Stay in evaluation mode: a frozen encoder has no other."""
        return self


class TrainableEncoder(nn.Module):
    """A copy of CLIP's visual tower to train: frames (N, 3, H, W), normalised -> features (N, D), not normalised."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = deepcopy(visual).requires_grad_(True)

    def forward(self, frames: Tensor) -> Tensor:
        """Return features of frames."""
        features: Tensor = self.visual(frames)
        return features


class Backbone:
    """A loaded CLIP as methods see it. One copy a process is shared by all jobs, so nothing of it may be changed.

    Attributes:
        image_size: height and width in pixels.
        width: D, of the joint space.
        text_width: W, of the text tower's tokens.
        logit_scale: exp of the learned temperature; 100 in OpenAI's weights.
    """

    def __init__(
        self,
        source: WeightsSource,
        model: Any,
        tokenize: Callable[[Sequence[str]], Tensor],
    ) -> None:
        self.source = source
        self.model = model.eval().requires_grad_(False)
        self.tokenize = tokenize
        size = model.visual.image_size
        self.image_size = int(size[0] if isinstance(size, tuple) else size)
        self.logit_scale = float(model.logit_scale.exp())
        self.set_guard()

    def set_guard(self) -> None:
        """Take the backbone as it is now for what it has to stay."""
        self._guard = Guard.of(self._shared)
        self._plain = self._plain_facts()

    def check_guard(self) -> None:
        """Compare the backbone with what it was when it was loaded: values, modules, modes and hooks.

        Raises:
            BackboneChanged: it is another.
        """
        self._guard.check(self._shared)
        if self._plain != self._plain_facts():
            raise BackboneChanged("attributes of the backbone that all jobs share were changed; they have to stay")

    @cached_property
    def _shared(self) -> nn.Module:
        """All that jobs share, as one module."""
        return nn.ModuleDict({"model": self.model, "encoder": self._encoder, "text_tower": self.text_tower})

    def _plain_facts(self) -> tuple[object, ...]:
        return self.source, self.tokenize, self.image_size, self.logit_scale

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
        """Return the frozen visual tower. A method that sets it as `encoder` is fed cached features."""
        return self._encoder

    def trainable_encoder(self) -> TrainableEncoder:
        """Return a copy of the visual tower that is the method's own, to be trained."""
        return TrainableEncoder(self.model.visual)

    def encode_text(self, prompts: Sequence[str]) -> Tensor:
        """Return features of written prompts, not normalised: (P, D)."""
        return self.text_tower.encode_text(prompts)


def load(source: WeightsSource) -> Backbone:
    """Load a backbone, once a process; a copy that something has changed is loaded anew.

    Raises:
        HarnessError: the file is no tensor file, or does not fit the architecture.
    """
    backbone = _loaded(source)
    try:
        backbone.check_guard()
    except BackboneChanged as error:
        log.warning("loaded anew: %s", error)
        forget()
        backbone = _loaded(source)
    return backbone


def forget() -> None:
    """Load every backbone anew when it is asked for next."""
    _loaded.cache_clear()


@lru_cache(maxsize=2)
def _loaded(source: WeightsSource) -> Backbone:
    """Build the architecture and load its weights, tensors only."""
    import open_clip

    with torch.random.fork_rng(devices=[]), _silent():
        torch.manual_seed(RANDOM_SEED)
        model = _architecture(open_clip, source)
    if source.file is not None:
        _load_tensors(open_clip, model, source.file)
    return Backbone(
        source,
        model.float(),
        _tokenizer(open_clip, source),
    )


def _architecture(open_clip: Any, source: WeightsSource) -> nn.Module:
    if source.model.endswith(".json"):
        cfg = architecture(source.model)
        build = open_clip.CustomTextCLIP if cfg.pop("custom_text", False) else open_clip.CLIP
        return build(**cfg)  # type: ignore[no-any-return]
    return open_clip.create_model(  # type: ignore[no-any-return]
        source.model, load_weights=False, force_quick_gelu=source.quick_gelu, pretrained_text=False
    )


def _tokenizer(open_clip: Any, source: WeightsSource) -> Callable[[Sequence[str]], Tensor]:
    if not source.model.endswith(".json"):
        return open_clip.get_tokenizer(source.model)  # type: ignore[no-any-return]
    length = architecture(source.model)["text_cfg"].get("context_length", 77)
    return open_clip.get_tokenizer("ViT-B-32", context_length=length)  # type: ignore[no-any-return]


def _load_tensors(
    open_clip: Any,
    model: nn.Module,
    path: Path,
) -> None:
    try:
        open_clip.load_checkpoint(model, str(path), weights_only=True)
    except Exception as error:  # a hostile file can make the readers fail in any way
        first = next(iter(str(error).strip().splitlines()), "")[:300]
        reason = f"{type(error).__name__}: {first}"
        raise HarnessError(
            f"{path}: cannot be loaded as tensors of this architecture ({reason}). Expected a .safetensors file, or "
            f"a checkpoint that holds tensors only; a TorchScript archive has to be converted first"
        ) from error


@contextmanager
def _silent() -> Iterator[None]:
    """Silence open_clip, which warns that weights are random until they are loaded,
    through a root logger that prints.
    """
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
