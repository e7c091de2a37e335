"""A synthetic replica of MAFW in its official layout: PNG frames, and five pairs of text files."""

from __future__ import annotations

from harness.demo import FiveFoldReplica

# Single-labelled clips of the official release.
OFFICIAL = {
    "happiness": 1242,
    "sadness": 1470,
    "neutral": 1138,
    "anger": 1390,
    "surprise": 1072,
    "disgust": 639,
    "fear": 625,
    "contempt": 236,
    "anxiety": 916,
    "helplessness": 262,
    "disappointment": 182,
}

REPLICA = FiveFoldReplica(
    name="MAFW",
    official=OFFICIAL,
    clips=540,
    at_least=15,
    folder="data/frames/{key}",
    file="{frame}.png",
    lists="Train & Test Set/single/no_caption/set_{fold}/{part}.txt",
    line=lambda number, label: f"{number:05d}.mp4 {label}",  # no line break at the end, as in the official files
)
write = REPLICA.write
