"""A sketch of DPCNet: what its abstract and its cost say, and parts of our own."""

from __future__ import annotations

from dataclasses import dataclass

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import SCRATCH_112, NetworkOptions


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `dpcnet-sketch`; no recipe is published."""

    frame_weight: float = option(0.1, "of the loss that brings frames of the two paths together", minimum=0)
    path_weight: float = option(0.1, "of the divergence of what the two paths predict", minimum=0)
    reduction: int = option(16, "channels of the gate over channels, times fewer", minimum=1)


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the sketch."""
    return [
        MethodSpec(
            name="dpcnet-sketch",
            version="1",
            build="harness_plugins.methods.dpcnet_sketch.model:DpcnetSketch",
            options=Options,
            input=FrameInput(
                frames=4,
                size=112,
                normalisation="none",
                views=0,
            ),
            summary="Two ResNet-50 over four frames, in the manner of DPCNet.",
            paper="Wang et al., DPCNet: Dual Path Multi-Excitation Collaborative Network, ACM MM 2022",
            backbone="none",
            family="image network and time",
            architecture="2 x ResNet-50",
            pretraining="none",
            venue="ACM MM 2022",
            year=2022,
            exactness="sketch",
            demo={
                "width": 0.125,
                "epochs": 15,
                "batch_size": 16,
                "optimizer": "adam",
                "learning_rate": 1e-3,
                "step_epochs": 10,
                "input.size": 64,
                "input.augmentation": ["flip"],
            },
            small={"width": 0.125, "epochs": 1, "input.size": 32},
            recipes={"scratch-112": {**SCRATCH_112, "input.frames": 4}},
            in_demo=False,
        )
    ]
