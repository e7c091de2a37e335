"""Which files are videos, and how many frames they hold."""

from __future__ import annotations

import os
from pathlib import Path

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".ts"})


def is_video(name: str) -> bool:
    """Return whether a file name is that of a video, and no hidden file."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES  # noqa: PTH122 (as there)


def count_frames(path: Path) -> int:
    """Return frames of the first video stream, nothing decoded; 0 if there are none or the file cannot be read."""
    from harness.video.container import Unreadable, opened, stated_frames, timeline_of

    try:
        with opened(path) as stream:
            return stated_frames(stream) or timeline_of(stream).count
    except Unreadable:
        return 0
