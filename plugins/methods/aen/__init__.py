"""AEN, as its figure and its abstract describe it."""

from __future__ import annotations

from dataclasses import dataclass

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost

# An epoch and its fifth of one of the static network train for 35.829 GFLOPs a clip, forward and backward. Former-DFER
# trains for 27.001 where its forward pass is 9.1575, so that is as much as a network of this forward pass.
FORWARD = 35.829 * 9.1575 / 27.001
EQUAL_MACS = {**at_equal_cost(FORWARD), "static_epochs": 15}


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `aen`. The paper prints no recipe; these are a reading."""

    epochs: int = option(60, "passes over the training clips once the static network is frozen", minimum=0)
    static_epochs: int = option(
        20, "passes in which the static network learns single frames by the label of their clip", minimum=0
    )
    batch_size: int = option(16, "clips a step", minimum=1)
    layers: int = option(1, "of the encoder of each level", minimum=1)
    group_weight: float = option(0.5, "of the losses of the three groups of emotions", minimum=0)
    frame_weight: float = option(0.1, "of the loss that keeps what frames show", minimum=0)
    clip_weight: float = option(0.1, "of the loss that keeps what the clip shows", minimum=0)


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the network with its static teacher."""
    return [
        MethodSpec(
            name="aen",
            version="1",
            build="harness_plugins.methods.aen.model:Aen",
            options=Options,
            input=FrameInput(
                frames=16,
                size=112,
                normalisation="none",
                views=0,
            ),
            summary="Three levels of an image network over time, from whole to detail, beside a frozen static one.",
            paper="Lee et al., Frame Level Emotion Guided DFER with Emotion Grouping, CVPR Workshops 2023",
            published="AEN",
            backbone="none",
            family="image network and time",
            architecture="ResNet-18 + Transformer",
            pretraining="none",
            venue="CVPRW 2023",
            year=2023,
            exactness="reading",
            demo={
                **DEMO_48,
                "width": 0.25,
                "epochs": 10,
                "static_epochs": 3,
                "step_epochs": 7,
                "learning_rate": 0.02,
            },
            small={"width": 0.125, "epochs": 1, "static_epochs": 1, "input.size": 32},
            recipes={"scratch-112": SCRATCH_112, "equal-macs": EQUAL_MACS},
            in_demo=False,
        )
    ]
