"""Pseudo-3D residual networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `p3d`; the defaults are the recipe of the DFEW authors' repository."""

    depth: Literal[63, 131, 199] = option(63, "layers; 199 is the network of its own paper")
    dropout: float = option(0.5, "before the classifier", minimum=0, maximum=1)
    optimizer: Literal["sgd", "adam", "adamw"] = option("adam", "adam's weight decay is L2, adamw's is apart")
    learning_rate: float = option(1e-3, "of all parameters", minimum=0)
    weight_decay: float = option(0.0, "of all parameters", minimum=0)
    step_epochs: int = option(0, "epochs after which the rate falls to a tenth, again and again; 0: never", minimum=0)


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer it with 63 layers."""
    return [
        MethodSpec(
            name="p3d",
            version="1",
            build="harness_plugins.methods.p3d.model:P3d",
            options=Options,
            input=FrameInput(
                frames=16,
                duration=1,
                size=160,
                sampling="sorted-random",
                padding="repeat",
                normalisation="none",
                augmentation=(),
                views=0,
            ),
            backbone="none",
            summary="Pseudo-3D ResNet: 1x3x3 and 3x1x1 convolutions in place of 3x3x3, in three arrangements.",
            paper="Qiu et al., Learning Spatio-Temporal Representation with Pseudo-3D Residual Networks, ICCV 2017",
            published="P3D",
            family="3D network",
            architecture="P3D-63",
            pretraining="none",
            venue="ICCV 2017",
            year=2017,
            code="https://github.com/qijiezhao/pseudo-3d-pytorch",
            exactness="exact",
            public_keys=PublicKeys(head=("fc",)),
            in_demo=False,
            recipes={
                "scratch-112": SCRATCH_112,
                "equal-macs": at_equal_cost(4.192),
                "faithful": {},
            },
            demo={
                **DEMO_48,
                "width": 0.25,
                "input.size": 40,
                "input.frames": 8,
            },
            small={"width": 0.125, "epochs": 1, "input.size": 48},
        )
    ]
