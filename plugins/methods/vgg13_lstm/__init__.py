"""VGG13-LSTM: VGG up to its second fully connected layer on each frame, and an LSTM over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import SCRATCH_112, NetworkOptions, at_equal_cost


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


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer VGG13 and, as a recipe, VGG11."""
    return [
        MethodSpec(
            name="vgg13-lstm",
            version="1",
            build="harness_plugins.methods.vgg13_lstm.model:VggLstm",
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
            summary="VGG13 up to its second fully connected layer on each frame, and an LSTM over them.",
            paper="a baseline of the FERV39k paper",
            published="VGG13-LSTM",
            family="image network and time",
            architecture="VGG13 + LSTM",
            pretraining="none",
            exactness="reading",
            in_demo=False,
            recipes={
                "vgg11": {"trunk": "vgg11", "features": 512, "hidden": 128},
                "scratch-112": SCRATCH_112,
                "equal-macs": at_equal_cost(46.7232),
            },
            demo={
                "width": 0.125,
                "epochs": 20,
                "batch_size": 16,
                "step_epochs": 12,
                "input.frames": 8,
                "input.size": 64,
                "input.augmentation": ["flip"],
            },
            small={
                "width": 0.03125,
                "epochs": 1,
                "input.frames": 4,
                "input.size": 32,
            },
        )
    ]
