"""Images beside the frames of clips: of a suffix that is not read, or a frame once more."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.core.dataset_spec import Problem, Sample
from harness.core.text import first_few
from harness.data.clip_index import DOUBLES, UNREAD, ClipInfo
from harness.video.files import UNREAD_IMAGES, unread_suffix

LOOKED_INTO = 20  # clips whose suffixes are looked up for a sentence
SHOWN = 4  # suffixes it names


def odd_frames(clips: Collection[Sample], infos: Mapping[Path, ClipInfo]) -> Iterator[Problem]:
    """Yield how many clips hold images that are not read, or frames under two suffixes."""
    if not any(info.oddities & (UNREAD | DOUBLES) for info in infos.values()):
        return
    unread = [clip for clip in clips if infos[clip.source].oddities & UNREAD and clip.frames]
    if unread:
        text = (
            f"{len(unread):,} clips hold images that are not read ({first_few(suffixes_in(unread), SHOWN)}) beside "
            f"their frames, e.g. {unread[0].id}; convert them to .jpg or .png, or remove them"
        )
        yield Problem("warning", "unread-frames", text)
    double = [clip for clip in clips if infos[clip.source].oddities & DOUBLES]
    if double:
        text = f"{len(double):,} clips hold frames under two suffixes, e.g. {double[0].id}; the JPEG of each is read"
        yield Problem("warning", "double-frames", text)


def suffixes_in(clips: Sequence[Sample]) -> list[str]:
    """Return the suffixes of images that are not read, of the first of some clips."""
    found: set[str] = set()
    for clip in clips[:LOOKED_INTO]:
        with suppress(OSError):
            found.update(map(unread_suffix, os.listdir(clip.source)))  # noqa: PTH208 (names are enough)
    return sorted(found & UNREAD_IMAGES)
