"""M3DFEL: a clip as a bag of short instances, each through 3D ResNet-18."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost, pretrained_112

KEYS = PublicKeys(
    renames=(
        (r"features\.0\.(.+)", r"trunk.stem.\1"),
        (r"features\.([1-4])\.(.+)", r"trunk.layer\1.\2"),
        (r"to_qkv\.(.+)", r"attention.to_qkv.\1"),
        (r"pwconv\.(.+)", r"gather.\1"),
        (r"((stem|layer[1-4])\..+)", r"trunk.\1"),  # torchvision's `r3d_18`
    ),
    head=("fc",),
    behind=("lstm", "attention", "norm", "gather"),
)
SCRATCH = {**SCRATCH_112, "smoothing": 0.0}


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `m3dfel`; the defaults are those of its public code."""

    epochs: int = option(300, "passes over the training clips", minimum=0)
    batch_size: int = option(256, "clips a step", minimum=1)
    learning_rate: float = option(5e-4, "of all parameters", minimum=0)
    optimizer: Literal["sgd", "adam", "adamw"] = option("adamw", "adam's weight decay is L2, adamw's is apart")
    weight_decay: float = option(0.05, "of all parameters", minimum=0)
    step_epochs: int = option(0, "the rate falls to a tenth every so many epochs; 0 = by a cosine", minimum=0)
    warmup_epochs: int = option(20, "from nothing, under the cosine", minimum=0)
    smoothing: float = option(0.1, "part of the target that is spread over all classes", minimum=0, maximum=0.99)
    instances: int = option(4, "of a bag: parts of the clip, of as many frames each", minimum=2)


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the network."""
    return [
        MethodSpec(
            name="m3dfel",
            version="1",
            build="harness_plugins.methods.m3dfel.model:M3dfel",
            options=Options,
            input=FrameInput(
                frames=16,
                size=112,
                sampling="stride-offset",
                normalisation="none",
                augmentation=("random-resized-crop", "flip", "colour-jitter"),
                colour_jitter=(0.4, 0.4, 0.4, 0.4),
                views=0,
            ),
            backbone="none",
            summary="3D ResNet-18 on four parts of a clip, weighed by what they have in common.",
            paper="Wang et al., Rethinking the Learning Paradigm for Dynamic Facial Expression Recognition, CVPR 2023",
            published="M3DFEL",
            family="3D network",
            architecture="3D ResNet-18 + LSTM",
            pretraining="none",
            venue="CVPR 2023",
            year=2023,
            code="https://github.com/Tencent/TFace/tree/master/attribute/M3DFEL",
            exactness="exact",
            public_keys=KEYS,
            starts_from={"pretrained-112": "torchvision's r3d_18-b3b3357e.pth (Kinetics-400)"},
            in_demo=False,
            recipes={
                "scratch-112": SCRATCH,
                "equal-macs": at_equal_cost(43.191, SCRATCH),
                "pretrained-112": pretrained_112("kinetics", SCRATCH),
                "faithful": {},
            },
            demo={
                **DEMO_48,
                "width": 0.125,
                "learning_rate": 1e-3,
                "warmup_epochs": 2,
                "input.frames": 8,
                "input.size": 40,
                "step_epochs": 0,
            },
            small={
                "width": 0.125,
                "epochs": 1,
                "batch_size": 4,
                "warmup_epochs": 0,
                "input.size": 32,
            },
        )
    ]
