"""NR-DFERNet: a class token made of the clip, and a filter that takes back a neutral verdict."""

from __future__ import annotations

from dataclasses import dataclass

from harness import FrameInput, MethodSpec, PublicKeys, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost

KEYS = PublicKeys(
    renames=(
        (r"s_former\.conv1\.(.+)", r"stem.convolutions.\1"),
        (r"s_former\.bn1\.(.+)", r"stem.norm.\1"),
        (r"s_former\.layer([123])\.0\.(.+)", r"blocks.\1.\2"),
        (r"s_former\.d_branch\.(.+)", r"fusion.dynamic.\1"),
        (r"s_former\.patch_embedding\.(.+)", r"fusion.patches.\1"),
        (r"s_former\.s_branch\.(.+)", r"fusion.static.\1"),
        (r"s_former\.pos_embedding_static", "fusion.positions"),
        (r"s_former\.temporal_transformer\.(.+)", r"transformer.\1"),
        (r"s_former\.temporal_pos_embedding", "positions"),
        (r"fc\.(.+)", r"head.\1"),
    ),
    left_out=(r"s_former\.cls_token", r"s_former\.(layer[123]|d_branch)\.\d\.attn\..+"),  # made and never used
    head=("head",),
)


@dataclass(frozen=True)
class Options(NetworkOptions):
    """Options of `nr-dfernet`; the defaults are those of the code that is taken for its own."""

    epochs: int = option(70, "passes over the training clips; the rate is below 1e-6 after them", minimum=0)
    learning_rate: float = option(1e-3, "of the optimizer")
    weight_decay: float = option(0.1, "of all that moves")
    step_epochs: int = option(7, "epochs after which the rate falls; 0 = never", minimum=0)
    step_factor: float = option(0.5, "that it falls by", minimum=0, maximum=1)
    snippet_filter: bool = option(True, "in testing, take back neutral where a snippet speaks against it")
    least_neutral: float = option(0.03, "a snippet speaks against it with at most so much", minimum=0, maximum=1)
    most_certain: float = option(0.75, "and with more than so much for a class", minimum=0, maximum=1)


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer the network with its filter."""
    return [
        MethodSpec(
            name="nr-dfernet",
            version="1",
            build="harness_plugins.methods.nr_dfernet.model:NrDferNet",
            options=Options,
            input=FrameInput(
                frames=16,
                duration=2,
                size=112,
                sampling="tsn-legacy",
                padding="first",
                normalisation="none",
                augmentation=("random-resized-crop", "flip", "colour-jitter", "rotation"),
                colour_jitter=(0.6, 0.0, 0.0, 0.0),
                rotation=4.0,
                views=0,
            ),
            backbone="none",
            summary="Frames and their changes, a class token made of the clip, and a filter of neutral verdicts.",
            paper="Li et al., NR-DFERNet: Noise-Robust Network for Dynamic Facial Expression Recognition, 2022",
            published="NR-DFERNet",
            family="image network and time",
            architecture="ResNet + Transformer",
            pretraining="none",
            venue="arXiv 2022",
            year=2022,
            code="https://github.com/muse1998/AI-DFERNet",
            exactness="exact",
            public_keys=KEYS,
            in_demo=False,
            recipes={
                "scratch-112": {**SCRATCH_112, "step_factor": 0.1},
                "equal-macs": {**at_equal_cost(5.9884), "step_factor": 0.1},
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
