"""What is looked at in a trial's folder after its command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def untouched(*but: str) -> Callable[[Path], str]:
    """Find what a command that was refused has written: nothing, beside what was put in."""

    def look(folder: Path) -> str:
        found = sorted(path.name for path in folder.iterdir() if path.name not in but)
        return f"written: {', '.join(found)}" if found else ""

    return look
