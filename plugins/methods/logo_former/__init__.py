"""LOGO-Former, and STT by the same authors: two transformers over the places of all frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness import FrameInput, MethodSpec, hookimpl, option
from harness.models import DEMO_48, SCRATCH_112, NetworkOptions, at_equal_cost

SEEN = FrameInput(
    frames=16,
    duration=2,
    size=112,
    sampling="tsn-legacy",
    normalisation="none",
    padding="last",
    views=0,
)
COMPACT = "clips of a label pairwise; each to the mean of its label; the port's loss in place of all; or nothing"


@dataclass(frozen=True)
class CompactOptions(NetworkOptions):
    """Options of both."""

    depth: int = option(4, "layers of the transformer", minimum=1)
    dropout: float = option(0.2, "in attention and behind each part of a layer", minimum=0, maximum=1)
    compact: Literal["pairs", "classes", "asl", "none"] = option("pairs", COMPACT)
    compact_weight: float = option(0.1, "of the compact loss", minimum=0)


@dataclass(frozen=True)
class LogoOptions(CompactOptions):
    """Options of `logo-former`."""

    window_frames: int = option(8, "frames of a window of local attention; it spans all places", minimum=1)
    pooling: Literal["frames", "window"] = option(
        "frames", "what is one token of global attention: a place of two frames, or all places of two"
    )


@dataclass(frozen=True)
class SttOptions(CompactOptions):
    """Options of `stt`."""

    compact: Literal["pairs", "classes", "asl", "none"] = option("classes", COMPACT)
    attention: Literal["space-time", "time-space", "sum"] = option(
        "space-time", "which of the two comes first in a layer, or both from the same input"
    )


DEMO: Mapping[str, Any] = {
    **DEMO_48,
    "width": 0.25,
    "epochs": 8,
    "step_epochs": 6,
    "input.frames": 8,
    "input.size": 40,
    "learning_rate": 0.02,
}
SMALL: Mapping[str, Any] = {"width": 0.125, "input.size": 32, "epochs": 1}
SHARED: Mapping[str, Any] = {
    "version": "1",
    "input": SEEN,
    "backbone": "none",
    "family": "image network and time",
    "architecture": "ResNet-18 + Transformer",
    "pretraining": "none",
    "exactness": "reading",
    "demo": DEMO,
    "small": SMALL,
    "in_demo": False,
}


@hookimpl
def register_methods() -> list[MethodSpec]:
    """Offer both."""
    return [
        MethodSpec(
            name="logo-former",
            build="harness_plugins.methods.logo_former.logo:LogoFormer",
            options=LogoOptions,
            summary="Attention within windows of places, then to features of all windows.",
            paper="Ma et al., Logo-Former: Local-Global Spatio-Temporal Transformer for DFER, ICASSP 2023",
            published="LOGO-Former",
            venue="ICASSP 2023",
            year=2023,
            recipes={"scratch-112": SCRATCH_112, "equal-macs": at_equal_cost(20.5633)},
            **SHARED,
        ),
        MethodSpec(
            name="stt",
            build="harness_plugins.methods.logo_former.stt:Stt",
            options=SttOptions,
            summary="Attention over the places of a frame, then over the frames of a place.",
            paper="Ma et al., Spatio-Temporal Transformer for Dynamic Facial Expression Recognition in the Wild, 2022",
            published="STT",
            venue="arXiv 2022",
            year=2022,
            recipes={"scratch-112": SCRATCH_112, "equal-macs": at_equal_cost(19.2251)},
            **SHARED,
        ),
    ]
