"""Follow faces from frame to frame, and choose the one that a clip is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from harness.data.prepare.faces import Face

Pick = Literal["tracked", "largest"]
OVERLAP = 0.3  # intersection over union that makes two boxes one face
GAP = 25  # frames for which a face may be lost, about a second

Track = dict[int, Face]  # frame -> face


def choose(frames: Sequence[Sequence[Face]], pick: Pick) -> dict[int, Face]:
    """Return the face of each frame that has one.

    `tracked`: the one face that covers most of the clip, by the sum of its boxes' areas; frames in which it is not
    found have none, whoever else they show. `largest`: the largest of each frame.
    """
    if pick == "largest":
        return {number: max(faces, key=lambda face: face.area) for number, faces in enumerate(frames) if faces}
    tracks = follow(frames)
    return max(tracks, key=lambda track: sum(face.area for face in track.values())) if tracks else {}


def follow(frames: Sequence[Sequence[Face]]) -> list[Track]:
    """Return tracks of faces, each frame's faces being dealt to the tracks by overlap, the largest overlap first."""
    tracks: list[Track] = []
    for number, faces in enumerate(frames):
        recent = [track for track in tracks if number - max(track) <= GAP]
        pairs = [
            (track[max(track)].overlap(face), i, j) for i, track in enumerate(recent) for j, face in enumerate(faces)
        ]
        taken: set[int] = set()
        for overlap, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
            if overlap >= OVERLAP and number not in recent[i] and j not in taken:
                recent[i][number] = faces[j]
                taken.add(j)
        tracks += [{number: face} for j, face in enumerate(faces) if j not in taken]
    return tracks
