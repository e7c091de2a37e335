"""FERV39k: 38,935 clips of 22 scenes, 7 classes, one official split."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness import ClassLabel, DatasetSpec, Fold, Sample, hookimpl
from harness.annotations import (
    Row,
    below,
    build_fold,
    class_by_word,
    find_file,
    find_folder,
    numeric_id,
    read_rows,
    require_fold,
)

CLASSES = (
    ClassLabel("happiness", "Happy"),
    ClassLabel("sadness", "Sad"),
    ClassLabel("neutral", "Neutral"),
    ClassLabel("anger", "Angry"),
    ClassLabel("surprise", "Surprise"),
    ClassLabel("disgust", "Disgust"),
    ClassLabel("fear", "Fear"),
)
FOLDS = ("1",)
CROPS = ("2_ClipsforFaceCrop",)  # the first one found is read
SPLITS = ("4_setups/All_scenes/{part}_All.csv",)

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


def layout(root: Path) -> str:
    """Return the folder of face crops below the root. Raises: BadData if there is none."""
    return find_folder(root, CROPS, "face crops of FERV39k")


def load(root: Path, fold: str) -> Fold:
    """Return the official split; an id is the clip's folder, "Scene/Emotion/0015".

    Groups stay empty. The scene is no group: it is a genre, and as all 22 are in both parts, a leak check
    would always fire and a hold-out of whole groups would take whole scenes. The films are not known.
    """
    require_fold(fold, FOLDS, "FERV39k")
    crops = root / layout(root)

    def sample(row: Row) -> Sample:
        clip = _clip(row, row.fields[0])
        label = class_by_word(row, row.fields[1], CLASSES)
        if clip.split("/")[1] != CLASSES[label].word:
            raise row.error(f"clip {clip!r} lies in another folder than its label {CLASSES[label].word!r}")
        return Sample(clip, below(row, crops, clip), label)

    return build_fold(_rows(root, "train"), _rows(root, "test"), sample)


def _clip(row: Row, value: str) -> str:
    match value.split("/"):
        case [scene, emotion, number]:
            return f"{scene}/{emotion}/{numeric_id(row, number, digits=4)}"
    raise row.error(f"clip id {value!r} is not of the form 'Scene/Emotion/0015'")


def _rows(root: Path, part: str) -> list[Row]:
    candidates = [path.format(part=part) for path in SPLITS]
    file = root / find_file(root, candidates, f"FERV39k {part} list")
    return read_rows(file, ("clip", "label"))  # no header, and spaces despite the name


@hookimpl
def register_datasets() -> Iterable[DatasetSpec]:
    """Offer the dataset."""
    return [
        DatasetSpec(
            name="ferv39k",
            version="1",
            title="FERV39k",
            folder="FERV39k",
            classes=CLASSES,
            folds=FOLDS,
            load=load,
            layout=layout,
            counts=COUNTS,
            split_sha256=SPLIT_SHA256,
            temporal_pairs=(("sadness", "anger"),),
            write_demo="harness_plugins.datasets.ferv39k.replica:write",
            paper="Wang et al., FERV39k: A Large-Scale Multi-Scene Dataset for Facial Expression Recognition "
            "in Videos, CVPR 2022",
        )
    ]
