"""Send the code along: a folder with the two packages, which Ray unpacks on every worker and puts on its path."""

from __future__ import annotations

import shutil
from pathlib import Path

import harness
import harness_plugins

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def bundle(folder: Path) -> Path:
    """Copy the packages below `folder`, under the names that they are imported by."""
    for package in (harness, harness_plugins):
        shutil.copytree(package.__path__[0], folder / package.__name__, ignore=LEFT_OUT)
    return folder
