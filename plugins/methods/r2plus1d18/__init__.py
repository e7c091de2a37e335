"""R(2+1)D-18: 3-D convolutions factorised into space and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost, pretrained_112

KEYS = PublicKeys(renames=((r"((stem|layer\d)\..+)", r"trunk.\1"),), head=("fc",))  # of `arch=torchvision`


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `r2plus1d18`; the defaults are the recipe by which the Former-DFER paper ran such networks."""

    arch: Literal["torchvision", "factorised-shortcut"] = option(
        "torchvision", "torchvision's r2plus1d_18, or the port behind the published 42.36 GFLOPs"
    )


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer torchvision's network, and the port."""
    return [
        MethodSpec(
            name="r2plus1d18",
            version="1",
            build="harness_plugins.methods.r2plus1d18.model:R2plus1d18",
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
            summary="R(2+1)D-18: every 3-D convolution is one in space, then one in time.",
            paper="Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018",
            published="R(2+1)D18",
            family="3D network",
            architecture="R(2+1)D-18",
            pretraining="none",
            venue="CVPR 2018",
            year=2018,
            exactness="reading",
            public_keys=KEYS,
            in_demo=False,
            recipes={
                "scratch-112": SCRATCH_112,
                "equal-macs": at_equal_cost(40.5189),
                "pretrained-112": {**pretrained_112("kinetics"), "arch": "torchvision"},
            },
            starts_from={"pretrained-112": "torchvision's r2plus1d_18-91a641e6.pth (Kinetics-400)"},
            demo={
                **DEMO_48,
                "width": 0.125,
                "learning_rate": 0.01,
            },
            small={"width": 0.125, "epochs": 1, "input.size": 32},
        )
    ]
