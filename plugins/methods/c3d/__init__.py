"""C3D, plain or with batch norms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost

DFEW_REPOSITORY = {
    "norm": "bn",
    "start": "dfew-repository",
    "epochs": 100,
    "batch_size": 32,
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "step_epochs": 0,
    "input.sampling": "sorted-random",
    "input.duration": 1,
    "input.padding": "repeat",
    "input.augmentation": [],
}


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `c3d`; the defaults are the recipe by which the Former-DFER paper ran such networks."""

    norm: Literal["none", "bn"] = option("none", "batch norms behind the convolutions, as the DFEW authors' code has")
    start: Literal["torch", "dfew-repository"] = option(
        "torch", "initial weights of the linear layers: torch's, or Kaiming's normal distribution by fan-in"
    )
    dropout: float = option(0.5, "share of the hidden values that is dropped", minimum=0)
    clip_norm: float = option(0.0, "largest norm of the gradient; 0 = as it is", minimum=0)


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the plain network, with batch norms as an option."""
    return [
        MethodSpec(
            name="c3d",
            version="1",
            build="harness_plugins.methods.c3d.model:C3d",
            options=Options,
            input=FrameInput(
                frames=16,
                duration=2,
                size=112,
                sampling="tsn-legacy",
                padding="first",
                normalisation="none",
                augmentation=("random-resized-crop", "flip"),
                views=0,
            ),
            backbone="none",
            summary="C3D: eight 3x3x3 convolutions, five pools, three linear layers.",
            paper="Tran et al., Learning Spatiotemporal Features with 3D Convolutional Networks, ICCV 2015",
            published="C3D",
            family="3D network",
            architecture="C3D",
            pretraining="none",
            venue="ICCV 2015",
            year=2015,
            code="https://github.com/jiangxingxun/DFEW",
            exactness="exact",
            public_keys=PublicKeys(head=("fc8",)),
            in_demo=False,
            recipes={
                "scratch-112": SCRATCH_112,
                "equal-macs": at_equal_cost(38.5466),
                "faithful": DFEW_REPOSITORY,
            },
            demo={
                **DEMO_48,
                "width": 0.125,
                "norm": "bn",
                "dropout": 0.0,
                "input.frames": 16,
                "input.size": 32,
                "learning_rate": 0.03,
            },
            small={"epochs": 1, "input.size": 32},
        )
    ]
