"""Answer imports of modules that plugins once took names from with what to write now.

`docs/plugins.md` printed some of them before the faces were there, and plugins on people's disks say so still.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

FACE_OF = {  # module and face, each below `harness`
    "analyses.finished": "analysis",
    "annotations": "data",
    "blocks": "models",
    "config": "data",
    "context": "",
    "errors": "",
    "files": "data",
    "found": "",
    "method": "models",
    "prompts": "models",
    "seeds": "",
    "specs": "",
    "splits": "data",
    "tracking": "plugin",
    "visual": "models",
}
RENAMED = {"Found": "Inventory", "Row": "ListRow"}


class MovedModules(MetaPathFinder):
    """Finder of modules that have moved. It stands behind all others, so it is asked only for one that is not there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise ModuleNotFoundError with the face to import from, or find nothing."""
        room, _, old = fullname.partition(".")
        if room != "harness" or old not in FACE_OF:
            return None
        face = f"harness.{FACE_OF[old]}" if FACE_OF[old] else "harness"
        renamed = " and ".join(f"{old} is {new} now" for old, new in RENAMED.items())
        raise ModuleNotFoundError(
            f"{fullname} is internal and has moved; import its names from {face} ({renamed}); "
            f"docs/plugins.md lists every name",
            name=fullname,
        )


def answer_moved_modules() -> None:
    """Install the finder, once a process."""
    if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(MovedModules())
