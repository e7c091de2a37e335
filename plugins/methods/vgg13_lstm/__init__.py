"""VGG13-LSTM, and Freq-HD: the same network on the frames in which the face moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost, pretrained_112


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `vgg13-lstm`; the defaults are those that the FERV39k paper's counts of parameters allow."""

    trunk: Literal["vgg11", "vgg13"] = option("vgg13", "VGG of each frame")
    batch_norm: bool = option(False, "batch norm behind each convolution")
    features: int = option(4096, "width of the second fully connected layer: 512 of the DFEW paper's VGG11", minimum=1)
    cell: Literal["lstm", "gru"] = option("lstm", "of the recurrent network")
    hidden: int = option(256, "width of the recurrent network; 128 of VGG11", minimum=1)
    dropout: float = option(0.5, "behind both fully connected layers", minimum=0, maximum=1)
    clip_norm: float = option(1.0, "largest norm of the gradient; 0 = off", minimum=0)


SEEN = FrameInput(
    frames=16,
    duration=2,
    size=112,
    sampling="tsn-legacy",
    padding="first",
    normalisation="none",
    augmentation=("random-resized-crop", "flip"),
    views=0,
)
OF_MOTION = replace(SEEN, sampling="freq-hd", duration=1, padding="last")
VGG11: Mapping[str, Any] = {"trunk": "vgg11", "features": 512, "hidden": 128}
WITH_BATCH_NORM: Mapping[str, Any] = {"batch_norm": True, "features": 512, "hidden": 512}
EQUAL_MACS = at_equal_cost(46.7232)
KEYS = PublicKeys(  # of torchvision's VGG, whose last layer is not built
    renames=((r"(features\.\d+|classifier\.[03])\.(.+)", r"trunk.\1.\2"),),
    left_out=(r"classifier\.6\..+",),
    head=("head",),
    behind=("time",),
)
OF_IMAGENET = pretrained_112("imagenet")
DEMO: Mapping[str, Any] = {
    **DEMO_48,
    "width": 0.125,
    "optimizer": "adam",  # with SGD the narrow network does not leave chance
    "learning_rate": 5e-4,
    "weight_decay": 0.0,
    "dropout": 0.0,
    "input.normalisation": "clip",  # around zero: of pixels in 0..1 hardly anything is left behind 13 layers
    "input.mean": [0.5, 0.5, 0.5],
    "input.std": [0.25, 0.25, 0.25],
}
SMALL: Mapping[str, Any] = {
    "width": 0.03125,
    "epochs": 1,
    "input.frames": 4,
    "input.size": 32,
}
SHARED: Mapping[str, Any] = {
    "version": "1",
    "build": "harness_plugins.methods.vgg13_lstm.model:VggLstm",
    "options": Options,
    "backbone": "none",
    "family": "image network and time",
    "architecture": "VGG13 + LSTM",
    "pretraining": "none",
    "exactness": "reading",
    "public_keys": KEYS,
    "starts_from": {"pretrained-112": "torchvision's vgg13-19584684.pth (ImageNet)"},
    "in_demo": False,
    "small": SMALL,
}


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer VGG13 on evenly spread frames, and on those that Freq-HD selects."""
    return [
        MethodSpec(
            name="vgg13-lstm",
            input=SEEN,
            summary="VGG13 up to its second fully connected layer on each frame, and an LSTM over them.",
            paper="a baseline of the FERV39k paper",
            published="VGG13-LSTM",
            recipes={
                "vgg11": VGG11,
                "scratch-112": SCRATCH_112,
                "equal-macs": EQUAL_MACS,
                "pretrained-112": OF_IMAGENET,
            },
            demo=DEMO,
            **SHARED,
        ),
        MethodSpec(
            name="freq-hd",
            input=OF_MOTION,
            summary="VGG13-LSTM on the 16 frames in which the face moves most.",
            paper="Tao et al., Freq-HD: An Interpretable Frequency-based High-Dynamics Affective Clip Selection, 2023",
            published="Freq-HD",
            venue="ACM MM 2023",
            year=2023,
            code="https://github.com/zeng-tao/FreqHD",
            recipes={
                "batch-norm": WITH_BATCH_NORM,
                "scratch-112": {**SCRATCH_112, "input.sampling": "freq-hd"},
                "equal-macs": {**EQUAL_MACS, "input.sampling": "freq-hd"},
                "pretrained-112": {**OF_IMAGENET, "input.sampling": "freq-hd"},
            },
            demo={**DEMO, "input.sampling": "freq-hd-2"},
            **SHARED,
        ),
    ]
