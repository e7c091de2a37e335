"""The options that every network has which is trained as a whole. Imports no torch, since specs are read without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.core.options import option
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


FALLS_AFTER = 0.4  # part of all epochs after which the rate falls, as in `scratch-112`


def at_equal_cost(gflops: float, recipe: Mapping[str, Any] = SCRATCH_112) -> dict[str, Any]:
    """Return the recipe `equal-macs` of a network: `scratch-112` in as many epochs as cost what Former-DFER's do.

    Args:
        gflops: of its forward pass over one clip under that recipe, in 1e9 multiply-adds.
        recipe: `scratch-112` as the network has it.
    """
    epochs = equal_macs(gflops)
    return {
        **recipe,
        "epochs": epochs,
        "step_epochs": max(1, round(FALLS_AFTER * epochs)),
    }


@dataclass(frozen=True)
class NetworkOptions:
    """Options of a network that is trained as a whole; a method derives its own from it, with other defaults."""

    width: float = option(1.0, "share of the channels; 1 is the published network", minimum=0.01)
    epochs: int = option(100, "epochs of training", minimum=0)
    batch_size: int = option(32, "clips a step", minimum=1)
    learning_rate: float = option(0.01, "of all parameters", minimum=0)
    optimizer: Literal["sgd", "adam", "adamw"] = option("sgd", "adam's weight decay is L2, adamw's is apart")
    momentum: float = option(0.9, "of SGD", minimum=0)
    weight_decay: float = option(1e-4, "of all parameters", minimum=0)
    decay_vectors: bool = option(True, "whether biases and normalisations are decayed, too")
    step_epochs: int = option(40, "epochs after which the rate falls to a tenth, again and again; 0 = never", minimum=0)
    loss: Literal["cross-entropy", "ec-stfl", "ec-stfl-repository"] = option(
        "cross-entropy", "alone, or with the clustering loss EC-STFL as its paper or as its public code has it"
    )
    loss_weight: float = option(10.0, "of EC-STFL beside the cross-entropy", minimum=0)
