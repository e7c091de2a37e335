"""MAFW: 9,172 single-labelled clips, 11 classes, 5 official folds."""

from __future__ import annotations

from collections.abc import Iterable

from harness import ClassLabel, DatasetSpec, hookimpl
from harness.data import Crops, Layouts, Numbered, five_folds

CLASSES = tuple(
    ClassLabel(word, word)
    for word in (
        "happiness",
        "sadness",
        "neutral",
        "anger",
        "surprise",
        "disgust",
        "fear",
        "contempt",
        "anxiety",
        "helplessness",
        "disappointment",
    )
)
FOLDS = ("1", "2", "3", "4", "5")

COUNTS = {  # clips per class, (train, test)
    "1": (
        (993, 1176, 910, 1112, 857, 511, 500, 188, 732, 209, 145),
        (249, 294, 228, 278, 215, 128, 125, 48, 184, 53, 37),
    ),
    "2": (
        (993, 1176, 910, 1112, 857, 511, 500, 189, 733, 209, 145),
        (249, 294, 228, 278, 215, 128, 125, 47, 183, 53, 37),
    ),
    "3": (
        (994, 1176, 910, 1112, 858, 511, 500, 189, 733, 210, 146),
        (248, 294, 228, 278, 214, 128, 125, 47, 183, 52, 36),
    ),
    "4": (
        (994, 1176, 911, 1112, 858, 511, 500, 189, 733, 210, 146),
        (248, 294, 227, 278, 214, 128, 125, 47, 183, 52, 36),
    ),
    "5": (
        (994, 1176, 911, 1112, 858, 512, 500, 189, 733, 210, 146),
        (248, 294, 227, 278, 214, 127, 125, 47, 183, 52, 36),
    ),
}

# SHA-256 of the sorted lines "id label" of (train, test)
SPLIT_SHA256 = {
    "1": (
        "189a5959ce1d96c5f2ddab26f148fe9e13121f9c431229663a338c1652f6c04b",
        "983d41472a33a69071cee9a478021f6c78bb1c12435e41eb60244b5ad7e69235",
    ),
    "2": (
        "aecf8e0b9f8524c9e00f4aeb0c9d6eb3db00e2a0038d57ceec67e5eea599c682",
        "c9a37e46f9f315646824c661dc64a1a100201cb92a0de423853f965ddaccb9b3",
    ),
    "3": (
        "46d0ab2b8e4ac66dffda605f76ecca229a37b966c82082150814552b272a6461",
        "4cea35f6e26e89279675b21c9782534f9303cc353fdd187608bc8c47eb1cb7ee",
    ),
    "4": (
        "9e9e8e28d6c48342df5ebea5df5bd3fa63b1458b380833b41842bd2736ff99de",
        "cc36946c52e114377688439f875b287232f5f5891a80ad3c6af73a0cc72ff885",
    ),
    "5": (
        "003ec99c9a3432d9b554e97392841648b613212b66e2bdf92809a78965d97644",
        "4ed6213b2bf32c838b66d1e2b4b4cea552d8b5ceaeb46b678a34423a5a8958a9",
    ),
}


# Groups stay empty: the release does not say which clips share a film.
LAYOUTS = Layouts(
    name="mafw",
    title="MAFW",
    classes=CLASSES,
    folds=FOLDS,
    counts=COUNTS,
    sha256=SPLIT_SHA256,
    ids=Numbered(digits=5),
    crops=(
        Crops("data/frames", ("frames",)),
        Crops("data/faces", ("faces",)),
        Crops("clips_faces", ("clips_faces",)),
        Crops("frames_crop_align_224", ("frames_crop_align_224",)),
        Crops("data/clips", ("clips",), "whole frames; crop the faces with `harness data prepare`"),
    ),
    lists="Train & Test Set/single/no_caption/set_{fold}/{part}.txt",
    rule=five_folds,
)


@hookimpl
def register_datasets() -> Iterable[DatasetSpec]:
    """Offer the dataset."""
    return [
        LAYOUTS.spec(
            version="1",
            folder="MAFW",
            overlaps=(
                "MAFW holds 1,097 videos of DFEW, 98 of AFEW and 850 of EmoVoxCeleb: to train on one and test on the "
                "other leaks",
            ),
            temporal_pairs=(("sadness", "anger"), ("surprise", "anxiety")),
            write_demo="harness_plugins.datasets.mafw.replica:write",
            paper="Liu et al., MAFW: A Large-scale, Multi-modal, Compound Affective Database for Dynamic "
            "Facial Expression Recognition in the Wild, ACM MM 2022",
        )
    ]
