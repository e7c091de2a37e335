"""3D ResNet-18 under both of its names, and EC-STFL, which is a loss on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost, pretrained_112

BUILD = "harness_plugins.methods.r3d18.model:R3d18"

# Public files of `arch=hara` have the names of 2-D ResNets, those of `arch=torchvision` torchvision's.
KEYS = PublicKeys(
    renames=(
        (r"conv1\.(.+)", r"trunk.stem.0.\1"),
        (r"bn1\.(.+)", r"trunk.stem.1.\1"),
        (r"(layer\d\.\d)\.conv([12])\.weight", r"trunk.\1.conv\2.0.weight"),
        (r"(layer\d\.\d)\.bn([12])\.(.+)", r"trunk.\1.conv\2.1.\3"),
        (r"((stem|layer\d)\..+)", r"trunk.\1"),
    ),
    head=("fc",),
)

INPUT = FrameInput(
    frames=16,
    duration=2,
    size=112,
    sampling="tsn-legacy",
    padding="first",
    normalisation="none",
    augmentation=("random-resized-crop", "flip"),
    views=0,
)
DEMO = {
    **DEMO_48,
    "width": 0.25,
    "epochs": 14,
    "step_epochs": 10,
    "input.frames": 6,
    "input.size": 40,
    "learning_rate": 0.01,
}
SMALL = {"width": 0.125, "epochs": 1, "input.size": 48}
DFEW_REPOSITORY = {
    "arch": "torchvision",
    "epochs": 200,
    "batch_size": 128,
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "step_epochs": 0,
    "input.sampling": "sorted-random",
    "input.duration": 1,
    "input.padding": "repeat",
    "input.augmentation": [],
}
KINETICS = {**pretrained_112("kinetics"), "arch": "torchvision"}
EC_STFL_REPOSITORY = {
    "arch": "torchvision",
    "loss": "ec-stfl-repository",
    "epochs": 200,
    "batch_size": 32,
    "step_epochs": 50,
    "input.sampling": "tsn-legacy",
    "input.duration": 2,
    "input.padding": "first",
    "input.augmentation": ["random-resized-crop", "flip"],
}
RECIPES = {
    "scratch-112": SCRATCH_112,
    "equal-macs": at_equal_cost(8.3078),
    "pretrained-112": KINETICS,
}

OF_TORCHVISION = {"pretrained-112": "torchvision's r3d_18-b3b3357e.pth (Kinetics-400)"}


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `r3d18`; the defaults are the recipe by which the Former-DFER paper ran it."""

    arch: Literal["hara", "torchvision"] = option(
        "hara", "a stem that halves time, too, as of Hara et al.; or torchvision's r3d_18, as of Tran et al."
    )


@dataclass(frozen=True)
class ClusteredOptions(Options):
    """Options of `ec-stfl`: its loss on the same network, trained as its paper says."""

    batch_size: int = option(24, "clips a step", minimum=1)
    loss: Literal["cross-entropy", "ec-stfl", "ec-stfl-repository"] = option(
        "ec-stfl", "the clustering loss as the paper or as the public code has it"
    )


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the network by itself and with EC-STFL."""
    return [network(), clustered()]


def network() -> MethodSpec:
    """Return the network with cross-entropy."""
    return MethodSpec(
        name="r3d18",
        version="1",
        build=BUILD,
        options=Options,
        input=INPUT,
        backbone="none",
        summary="3D ResNet-18: residual blocks of 3x3x3 convolutions.",
        paper="Hara et al., Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and ImageNet?, CVPR 2018",
        published="3D ResNet18",
        family="3D network",
        architecture="3D ResNet-18",
        pretraining="none",
        venue="CVPR 2018",
        year=2018,
        code="https://github.com/kenshohara/3D-ResNets-PyTorch",
        exactness="exact",
        public_keys=KEYS,
        in_demo=False,
        recipes={**RECIPES, "faithful": DFEW_REPOSITORY},
        starts_from=OF_TORCHVISION,
        demo=DEMO,
        small=SMALL,
    )


def clustered() -> MethodSpec:
    """Return the row EC-STFL of Table 1: the network with its paper's loss."""
    return MethodSpec(
        name="ec-stfl",
        version="1",
        build=BUILD,
        options=ClusteredOptions,
        input=INPUT,
        backbone="none",
        summary="3D ResNet-18 with the expression-clustered loss of the DFEW paper.",
        paper="Jiang et al., DFEW: A Large-Scale Database for Recognizing Dynamic Facial Expressions, ACM MM 2020",
        published="EC-STFL",
        family="3D network",
        architecture="3D ResNet-18",
        pretraining="none",
        venue="ACM MM 2020",
        year=2020,
        code="https://github.com/CV-AC/ECSTFL",
        exactness="reading",
        public_keys=KEYS,
        in_demo=False,
        recipes={**RECIPES, "faithful": EC_STFL_REPOSITORY},
        starts_from=OF_TORCHVISION,
        demo=DEMO,
        small=SMALL,
    )
