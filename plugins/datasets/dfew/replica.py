"""A synthetic replica of DFEW in its official layout: face frames, and five pairs of csv files."""

from __future__ import annotations

from harness.demo import FiveFoldReplica

# Single-labelled clips of the official release, in the order of its label numbers (from 1).
OFFICIAL = {
    "happiness": 2445,
    "sadness": 1894,
    "neutral": 2669,
    "anger": 2173,
    "surprise": 1469,
    "disgust": 145,
    "fear": 902,
}
NUMBERS = {label: number for number, label in enumerate(OFFICIAL, 1)}

REPLICA = FiveFoldReplica(
    name="DFEW",
    official=OFFICIAL,
    clips=500,
    at_least=15,
    folder="Clip/clip_224x224/{key}",
    file="{key}_{frame}.jpg",
    lists="EmoLabel_DataSplit/{part}(single-labeled)/set_{fold}.csv",
    line=lambda number, label: f"{number},{NUMBERS[label]}",
    head="video_name,label\n",
    end="\n",
)
write = REPLICA.write
