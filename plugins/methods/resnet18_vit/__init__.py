"""ResNet18-ViT: an image network on each frame, and a transformer over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost, pretrained_112

KEYS = PublicKeys(  # of torchvision's ResNet-18
    renames=((r"(conv1|bn1|layer[1-4])\.(.+)", r"trunk.\1.\2"),),
    left_out=(r"fc\..+",),
    head=("head",),
    behind=("time",),
)


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `resnet18-vit`, of which no source says more than its name."""

    depth: int = option(3, "layers of the transformer", minimum=0)
    positions: bool = option(True, "learned positions of the frames")
    read_out: Literal["class", "mean"] = option("class", "the class token, or the mean of the frames")
    start: Literal["unit", "small"] = option("unit", "positions and token from N(0, 1), or from N(0, 0.02²)")


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer Former-DFER without its spatial part."""
    return [
        MethodSpec(
            name="resnet18-vit",
            version="1",
            build="harness_plugins.methods.resnet18_vit.model:ResNetVit",
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
            summary="ResNet-18 on each frame and a transformer with a class token over them.",
            paper="a baseline of the DFER-CLIP paper, which does not describe it",
            published="ResNet18-ViT",
            family="image network and time",
            architecture="ResNet-18 + Transformer",
            pretraining="none",
            exactness="reading",
            in_demo=False,
            public_keys=KEYS,
            starts_from={"pretrained-112": "torchvision's resnet18-f37072fd.pth (ImageNet)"},
            recipes={
                "scratch-112": SCRATCH_112,
                "equal-macs": at_equal_cost(7.8654),
                "pretrained-112": pretrained_112("imagenet"),
            },
            demo={
                **DEMO_48,
                "width": 0.25,
                "learning_rate": 0.02,
            },
            small={
                "width": 0.125,
                "epochs": 1,
                "input.frames": 4,
                "input.size": 32,
            },
        )
    ]
