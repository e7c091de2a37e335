"""Load backbones and hand out their towers. One copy a process, shared by all jobs, never trained."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from copy import deepcopy
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from harness.core.backbone_spec import Sees
from harness.core.errors import HarnessError
from harness.core.lazy import load_object
from harness.models.guard import BackboneChanged, Guard
from harness.models.text_tower import TextTower
from harness.models.weights import NO_WEIGHTS, WeightsSource, architecture
from harness.models.weights_files import read_tensors
from harness.models.whole_prompts import WholePrompts

RANDOM_SEED = 0

log = logging.getLogger(__name__)


class FrameEncoder(nn.Module):
    """A backbone's visual tower, frozen: normalised frames (N, 3, H, W) -> features (N, D), not normalised.

    One that `sees` clips maps (B, T, 3, H, W) to (B, T', D) instead.
    """

    def __init__(
        self,
        visual: nn.Module,
        sees: Sees = "frames",
    ) -> None:
        super().__init__()
        self.visual = visual.eval().requires_grad_(False)
        self.sees = sees

    def forward(self, frames: Tensor) -> Tensor:
        """Return features of frames, or of clips."""
        features: Tensor = self.visual(frames)
        return features

    def train(self, mode: bool = True) -> FrameEncoder:
        """Stay in evaluation mode: a frozen encoder has no other."""
        return self


class TrainableEncoder(nn.Module):
    """A copy of a backbone's visual tower to train: frames (N, 3, H, W), normalised -> features (N, D), or of clips."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = deepcopy(visual).requires_grad_(True)

    def forward(self, frames: Tensor) -> Tensor:
        """Return features of frames."""
        features: Tensor = self.visual(frames)
        return features


def encode_clips(encoder: nn.Module, pixels: Tensor) -> Tensor:
    """Return features (B, T', D) of normalised clips (B, T, 3, H, W): frame by frame, unless the encoder sees clips."""
    if getattr(encoder, "sees", "frames") == "clips":
        features: Tensor = encoder(pixels)
        return features.unsqueeze(1) if features.ndim == 2 else features  # (B, D): one position
    return encoder(pixels.flatten(0, 1)).unflatten(0, pixels.shape[:2])  # type: ignore[no-any-return]


REMEMBERED = ("_guard", "_kept", "_tokenizer", "_shapes")  # of a backbone, by itself


def _parts(tokenizer: object) -> dict[str, tuple[int, int]]:
    """Return what a tokenizer is known again by: which parts it holds, and how many things are in each.

    What it remembers of the words that it has met grows.
    """
    found = {}
    for name, value in getattr(tokenizer, "__dict__", {}).items():
        grows = name == "cache" or not isinstance(value, Sized)
        found[name] = (id(value), 0 if grows else len(value))
    return found


class Backbone:
    """A loaded encoder as methods see it. One copy a process is shared by all jobs, so nothing of it may be changed.

    Attributes:
        image_size: height and width in pixels.
        width: D, of its features; of a CLIP, of the joint space.
        text_width: W, of the text tower's tokens.
        logit_scale: exp of the learned temperature; 100 in OpenAI's weights.
        tokenize: texts to token ids (P, L).

    The last three, and all that is about text, only a CLIP has; from another backbone they raise HarnessError.
    """

    def __init__(self, source: WeightsSource, model: nn.Module) -> None:
        self.source = source
        self.model: Any = model.eval().requires_grad_(False)
        self.image_size = self._pixels()
        self.set_guard()

    def set_guard(self) -> None:
        """Take the backbone as it is now for what it has to stay."""
        self._guard = Guard.of(self._shared)
        self._kept = self._attributes()
        self._tokenizer = _parts(getattr(self, "_tokenize", None))

    def check_guard(self) -> None:
        """Compare the backbone with what it was when it was loaded: values, modules, modes and hooks.

        Raises:
            BackboneChanged: it is another.
        """
        self._guard.check(self._shared)
        if _parts(getattr(self, "_tokenize", None)) != self._tokenizer:
            raise BackboneChanged("the tokenizer of the backbone that all jobs share was changed; it has to stay")
        now = self._attributes()
        for name in {**self._kept, **now}:
            if self._kept.get(name) is not now.get(name):
                raise BackboneChanged(f"{name!r} of the backbone that all jobs share was changed; it has to stay")

    def _pixels(self) -> int:
        return self.source.image_size

    @cached_property
    def _shared(self) -> nn.Module:
        """All that jobs share, as one module."""
        return nn.ModuleDict({"model": self.model, "encoder": self._encoder})

    def _attributes(self) -> dict[str, object]:
        """Return all that the object holds and what its class says, but for what it remembers meanwhile."""
        said = {name: value for kind in type(self).__mro__[:-1] for name, value in vars(kind).items()}
        held = {name: value for name, value in vars(self).items() if name not in REMEMBERED}
        return {**said, **held}

    @property
    def device(self) -> torch.device:
        """Where the backbone is; one that has no tensors is on the CPU."""
        tensors = itertools.chain(self.model.parameters(), self.model.buffers())
        return next((tensor.device for tensor in tensors), torch.device("cpu"))

    @property
    def width(self) -> int:
        """D, the width of the features."""
        return self._positions_and_width(1)[1]

    def features_shape(self, frames: int) -> tuple[int, int]:
        """Return the shape (T', D) of the features of a clip of so many frames."""
        return (frames, self.width) if self.source.sees == "frames" else self._positions_and_width(frames)

    def _positions_and_width(self, frames: int) -> tuple[int, int]:
        """Return the shape of the features of one clip, as the encoder itself gives them.

        Raises:
            HarnessError: they are no features, or others at the next call.
        """
        key = frames if self.source.sees == "clips" else 1
        if key not in self._shapes:
            self._shapes[key] = _checked_shape(
                self._encoder,
                self.source,
                key,
                self.device,
            )
        return self._shapes[key]

    @cached_property
    def _shapes(self) -> dict[int, tuple[int, int]]:
        return {}

    @cached_property
    def _encoder(self) -> FrameEncoder:
        return FrameEncoder(self._visual, self.source.sees)

    @property
    def _visual(self) -> nn.Module:
        visual: nn.Module = self.model
        return visual

    def frame_encoder(self) -> FrameEncoder:
        """Return the frozen visual tower. A method that sets it as `encoder` is fed cached features."""
        return self._encoder

    def owns(self, encoder: nn.Module | None) -> bool:
        """Return whether that is the frozen visual tower."""
        return encoder is self._encoder

    def trainable_encoder(self) -> TrainableEncoder:
        """Return a copy of the visual tower that is the method's own, to be trained."""
        return TrainableEncoder(self._visual)

    @property
    def text_tower(self) -> TextTower:
        """The frozen text tower of a CLIP."""
        raise self._no_text()

    @property
    def tokenize(self) -> Callable[[Sequence[str]], Tensor]:
        """The tokenizer of a CLIP."""
        raise self._no_text()

    @property
    def text_width(self) -> int:
        """W, the width of a CLIP's token embeddings."""
        raise self._no_text()

    @property
    def logit_scale(self) -> float:
        """Inverse of a CLIP's temperature."""
        raise self._no_text()

    def encode_text(self, prompts: Sequence[str]) -> Tensor:
        """Return features of written prompts, not normalised: (P, D)."""
        raise self._no_text()

    def _no_text(self) -> HarnessError:
        return HarnessError(
            f"backbone {self.source.id.name!r} has no text side; what asks for one needs a CLIP, such as "
            f"--backbone ViT-B-32"
        )


class Clip(Backbone):
    """A CLIP of open_clip."""

    def __init__(
        self,
        source: WeightsSource,
        model: Any,
        tokenize: Callable[[Sequence[str]], Tensor],
    ) -> None:
        self._tokenize = tokenize
        self._scale = float(model.logit_scale.detach().exp())
        super().__init__(source, model)

    def _pixels(self) -> int:
        size = self.model.visual.image_size
        return int(size[0] if isinstance(size, tuple) else size)

    @cached_property
    def _shared(self) -> nn.Module:
        return nn.ModuleDict({"model": self.model, "encoder": self._encoder, "text_tower": self.text_tower})

    @property
    def _visual(self) -> nn.Module:
        visual: nn.Module = self.model.visual
        return visual

    @cached_property
    def text_tower(self) -> TextTower:
        """The frozen text tower, which runs only as far as the last token that is read."""
        return TextTower(self.model, self.tokenize)

    @property
    def tokenize(self) -> Callable[[Sequence[str]], Tensor]:
        """The tokenizer: texts to token ids (P, L). It refuses texts that the tower does not take whole."""
        return WholePrompts(self._tokenize)

    @property
    def width(self) -> int:
        """D, the width of the joint space."""
        return self.text_tower.output_width

    @property
    def text_width(self) -> int:
        """W, the width of the text tower's token embeddings."""
        return self.text_tower.width

    @property
    def logit_scale(self) -> float:
        """Inverse of the temperature."""
        return self._scale

    def encode_text(self, prompts: Sequence[str]) -> Tensor:
        """Return features of written prompts, not normalised: (P, D)."""
        return self.text_tower.encode_text(prompts)


class MissingBackbone(Backbone):
    """Place of the backbone in a method that brings all of its network: whatever it is asked for is an error."""

    def __init__(self) -> None:
        super().__init__(NO_WEIGHTS, nn.Module())

    def frame_encoder(self) -> FrameEncoder:
        """Raise HarnessError: there is none."""
        raise self._no_text()

    def trainable_encoder(self) -> TrainableEncoder:
        """Raise HarnessError: there is none."""
        raise self._no_text()

    def _positions_and_width(self, frames: int) -> tuple[int, int]:
        raise self._no_text()

    def _no_text(self) -> HarnessError:
        return HarnessError(
            "this method's spec says backbone='none', so it gets none; leave that out for the run's CLIP, or name a "
            "backbone there"
        )


def _checked_shape(
    encoder: FrameEncoder,
    source: WeightsSource,
    frames: int,
    device: torch.device,
) -> tuple[int, int]:
    """Return the shape of the features of one clip of noise, which is encoded twice.

    Raises:
        HarnessError: they are no features, or others the second time.
    """
    name, size = source.id.name, source.image_size
    noise = torch.randn(1, frames, 3, size, size, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.no_grad():
        first, second = (encode_clips(encoder, noise) for _ in range(2))
    expected = "(B, T, 3, H, W) to (B, T', D)" if source.sees == "clips" else "(N, 3, H, W) to (N, D)"
    if first.ndim != 3 or len(first) != 1 or not torch.is_floating_point(first):
        raise HarnessError(f"backbone {name!r} gives features of shape {tuple(first.shape)}; it has to map {expected}")
    if not torch.equal(first, second):
        raise HarnessError(f"backbone {name!r} gives other features when the same clip is encoded again: is it random?")
    return first.shape[1], first.shape[2]


def load(source: WeightsSource) -> Backbone:
    """Load a backbone, once a process; a copy that something has changed is loaded anew.

    Raises:
        HarnessError: the file is no tensor file, or does not fit the architecture; or a plugin cannot build it.
    """
    if source == NO_WEIGHTS:
        return MissingBackbone()
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
    if source.build:
        return Backbone(source, _built(source))
    import open_clip

    with torch.random.fork_rng(devices=[]), _silent():
        torch.manual_seed(RANDOM_SEED)
        model = _architecture(open_clip, source)
    if source.file is not None:
        _load_tensors(open_clip, model, source.file)
    return Clip(
        source,
        model.float(),
        _tokenizer(open_clip, source),
    )


def _built(source: WeightsSource) -> nn.Module:
    """Return the module that a plugin builds, with the tensors of its file or with random ones from a fixed seed.

    Raises:
        HarnessError: it cannot.
    """
    name = source.id.name
    tensors = read_tensors(source.file) if source.file else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(RANDOM_SEED)
        try:
            build = load_object(source.build) if isinstance(source.build, str) else source.build
            model = build(tensors)
        except Exception as error:
            raise HarnessError(f"backbone {name!r} cannot be built: {type(error).__name__}: {error}") from error
    if not isinstance(model, nn.Module):
        raise HarnessError(f"backbone {name!r}: build returned a {type(model).__name__}, which is no torch.nn.Module")
    return model.float()


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
