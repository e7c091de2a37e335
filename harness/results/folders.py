"""The folders of a store that hold results, in order of their paths; what cannot be looked into is named."""

from __future__ import annotations

import os
from collections.abc import Iterator

LeftOut = dict[str, str]  # path -> why it was left out


def result_folders(root: str, left_out: LeftOut) -> Iterator[str]:
    """Yield every folder `<dataset>/<method>/<fold>-s<seed>-<id>/` of a store, hidden ones left out."""
    for dataset in _folders(root, left_out):
        for method in _folders(dataset, left_out):
            yield from (folder for folder in _folders(method, left_out) if "-" in os.path.basename(folder))  # noqa: PTH119


def why_without(folder: str) -> str | None:
    """Return what is wrong with a folder that has no `result.json`; None if it is empty or somebody else's."""
    if os.path.islink(f"{folder}/result.json"):  # noqa: PTH114
        return "a link that leads nowhere"
    if os.path.lexists(f"{folder}/predictions.parquet"):
        return "not there, though its predictions are"
    return None


def _folders(parent: str, left_out: LeftOut) -> list[str]:
    """Return the folders in a folder, but for hidden ones, sorted."""
    found = []
    try:
        with os.scandir(parent) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if _is_folder(entry):
                    found.append(entry.path)
                elif entry.is_symlink() and not os.path.exists(entry.path):  # noqa: PTH110
                    left_out[entry.path] = "a link that leads nowhere, or in a circle"
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        left_out[parent] = f"cannot be looked into ({error.strerror or error})"
    return sorted(found)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that run in a circle
        return False
