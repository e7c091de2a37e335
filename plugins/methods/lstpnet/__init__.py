"""LSTPNet."""

from __future__ import annotations

from dataclasses import dataclass

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import SCRATCH_112, NetworkOptions, at_equal_cost

KEYS = PublicKeys(
    renames=(
        (r"s_former\.ir_back\.(.+\.)eca\.eca_conv_1\.0\.(.+)", r"trunk.\1gate.spread.\2"),
        (r"s_former\.ir_back\.(.+\.)eca\.action_p2_conv1\.(.+)", r"trunk.\1gate.time.\2"),
        (r"s_former\.ir_back\.(.+\.)eca\.eca_conv_2\.0\.(.+)", r"trunk.\1gate.gather.\2"),
        (r"s_former\.eca\.eca_conv_1\.0\.(.+)", r"trunk.gate.spread.\1"),
        (r"s_former\.eca\.action_p2_conv1\.(.+)", r"trunk.gate.time.\1"),
        (r"s_former\.eca\.eca_conv_2\.0\.(.+)", r"trunk.gate.gather.\1"),
        (r"s_former\.ir_back\.(.+)", r"trunk.\1"),
        (r"t_former\.spatial_transformer\.TC\.(.+)", r"former.conv.\1"),
        (r"t_former\.spatial_transformer\.norm\.(.+)", r"former.norm.\1"),
        (r"t_former\.spatial_transformer\.layers\.(\d)\.2\.(.+)", r"former.layers.\1.attention.\2"),
        (r"t_former\.spatial_transformer\.layers\.(\d)\.3\.fn\.norm\.(.+)", r"former.layers.\1.feed_forward.before.\2"),
        (r"t_former\.spatial_transformer\.layers\.(\d)\.3\.fn\.fn\.(.+)", r"former.layers.\1.feed_forward.\2"),
        (r"fc\.(.+)", r"head.\1"),
    ),
    left_out=(r"t_former\.spatial_transformer\.layers\.\d\.[01]\..+",),  # the convolution and norm before, once more
    head=("head",),
)


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `lstpnet`. Its public code is of testing; the recipe is a reading."""

    epochs: int = option(60, "passes over the training clips", minimum=0)
    batch_size: int = option(16, "clips a step", minimum=1)
    step_epochs: int = option(0, "the rate falls to a tenth every so many epochs; 0 = by a cosine", minimum=0)
    smoothing: float = option(0.1, "part of the target that is spread over all classes", minimum=0, maximum=0.99)
    layers: int = option(2, "of the transformer", minimum=1)


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the network."""
    return [
        MethodSpec(
            name="lstpnet",
            version="1",
            build="harness_plugins.methods.lstpnet.model:LstpNet",
            options=Options,
            input=FrameInput(
                frames=16,
                duration=2,
                size=224,
                sampling="tsn-legacy",
                normalisation="none",
                augmentation=("flip",),
                views=0,
            ),
            summary="ResNet-18 gated over time, then a transformer with convolutions over time.",
            paper="Lu et al., Long Short-Term Perception Network for DFER, Image and Vision Computing 2024",
            published="LSTPNet",
            backbone="none",
            family="image network and time",
            architecture="ResNet-18 + Transformer",
            pretraining="none",
            venue="IVC 2024",
            year=2024,
            code="https://github.com/LLFabiann/LSTPNet",
            exactness="reading",
            public_keys=KEYS,
            demo={
                "width": 0.25,
                "epochs": 12,
                "input.frames": 4,
                "input.size": 40,
                "input.sampling": "segments",
                "input.duration": 1,
            },
            small={"width": 0.125, "epochs": 1, "input.size": 32},
            recipes={
                "scratch-112": {**SCRATCH_112, "smoothing": 0.0},
                "equal-macs": {**at_equal_cost(11.6564), "smoothing": 0.0},
            },
            in_demo=False,
        )
    ]
