"""Find the clips below a folder: video files, and folders of images."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from harness.core.dataset_spec import Sample
from harness.core.digest import digest
from harness.core.errors import HarnessError
from harness.core.text import natural_key
from harness.data.clip_content import content_digest, list_frames
from harness.video.decode import frame_files, is_frame, read_frames
from harness.video.files import is_video
from harness.video.source import all_frames


@dataclass(frozen=True)
class RawClip:
    """One clip to be prepared. Its id is its place below the source folder, without the suffix of a video."""

    id: str
    path: Path

    def frames(self) -> Iterator[np.ndarray]:
        """Yield every frame in order, (H, W, 3) uint8, upright. Raises: BadSample naming what cannot be decoded."""
        sample = Sample(self.id, self.path, 0)
        if self.path.is_dir():
            yield from (read_frames(sample, [file])[0] for file in frame_files(sample))
        else:
            yield from all_frames(sample)

    @property
    def state(self) -> str:
        """Changes when the clip does: a hash of size and time of a video, or of names, sizes and times of images."""
        files = frame_files(Sample(self.id, self.path, 0)) if self.path.is_dir() else [self.path]
        stats = [(file.name, file.stat()) for file in files]
        return digest([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])

    @property
    def contents(self) -> str:
        """Hash of names and contents of the clip's files."""
        if self.path.is_dir():
            return content_digest(self.path, list_frames(self.path).sizes)[0]
        return content_digest(self.path.parent, [(self.path.name, self.path.stat().st_size)])[0]


def find_clips(source: Path) -> list[RawClip]:
    """Return all clips below a folder, or the one that a file is; links are followed, each folder once.

    Raises:
        HarnessError: nothing there.
    """
    if source.is_file() and is_video(source.name):
        return [RawClip(source.stem, source)]
    if not source.is_dir():
        raise HarnessError(f"{source}: no such folder or video")
    paths = sorted(_below(source), key=lambda path: natural_key(path.as_posix()))
    if not paths:
        raise HarnessError(f"{source}: no video and no folder of images below it")
    names = [_name(path, source) for path in paths]
    taken = Counter(_plain(name) for name in names)  # a.mp4 beside a.avi, or beside a folder a
    ids = [_plain(name) if taken[_plain(name)] == 1 else name for name in names]
    return [RawClip(clip, path) for clip, path in zip(ids, paths, strict=True)]


def _below(source: Path) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(
        source,
        followlinks=True,
        onerror=_refuse,
    ):
        status = Path(place).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(place)
        yield from (here / name for name in files if is_video(name))
        if any(is_frame(name) for name in files):
            yield here


def _refuse(error: OSError) -> None:
    raise HarnessError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _name(path: Path, source: Path) -> str:
    return source.name if path == source else path.relative_to(source).as_posix()


def _plain(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")) if is_video(PurePosixPath(name).name) else name
