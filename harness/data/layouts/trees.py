"""Which folder below a root holds the clips, and which of several is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.dataset_spec import Problem
from harness.core.errors import BadData
from harness.data.layouts.ids import Ids
from harness.data.layouts.walk import Folder, join
from harness.video.files import is_video

PROBED = 0.5  # share of the listed clips that a known folder must hold to be preferred


@dataclass(frozen=True)
class Crops:
    """A known folder of clips: `name` is part of the protocol, `folders` are the names it goes by (any case)."""

    name: str
    folders: tuple[str, ...]
    warning: str = ""  # why it is not what the papers use; read only if there is nothing else


@dataclass(frozen=True)
class Tree:
    """The folder that is read."""

    path: str
    name: str
    entries: Mapping[str, str]  # id -> path below the root
    problems: Sequence[Problem]

    def place(self, clip: str) -> str:
        """Return where a clip lies, or should lie, below the root."""
        return self.entries.get(clip) or join(self.path, clip)

    @property
    def kind(self) -> str:
        """What its clips are, in words."""
        videos = sum(map(is_video, self.entries.values()))
        folders = len(self.entries) - videos
        return " and ".join(f"{n:,} {what}" for n, what in ((folders, "frame folders"), (videos, "videos")) if n)


def find_tree(
    root: Path,
    folders: Mapping[str, Folder],
    ids: Ids,
    known: Sequence[Crops],
    wanted: Collection[str],
    asked: str,
) -> Tree:
    """Return the folder asked for; or the first known one that holds half of the wanted clips; or the one with the
    most.

    Raises: BadData if there is none, with what is there.
    """
    places = dict.fromkeys([*ids.trees(folders), *(path for path in folders if _crops(path, known))])
    found = {path: ids.entries(folders, path) for path in places}
    if asked:
        path = _asked_for(found, known, asked)
    elif found:
        shares = {path: _share(entries, wanted) for path, entries in found.items()}
        path = min(found, key=lambda path: _preference(path, known, shares[path]))
    else:
        expected = known[0].name
        raise BadData(f"no clips found: expected them at {expected!r} below {root}; {_instead(folders)}")
    crops = _crops(path, known)
    problems = []
    if crops and crops.warning:
        problems.append(Problem("warning", "not-face-crops", f"{path} holds {crops.warning}", path))
    others = sorted(other for other in found if other != path and _share(found[other], wanted))
    if others and not asked:
        problems.append(
            Problem("info", "other-clips", f"clips also lie in {', '.join(others)}; --layout {others[0]} reads those")
        )
    return Tree(
        path,
        crops.name if crops else path,
        found[path],
        problems,
    )


def _share(entries: Mapping[str, str], wanted: Collection[str]) -> float:
    """Return the share of the wanted clips that are there; with no list to compare with, whether there is any."""
    return sum(clip in entries for clip in wanted) / len(wanted) if wanted else float(bool(entries))


def _crops(path: str, known: Sequence[Crops]) -> Crops | None:
    """Return the known crops of a path, by its last folders."""
    lower = f"/{path.lower()}"
    return next((crops for crops in known if any(lower.endswith(f"/{name.lower()}") for name in crops.folders)), None)


def _preference(
    path: str,
    known: Sequence[Crops],
    share: float,
) -> tuple[object, ...]:
    crops = _crops(path, known)
    likely = crops is not None and not crops.warning and share >= PROBED
    rank = known.index(crops) if crops else len(known)
    unfit = bool(crops and crops.warning) or not share
    return (not likely, rank if likely else 0, unfit, -share, rank, path.count("/"), path)


def _asked_for(
    found: Mapping[str, object],
    known: Sequence[Crops],
    asked: str,
) -> str:
    lower = asked.strip("/").lower()
    names = {path: (_crops(path, known) or Crops(path, ())).name.lower() for path in found}
    exact = [path for path in found if path.lower() == lower]
    loose = [path for path in found if f"/{path.lower()}".endswith(f"/{lower}") or names[path] == lower]
    for matches in (exact, loose):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise BadData(f"{asked!r} may mean any of {', '.join(sorted(matches))}; give the whole path")
    raise BadData(
        f"no clips at {asked!r}; there are some at {', '.join(map(repr, sorted(found))) or 'no place at all'}"
    )


def _instead(folders: Mapping[str, Folder]) -> str:
    """Return what the root holds, for the error message."""
    shown = ", ".join(map(repr, [*folders[""].folders, *folders[""].texts][:6])) or "nothing"
    return f"the root holds {shown}. Unpack the release there, or name the right folder"
