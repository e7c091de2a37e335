"""FERV39k: 38,935 clips of 22 scenes, 7 classes, one official split."""

from __future__ import annotations

from collections.abc import Iterable

from harness import ClassLabel, DatasetSpec, hookimpl
from harness.data import Crops, Layouts, Scenes, first_fifths

CLASSES = (
    ClassLabel("happiness", "Happy"),
    ClassLabel("sadness", "Sad"),
    ClassLabel("neutral", "Neutral"),
    ClassLabel("anger", "Angry"),
    ClassLabel("surprise", "Surprise"),
    ClassLabel("disgust", "Disgust"),
    ClassLabel("fear", "Fear"),
)
SCENES = (
    "Action", "Argue", "Business", "Conflict", "Contest", "Crime", "Crisis", "DailyLife", "ElegantArt", "Experiment",
    "History", "Interview", "Liveshow", "Medicine", "OfficialEvent", "ScholarReport", "School", "Social", "Speech",
    "Talkshow", "Terror", "War",
)  # fmt: skip
FOLDS = ("1",)

COUNTS = {  # clips per class, (train, test)
    "1": ((5854, 5523, 7790, 5906, 2502, 1833, 1680), (1473, 1393, 1958, 1487, 638, 467, 431)),
}

# SHA-256 of the sorted lines "id label" of (train, test)
SPLIT_SHA256 = {
    "1": (
        "5ca4ca39d5c9ee06f05d24e744837fac01cd4d9aea9c37cc7ca47de9bff020ee",
        "4e2ed0718a25bc2d0859f6e14ba2d3d61c5e4cd282f83c0c64128317d5d6bf66",
    ),
}


# Groups stay empty. The scene is no group: it is a genre, and as all 22 are in both parts, a leak check would always
# fire and a hold-out of whole groups would take whole scenes. The films are not known.
LAYOUTS = Layouts(
    name="ferv39k",
    title="FERV39k",
    classes=CLASSES,
    folds=FOLDS,
    counts=COUNTS,
    sha256=SPLIT_SHA256,
    ids=Scenes(SCENES, [c.word for c in CLASSES]),
    crops=(
        Crops("2_ClipsforFaceCrop", ("2_ClipsforFaceCrop", "2_ClipsforFaceCrop-002")),
        Crops("3_ClipsforScenImages", ("3_ClipsforScenImages",), "whole frames; the papers use 2_ClipsforFaceCrop"),
    ),
    lists="4_setups/All_scenes/{part}_All.csv",
    rule=first_fifths,
)


@hookimpl
def register_datasets() -> Iterable[DatasetSpec]:
    """Offer the dataset."""
    return [
        LAYOUTS.spec(
            version="1",
            folder="FERV39k",
            temporal_pairs=(("sadness", "anger"),),
            write_demo="harness_plugins.datasets.ferv39k.replica:write",
            paper="Wang et al., FERV39k: A Large-Scale Multi-Scene Dataset for Facial Expression Recognition "
            "in Videos, CVPR 2022",
        )
    ]
