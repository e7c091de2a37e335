"""IAL: a loss that heeds the intensity of an expression, and the network with global attention over channels."""

from __future__ import annotations

from dataclasses import dataclass

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost

KEYS = PublicKeys(
    renames=(
        (r"s_former\.conv1\.(.+)", r"stem.convolutions.\1"),
        (r"s_former\.bn1\.(.+)", r"stem.norm.\1"),
        (r"s_former\.layer4\.(.+)", r"fusion.dynamic.\1"),
        (r"s_former\.patch_embedding\.(.+)", r"fusion.patches.\1"),
        (r"s_former\.pos_transformer\.(.+)", r"fusion.static.\1"),
        (r"s_former\.pos_embedding_pos", "fusion.positions"),
        (r"s_former\.temporal_transformer\.(.+)", r"transformer.\1"),
        (r"s_former\.pos_embedding", "positions"),
        (r"s_former\.layer1\.0\.(.+)", r"first.\1"),
        (r"s_former\.(layer[23])\.0\.AUX_fc\.(.+)", r"\1.auxiliary.\2"),
        (r"s_former\.(layer[23])\.0\.gc\.0\.(.+)", r"\1.whole_map.\2"),
        (r"s_former\.(layer[23])\.0\.fc1\.0\.(.+)", r"\1.squeeze.\2"),
        (r"s_former\.(layer[23])\.0\.fc2\.0\.(.+)", r"\1.excite.\2"),
        (r"s_former\.(layer[23])\.0\.(.+)", r"\1.\2"),
        (r"fc_f\.(.+)", r"head.\1"),
    ),
    left_out=(  # made and never used
        r"s_former\.bias",
        r"s_former\.layer[123]\.0\.(bias1|bias2|glb\.weight)",
        r"s_former\.layer1\.0\.(AUX_fc|gc|fc1|fc2)\..+",
    ),
    head=("head", "layer2.auxiliary.1", "layer3.auxiliary.1"),
)


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `ial`; the defaults are those of its public code, which would train for 1000 epochs."""

    epochs: int = option(100, "passes over the training clips; the rate is below 1e-6 after 70", minimum=0)
    batch_size: int = option(40, "clips a step", minimum=1)
    learning_rate: float = option(1e-3, "of the optimizer")
    weight_decay: float = option(0.1, "of all that moves")
    step_epochs: int = option(7, "epochs after which the rate falls; 0 = never", minimum=0)
    step_factor: float = option(0.5, "that it falls by", minimum=0, maximum=1)
    intensity_weight: float = option(0.1, "λ of the intensity-aware loss; a comment of the code says 0.5", minimum=0)
    auxiliary_weights: tuple[float, float] = option(
        (0.05, 0.0), "of the cross-entropy of the second and of the third stage"
    )
    attention: bool = option(True, "global attention over channels in the second and the third stage")


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the network with its loss."""
    return [
        MethodSpec(
            name="ial",
            version="1",
            build="harness_plugins.methods.ial.model:Ial",
            options=Options,
            input=FrameInput(
                frames=16,
                size=112,
                sampling="tsn-legacy",
                padding="first",
                normalisation="none",
                augmentation=("random-resized-crop", "flip", "colour-jitter", "rotation"),
                crop_scale=(0.85, 1.0),
                colour_jitter=(0.6, 0.0, 0.0, 0.0),
                rotation=4.0,
                views=0,
            ),
            backbone="none",
            summary="Channels weighed over the whole clip, frames and their changes, and a loss that heeds intensity.",
            paper="Li et al., Intensity-Aware Loss for Dynamic Facial Expression Recognition in the Wild, AAAI 2023",
            published="IAL",
            family="image network and time",
            architecture="ResNet + Transformer",
            pretraining="none",
            venue="AAAI 2023",
            year=2023,
            code="https://github.com/muse1998/IAL-for-Facial-Expression-Recognition",
            exactness="exact",
            public_keys=KEYS,
            in_demo=False,
            recipes={
                "scratch-112": {**SCRATCH_112, "step_factor": 0.1},
                "equal-macs": {**at_equal_cost(5.624), "step_factor": 0.1},
                "faithful": {},
            },
            demo={
                **DEMO_48,
                "width": 0.25,
                "learning_rate": 0.02,
                "weight_decay": 1e-4,
                "input.frames": 6,
            },
            small={
                "width": 0.125,
                "epochs": 1,
                "input.frames": 4,
                "input.size": 32,
            },
        )
    ]
