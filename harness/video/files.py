"""Which files are videos, and how many frames they hold."""

from __future__ import annotations

import os
from pathlib import Path

UNREAD_IMAGES = frozenset(
    {
        *(".bmp", ".webp", ".gif", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".jfif", ".jpe", ".jxl"),
        *(".ppm", ".pgm", ".tga", ".dng", ".npy"),
    }
)
UNREAD_VIDEOS = frozenset(
    {
        *(".gif", ".3gp", ".3g2", ".ogv", ".vob", ".mts", ".m2ts", ".asf", ".rm", ".rmvb", ".divx", ".f4v", ".mxf"),
        *(".qt", ".y4m", ".h264", ".264", ".h265", ".265", ".hevc", ".mjpeg", ".mjpg", ".m2v", ".npy", ".npz"),
        *(".pkl", ".pt", ".h5", ".hdf5", ".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"),
    }
)
UNREAD = UNREAD_IMAGES | UNREAD_VIDEOS
TOOL_FOLDERS = frozenset(
    {
        *("@eadir", "@recycle", "#recycle", "#snapshot", "__macosx", "__pycache__", "lost+found", "$recycle.bin"),
        *("system volume information", "ipynb_checkpoints", "cvs"),
    }
)
VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".ts"})


def is_video(name: str) -> bool:
    """Return whether a file name is that of a video, and no hidden file."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES  # noqa: PTH122 (as there)


def unread_suffix(name: str) -> str:
    """Return the suffix of a file that shows something and is not read, such as ".gif"; nothing for any other."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 (of a million)
    return suffix if suffix in UNREAD and not name.startswith(".") else ""


def is_tool_folder(name: str) -> bool:
    """Return whether a folder is one that systems and tools leave behind, or a hidden one: it holds no clips."""
    return name.startswith((".", "__MACOSX")) or name.lower() in TOOL_FOLDERS


def count_frames(path: Path) -> int:
    """Return frames of the first video stream, nothing decoded; 0 if there are none or the file cannot be read."""
    from harness.video.container import Unreadable, opened, stated_frames, timeline_of

    try:
        with opened(path) as stream:
            return stated_frames(stream) or timeline_of(stream).count
    except Unreadable:
        return 0
