"""A sketch of MSCM: what its abstract and its cost say, and parts of our own."""

from __future__ import annotations

from dataclasses import dataclass

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import SCRATCH_112, NetworkOptions


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `mscm-sketch`; no recipe is published."""

    radii: tuple[int, ...] = option((1, 3), "how far in places a motion of each scale is looked for")
    shift: int = option(
        8, "one of so many channels is taken from the frame before, and one from that behind", minimum=3
    )


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the sketch."""
    return [
        MethodSpec(
            name="mscm-sketch",
            version="1",
            build="harness_plugins.methods.mscm_sketch.model:MscmSketch",
            options=Options,
            input=FrameInput(
                frames=16,
                size=112,
                normalisation="none",
                views=0,
            ),
            summary="ResNet-18 with shifted channels and correlations of neighbouring frames, in the manner of MSCM.",
            paper="Li et al., Multi-Scale Correlation Module for Video-based Facial Expression Recognition, PR 2023",
            backbone="none",
            family="image network and time",
            architecture="ResNet-18 + TSM",
            pretraining="none",
            venue="PR 2023",
            year=2023,
            exactness="sketch",
            demo={
                "width": 0.25,
                "epochs": 15,
                "batch_size": 16,
                "step_epochs": 10,
                "input.frames": 8,
                "input.size": 64,
                "input.augmentation": ["flip"],
            },
            small={"width": 0.125, "epochs": 1, "input.size": 32},
            recipes={"scratch-112": SCRATCH_112},
            in_demo=False,
        )
    ]
