"""What the id of a clip is, in a list and on disk: a number, or a path of scene, emotion and number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from harness.core.errors import suggestion
from harness.data.layouts.walk import Folder, is_number, join, numbered
from harness.video.decode import is_frame
from harness.video.files import is_video

Folders = Mapping[str, Folder]


class Ids(Protocol):
    """A scheme of clip ids."""

    def parse(self, text: str) -> str:
        """Return the id in a list's words, whatever path stands before it. Raises: ValueError with the reason."""

    def word(self, clip: str) -> str:
        """Return the label that the id itself tells, or nothing."""

    def trees(self, folders: Folders) -> Iterator[str]:
        """Return the relative paths of folders that hold clips."""

    def entries(
        self,
        folders: Folders,
        tree: str,
    ) -> dict[str, str]:
        """Return id -> relative path of every clip in such a folder."""


@dataclass(frozen=True)
class Numbered:
    """A number, padded to so many digits: "00025"."""

    digits: int

    def parse(self, text: str) -> str:
        """Return the id in "00025", "25", "00025.mp4" or "/somebody/else/faces/00025"."""
        return self._padded(_parts(text)[-1])

    def word(self, clip: str) -> str:
        """Return nothing: a number tells no label."""
        return ""

    def trees(self, folders: Folders) -> Iterator[str]:
        """Return folders with numbered folders or videos."""
        return (path for path, folder in folders.items() if any(numbered(folder)))

    def entries(
        self,
        folders: Folders,
        tree: str,
    ) -> dict[str, str]:
        """Return the clips of a folder; where there are several of a number, the exactly padded folder first."""
        names = [(self._padded(name), name) for name in numbered(folders[tree])]
        found = {clip: join(tree, name) for clip, name in reversed(names)}  # of several, the first
        return found | {clip: join(tree, name) for clip, name in reversed(names) if name.partition(".")[0] == clip}

    def _padded(self, name: str) -> str:
        if is_frame(name):
            raise ValueError(f"{name!r} is a frame; a list names clips, each once")
        stem = name.rpartition(".")[0] if is_video(name) else name
        if not is_number(stem):
            raise ValueError(f"clip id {stem!r} is not a whole number")
        return stem.lstrip("0").zfill(self.digits)


@dataclass(frozen=True)
class Scenes:
    """Scene, emotion and number: "Action/Happy/0015"."""

    scenes: Sequence[str]
    emotions: Sequence[str]
    numbers: Numbered = Numbered(4)

    def parse(self, text: str) -> str:
        """Return the id in the last three parts of a path; scene and emotion as the release spells them."""
        parts = _parts(text)
        if len(parts) < 3:
            raise ValueError(f"clip id {text!r} is not of the form 'Scene/Emotion/0015'")
        scene, emotion, name = parts[-3:]
        number = self.numbers.parse(name)  # first: a frame's folders are no scene and emotion
        return f"{self._scene(scene)}/{self._emotion(emotion)}/{number}"

    def word(self, clip: str) -> str:
        """Return the emotion, which is the label of every clip of the release."""
        return clip.split("/")[1]

    def trees(self, folders: Folders) -> Iterator[str]:
        """Return folders whose grandchildren are called as emotions are, and hold numbered clips."""
        known = {emotion.lower() for emotion in self.emotions}
        found = dict[str, None]()
        for path, folder in folders.items():
            parts = path.split("/")
            if len(parts) >= 2 and parts[-1].lower() in known and any(numbered(folder)):
                found["/".join(parts[:-2])] = None
        return iter(found)

    def entries(
        self,
        folders: Folders,
        tree: str,
    ) -> dict[str, str]:
        """Return the clips of all scenes and emotions below a folder."""
        known = {emotion.lower(): emotion for emotion in self.emotions}
        found: dict[str, str] = {}
        for scene in folders[tree].folders:
            for name in getattr(
                folders.get(join(tree, scene)),
                "folders",
                (),
            ):
                cell = f"{join(tree, scene)}/{name}"
                if name.lower() in known and cell in folders:
                    clips = self.numbers.entries(folders, cell)
                    place = f"{self._scene(scene)}/{known[name.lower()]}"
                    found |= {f"{place}/{number}": path for number, path in clips.items()}
        return found

    def _scene(self, text: str) -> str:
        """Spell a scene as the release does;
        one that it does not know is left as it is: the split will not be the official one.
        """
        return self._spelt_scenes.get(text.lower(), text)

    @cached_property
    def _spelt_scenes(self) -> dict[str, str]:
        return {scene.lower(): scene for scene in self.scenes}

    def _emotion(self, text: str) -> str:
        for emotion in self.emotions:
            if emotion.lower() == text.lower():
                return emotion
        raise ValueError(f"no emotion is called {text!r}; {suggestion(text, self.emotions)}")


def _parts(text: str) -> list[str]:
    """Return the parts of a path of any system. Raises: ValueError if it leads upwards or cannot be printed."""
    parts = [part for part in re.split(r"[/\\]", text) if part not in ("", ".")]
    if not parts or ".." in parts or not text.isprintable():
        raise ValueError(f"clip id {text!r} is not a plain path")
    return parts
