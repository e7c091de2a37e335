"""DFEW: 11,697 single-labelled clips of films, 7 classes, 5 official folds."""

from __future__ import annotations

from collections.abc import Iterable

from harness import ClassLabel, DatasetSpec, hookimpl
from harness.data import Crops, Layouts, Numbered, five_folds

CLASSES = (  # the csv writes the number; the words are those of the release notes
    ClassLabel("happiness", "happy", 1),
    ClassLabel("sadness", "sad", 2),
    ClassLabel("neutral", "neutral", 3),
    ClassLabel("anger", "angry", 4),
    ClassLabel("surprise", "surprise", 5),
    ClassLabel("disgust", "disgust", 6),
    ClassLabel("fear", "fear", 7),
)
FOLDS = ("1", "2", "3", "4", "5")

COUNTS = {  # clips per class, (train, test)
    "1": ((1956, 1515, 2135, 1738, 1175, 116, 721), (489, 379, 534, 435, 294, 29, 181)),
    "2": ((1956, 1515, 2135, 1738, 1175, 116, 721), (489, 379, 534, 435, 294, 29, 181)),
    "3": ((1956, 1515, 2135, 1738, 1175, 116, 722), (489, 379, 534, 435, 294, 29, 180)),
    "4": ((1956, 1515, 2135, 1739, 1175, 116, 722), (489, 379, 534, 434, 294, 29, 180)),
    "5": ((1956, 1516, 2136, 1739, 1176, 116, 722), (489, 378, 533, 434, 293, 29, 180)),
}

# SHA-256 of the sorted lines "id label" of (train, test)
SPLIT_SHA256 = {
    "1": (
        "365369d3fc31e2f4dc95a64c2f064464d625aba5062986f7c5db2a023c3256e4",
        "98c03d08c0840aad0d45f6bb1b73eb5d8f6e37d7ecdb351856a84dd0a7958b14",
    ),
    "2": (
        "4054dfaed07f5b93e5197c7f83ffeb144357ae9748824b6792286ac52b89d566",
        "b6e4e6310e90b2fa8aaaa908c2bc19a2c0acbfba54fdd233e5f592cf5a482e84",
    ),
    "3": (
        "a035ef1da9a1142b4ffa0344e07a5a89409988cf62b831f2604ce545f7cc0efb",
        "d99d59e805f1b35981845f0477e60ba3eeb0deefb252ad100c7874be2dd8bcff",
    ),
    "4": (
        "12a2237595c2e5c0a8d40f58756450ccd3c8d293b1ba8942dde53126906ef808",
        "c632703fd6dbe6b6dfd287b7c6a2857bde146ecccebd41862c121e394cac0965",
    ),
    "5": (
        "714726a376492f4eada15fe15c01aa02e8febf642c7fa67cef3a222672fd6c58",
        "af12d9873d8458516fa05ba14c5b777d35f746b2e4a4ddf9c844b78662134ae8",
    ),
}


# Groups stay empty: the release does not say which clips share a film.
LAYOUTS = Layouts(
    name="dfew",
    title="DFEW",
    classes=CLASSES,
    folds=FOLDS,
    counts=COUNTS,
    sha256=SPLIT_SHA256,
    ids=Numbered(digits=5),
    crops=(
        Crops("Clip/clip_224x224", ("clip_224x224",)),
        Crops("DFEW_Frame_Face", ("DFEW_Frame_Face", "DFEW_Face")),
        Crops("Clip/jpg_256", ("jpg_256",)),
        Crops("data_affine", ("data_affine/single_label/data",)),
        Crops("Clip/clip_224x224_avi", ("clip_224x224_avi",)),
        Crops("Clip/clip_224x224_16f", ("clip_224x224_16f", "clip_224x16f"), "clips interpolated to 16 frames"),
        Crops("Clip/original", ("original",), "whole frames; crop the faces with `harness data prepare`"),
    ),
    lists="EmoLabel_DataSplit/{part}(single-labeled)/set_{fold}.csv",
    rule=five_folds,
)


@hookimpl
def register_datasets() -> Iterable[DatasetSpec]:
    """Offer the dataset."""
    return [
        LAYOUTS.spec(
            version="1",
            folder="DFEW",
            overlaps=("MAFW holds 1,097 videos of DFEW: to train on one and test on the other leaks",),
            temporal_pairs=(("sadness", "anger"),),
            write_demo="harness_plugins.datasets.dfew.replica:write",
            paper="Jiang et al., DFEW: A Large-Scale Database for Recognizing Dynamic Facial Expressions "
            "in the Wild, ACM MM 2020",
        )
    ]
