"""Recipes of one name for many methods: the same frames and training for each. Imports no torch, as specs do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from harness.core.recipe import equal_macs

# One recipe for all networks: the same frames, clips and steps for each, nothing trained before.
SCRATCH_112: Mapping[str, Any] = {
    "epochs": 100,
    "batch_size": 32,
    "learning_rate": 0.01,
    "optimizer": "sgd",
    "momentum": 0.9,
    "weight_decay": 1e-4,
    "decay_vectors": False,
    "step_epochs": 40,
    "input.frames": 16,
    "input.duration": 1,
    "input.size": 112,
    "input.sampling": "segments",
    "input.padding": "last",
    "input.normalisation": "none",
    "input.augmentation": ["random-resized-crop", "flip"],
    "input.crop_scale": [0.08, 1.0],
    "input.views": 0,
}
# What DFER-CLIP sees of a clip, for every method on CLIP; pixels are normed as the weights want them.
CLIP_224: Mapping[str, Any] = {
    "input.frames": 16,
    "input.duration": 1,
    "input.size": 224,
    "input.sampling": "tsn-legacy",
    "input.padding": "last",
    "input.normalisation": "clip",
    "input.base_size": 0,
    "input.crop_size": 0,
    "input.augmentation": ["random-resized-crop", "flip"],
    "input.crop_scale": [0.08, 1.0],
}
# What the demo's recipes of networks have in common, each with a width and a rate of its own: minutes, and not hours.
DEMO_48: Mapping[str, Any] = {
    "epochs": 12,
    "batch_size": 16,
    "step_epochs": 9,
    "input.frames": 4,
    "input.duration": 1,
    "input.size": 48,
    "input.sampling": "segments",
    "input.padding": "last",
    "input.augmentation": ["flip"],
}
FALLS_AFTER = 0.4  # part of all epochs after which the rate falls, as in `scratch-112`

Pixels = Literal["imagenet", "kinetics"]
PIXELS: Mapping[Pixels, Mapping[str, Any]] = {  # mean and deviation, as torchvision has them with its weights
    "imagenet": {"input.mean": [0.485, 0.456, 0.406], "input.std": [0.229, 0.224, 0.225]},
    "kinetics": {"input.mean": [0.43216, 0.394666, 0.37645], "input.std": [0.22803, 0.22145, 0.216989]},
}


def at_equal_cost(gflops: float, recipe: Mapping[str, Any] = SCRATCH_112) -> dict[str, Any]:
    """Return the recipe `equal-macs` of a network: `scratch-112` in as many epochs as cost what Former-DFER's do.

    Args:
        gflops: of its forward pass over one clip under that recipe, in 1e9 multiply-adds.
        recipe: `scratch-112` as the network has it.
    """
    return in_epochs(equal_macs(gflops), recipe)


def pretrained_112(pixels: Pixels, recipe: Mapping[str, Any] = SCRATCH_112) -> dict[str, Any]:
    """Return the recipe `pretrained-112` of a network: AdamW at 1e-4 over 50 epochs from public weights.

    The weights are a file that `--pretrained` gives; a run without one is refused.

    Args:
        pixels: what the weights were trained on, whose mean and deviation norm the pixels.
        recipe: `scratch-112` as the network has it.
    """
    own = in_epochs(50, recipe)
    own |= {"optimizer": "adamw", "learning_rate": 1e-4, "input.normalisation": "clip"}
    own.pop("momentum", None)
    return {**own, **PIXELS[pixels]}


def in_epochs(epochs: int, recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe in another number of epochs, its rate falling after the same part of them."""
    return {**recipe, "epochs": epochs, "step_epochs": max(1, round(FALLS_AFTER * epochs))}
