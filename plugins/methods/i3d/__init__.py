"""I3D of RGB frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `i3d`; the defaults are those of the DFEW authors' repository."""

    dropout: float = option(0.5, "share of the features that is dropped", minimum=0)
    batch_size: int = option(32, "clips a step", minimum=1)
    learning_rate: float = option(1e-3, "of all parameters", minimum=0)
    optimizer: Literal["sgd", "adam", "adamw"] = option("adam", "adam's weight decay is L2, adamw's is apart")
    weight_decay: float = option(0.0, "of all parameters", minimum=0)
    step_epochs: int = option(0, "epochs after which the rate falls to a tenth, again and again; 0 = never", minimum=0)


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer it at 224 pixels as in its source; recipe `scratch-112` has the size whose cost is printed."""
    return [
        MethodSpec(
            name="i3d",
            version="1",
            build="harness_plugins.methods.i3d.model:I3d",
            options=Options,
            input=FrameInput(
                frames=16,
                size=224,
                sampling="sorted-random",
                padding="repeat",
                normalisation="none",
                augmentation=(),
                views=0,
            ),
            backbone="none",
            summary="I3D: Inception-v1, inflated along time.",
            paper="Carreira and Zisserman, Quo Vadis, Action Recognition?, CVPR 2017",
            published="I3D-RGB",
            family="3D network",
            architecture="I3D (Inception-v1)",
            pretraining="none",
            venue="CVPR 2017",
            year=2017,
            code="https://github.com/jiangxingxun/DFEW",
            exactness="exact",
            public_keys=PublicKeys(head=("logits",)),
            in_demo=False,
            recipes={"scratch-112": SCRATCH_112, "equal-macs": at_equal_cost(6.983), "faithful": {}},
            demo={
                **DEMO_48,
                "width": 0.25,
                "dropout": 0.0,
                "learning_rate": 1e-3,
                "input.frames": 8,
            },
            small={"width": 0.125, "epochs": 1, "input.size": 48},
        )
    ]
