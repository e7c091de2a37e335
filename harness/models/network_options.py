"""The options that every network has which is trained as a whole. Imports no torch, since specs are read without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.core.options import option


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
