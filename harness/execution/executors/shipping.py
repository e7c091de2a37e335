"""Send the code along: a folder with the two packages, which Ray unpacks on every worker and puts on its path.

One-file plugins lie beside them, and so does what `harness.results.provenance` would ask git for.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from harness.results.provenance import SHIPPED_COMMIT, commit
from harness.system.source_hash import SHIPPED, installed_folder

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def bundle(folder: Path, plugin_files: Iterable[str] = ()) -> Path:
    """Copy the packages below `folder`, under the names that they are imported by, and the plugins."""
    for package in ("harness", "harness_plugins"):
        shutil.copytree(
            installed_folder(package),
            folder / package,
            ignore=LEFT_OUT,
        )
    (folder / SHIPPED).mkdir()
    for file in plugin_files:
        shutil.copy(file, folder / SHIPPED)
    (folder / SHIPPED_COMMIT).write_text(json.dumps(commit()), encoding="utf-8")
    return folder
