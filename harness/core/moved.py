"""Answer imports of modules that plugins once took names from with what to write now.

`docs/plugins.md` printed some of them before the faces were there, and plugins on people's disks say so still.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

FACE_OF = {
    "harness.analyses.finished": "harness.analysis",
    "harness.annotations": "harness.data",
    "harness.blocks": "harness.models",
    "harness.config": "harness.data",
    "harness.context": "harness",
    "harness.errors": "harness",
    "harness.files": "harness.data",
    "harness.found": "harness",
    "harness.method": "harness.models",
    "harness.prompts": "harness.models",
    "harness.seeds": "harness",
    "harness.specs": "harness",
    "harness.splits": "harness.data",
    "harness.tracking": "harness.plugin",
    "harness.visual": "harness.models",
}
RENAMED = {"Found": "Inventory", "Row": "ListRow"}


class MovedModules(MetaPathFinder):
    """Stands behind all finders, so it is asked only for a module that is not there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise ModuleNotFoundError with the face to import from, or find nothing."""
        if fullname not in FACE_OF:
            return None
        renamed = " and ".join(f"{old} is {new} now" for old, new in RENAMED.items())
        raise ModuleNotFoundError(
            f"{fullname} is internal and has moved; import its names from {FACE_OF[fullname]} ({renamed}); "
            f"docs/plugins.md lists every name",
            name=fullname,
        )


def answer_moved_modules() -> None:
    """Install the finder, once a process."""
    if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(MovedModules())
