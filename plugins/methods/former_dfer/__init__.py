"""Former-DFER: a spatial and a temporal transformer around ResNet-18."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost

KEYS = PublicKeys(
    renames=((r"t_former\.spatial_transformer\.(.+)", r"t_former.transformer.\1"),),
    head=("fc",),
)


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `former-dfer`; the defaults are the paper's, trained as by the public code."""

    depth_spatial: int = option(3, "N, layers of the spatial transformer; the public code has 1", minimum=0)
    depth_temporal: int = option(3, "M, layers of the temporal transformer", minimum=0)
    spatial_positions: bool = option(True, "learned positions of the places of a map")
    temporal_positions: bool = option(True, "learned positions of the frames")
    read_out: Literal["class", "mean"] = option("class", "the class token, or the mean of the frames")
    time: Literal["transformer", "gru"] = option("transformer", "what stands behind the frames: Table 1's ablation")


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer it with three spatial layers, as published."""
    return [
        MethodSpec(
            name="former-dfer",
            version="1",
            build="harness_plugins.methods.former_dfer.model:FormerDfer",
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
            summary="A transformer over the places of a frame inside ResNet-18, and one over the frames.",
            paper="Zhao and Liu, Former-DFER: Dynamic Facial Expression Recognition Transformer, ACM MM 2021",
            published="Former-DFER",
            family="image network and time",
            architecture="ResNet-18 + Transformer",
            pretraining="none",
            venue="ACM MM 2021",
            year=2021,
            code="https://github.com/zengqunzhao/Former-DFER",
            exactness="exact",
            public_keys=KEYS,
            in_demo=False,
            recipes={
                "released": {"depth_spatial": 1},
                "scratch-112": SCRATCH_112,
                "equal-macs": at_equal_cost(9.1575),
                "faithful": {"depth_spatial": 1},
            },
            demo={
                **DEMO_48,
                "width": 0.25,
                "learning_rate": 0.03,
            },
            small={
                "width": 0.125,
                "epochs": 1,
                "input.frames": 4,
                "input.size": 32,
            },
        )
    ]
