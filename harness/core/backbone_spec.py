"""A backbone as a plugin offers it, and as an identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from harness.core.weights_spec import WeightsSpec

# What a frozen encoder takes: frames (N, 3, H, W) -> (N, D), or clips (B, T, 3, H, W) -> (B, T', D).
Sees = Literal["frames", "clips"]

RANDOM = "random"

BUNDLED = "bundled"

CLIP = "clip"  # as `MethodSpec.backbone`: the backbone of the run

NONE = "none"  # as `MethodSpec.backbone`: a method that brings all of its network

QUICK_GELU = "-quickgelu"  # ends the names of open_clip's architectures with the activation of OpenAI's weights

PAPER = "paper"  # as `--backbone`: what each method's paper used

IMAGENET_MEAN = (0.485, 0.456, 0.406)

IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class BackboneSpec:
    """Anything frozen that gives features: a CLIP of open_clip, or whatever `build` makes.

    Attributes:
        name: as on the command line.
        model: open_clip architecture, or the path of a JSON file with its configuration. Empty where `build` is given.
        weights: the default: a tag of open_clip, a file, `random`; or, where `build` is given, a declared file.
        summary: one line for `harness list`.
        build: `build(weights)` returns the encoder as a module, with these tensors by name, or with random ones for
            None; or "module:function", so that listing imports no torch.
        sees: `frames`: the module maps (N, 3, H, W) to (N, D). `clips`: (B, T, 3, H, W) to (B, T', D).
        image_size: height and width in pixels that `build`'s module takes.
        mean: by which its pixels are normalised; ImageNet's unless the weights were trained with another.
        std: the same.
    """

    name: str
    model: str
    weights: str | WeightsSpec
    summary: str = ""
    build: str | Callable[[Any], Any] = ""
    sees: Sees = "frames"
    image_size: int = 224
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        if bool(self.build) == bool(self.model):
            raise ValueError(f"backbone {self.name!r}: give either an open_clip model or a function that builds it")
        if isinstance(self.weights, WeightsSpec) and not self.build:
            raise ValueError(f"backbone {self.name!r}: weights of an open_clip model are a tag, a file or {RANDOM!r}")
        if self.build and isinstance(self.weights, str) and self.weights not in ("", RANDOM):
            raise ValueError(f"backbone {self.name!r}: declare the weights of what is built as a WeightsSpec")
        if self.name in (CLIP, NONE, PAPER):
            raise ValueError(f"a backbone cannot be called {self.name!r}, which has a meaning of its own")


@dataclass(frozen=True)
class BackboneId:
    """The backbone as an identity: the name asked for and the hash of its weights.

    Attributes:
        name: of the backbone, or "none".
        weights: tag, name of the file, `random` or `bundled`.
        sha256: of the weights.
        code: of what is built: hash of the plugin's source and of how frames are given to it.
    """

    name: str
    weights: str
    sha256: str
    code: str = ""


NO_BACKBONE = BackboneId(NONE, "", "")
