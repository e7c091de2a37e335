"""ResNet18-LSTM: an image network on each frame, and a recurrent one over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost, pretrained_112

KEYS = PublicKeys(  # of the DFEW authors' network, trunk=dfew-repo, and of torchvision's ResNets
    renames=(
        (r"(conv1|bn1|layer[1-4])\.(.+)", r"trunk.\1.\2"),
        (r"LSTM\.(.+)", r"time.cells.\1"),
        (r"output\.(.+)", r"head.\1"),
    ),
    left_out=(r"fc\..+",),
    head=("head",),
    behind=("time",),
)
DFEW_REPO: dict[str, Any] = {
    "trunk": "dfew-repo",
    "hidden": 256,
    "layers": 3,
    "read_out": "all",
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


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `resnet18-lstm`; the defaults are those that the Former-DFER paper's costs allow."""

    trunk: Literal["resnet18", "resnet34", "dfew-repo"] = option(
        "resnet18", "of each frame; dfew-repo: the bottleneck network that the DFEW authors call so"
    )
    cell: Literal["lstm", "gru"] = option("lstm", "of the recurrent network")
    hidden: int = option(128, "width of the recurrent network; 512 is the reading called wide", minimum=1)
    layers: int = option(1, "of the recurrent network", minimum=1)
    read_out: Literal["last", "mean", "all"] = option("last", "last state, mean of the states, or all side by side")


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer it with 128 hidden units."""
    return [
        MethodSpec(
            name="resnet18-lstm",
            version="1",
            build="harness_plugins.methods.resnet18_lstm.model:ResNetLstm",
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
            summary="ResNet-18 on each frame and an LSTM over them.",
            paper="a baseline of the DFEW, FERV39k, MAFW and Former-DFER papers",
            published="ResNet18-LSTM",
            family="image network and time",
            architecture="ResNet-18 + LSTM",
            pretraining="none",
            exactness="reading",
            public_keys=KEYS,
            starts_from={"pretrained-112": "torchvision's resnet18-f37072fd.pth (ImageNet)"},
            in_demo=False,
            recipes={
                "wide": {"hidden": 512},
                "dfew-repo": DFEW_REPO,
                "scratch-112": SCRATCH_112,
                "equal-macs": at_equal_cost(7.7628),
                "pretrained-112": pretrained_112("imagenet"),
                "faithful": DFEW_REPO,
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
