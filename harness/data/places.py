"""Where things are: the user's configuration file, data roots and the cache."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import HarnessError
from harness.core.text import is_text
from harness.system.configuration import read_configuration, write_configuration

DATA_ROOT = "HARNESS_DATA_ROOT"
DEMO_ROOT = Path("demo-data")
MARKER, PARTIAL = "DEMO.json", "DEMO.partial"  # of a replica that is whole, and of one that is being written


@dataclass(frozen=True)
class DatasetPlace:
    """Place of a dataset: its own folder, and which clips and lists to read there (empty: what is found)."""

    root: Path
    layout: str = ""


def configured_places() -> dict[str, DatasetPlace]:
    """Return dataset name -> place, as written by `harness data set`."""
    written = read_configuration()
    return {name: DatasetPlace(Path(root), written.layout.get(name, "")) for name, root in written.data.items()}


def set_place(
    name: str,
    place: DatasetPlace,
    reader: str = "",
) -> Path:
    """Remember where a dataset is, and of one's own who reads it.

    Returns the configuration file. Raises: HarnessError if it cannot be written.
    """
    places = {**configured_places(), name: replace(place, root=place.root.expanduser().resolve())}
    roots = {name: str(place.root) for name, place in places.items()}
    if not is_text(roots[name]):
        raise HarnessError(
            f"{place.root}: this name is not UTF-8, as the configuration is; give it by --data-root or --root"
        )
    layouts = {name: place.layout for name, place in places.items() if place.layout}
    before = read_configuration()
    named = {**before.named, **({name: reader} if reader else {})}
    return write_configuration(before.model_copy(update={"data": roots, "layout": layouts, "named": named}))


def dataset_place(
    spec: DatasetSpec,
    data_root: Path | None,
    layout: str = "",
) -> DatasetPlace:
    """Return where one dataset is, absolute: `--data-root`, then HARNESS_DATA_ROOT, then the configuration file.

    Raises:
        HarnessError: none of them names it.
    """
    places = configured_places()
    configured = places.get(spec.name) or places.get(spec.reader)
    if data_root is not None:
        return DatasetPlace(_below(data_root, spec.folder), layout)
    if os.environ.get(DATA_ROOT) and not (configured and spec.folder == "."):
        return DatasetPlace(_below(Path(os.environ[DATA_ROOT]).expanduser(), spec.folder), layout)
    if configured:
        return DatasetPlace(configured.root.resolve(), layout or configured.layout)
    raise HarnessError(
        f"where is {spec.title}? Give --data-root DIR (the folder that holds {spec.folder}/), set {DATA_ROOT}, "
        f"or run `harness data set {spec.name} PATH` once. To try things out without data: harness bench --demo"
    )


def _below(data_root: Path, folder: str) -> Path:
    """Return the folder of that name, or the one that differs from it in case only: FERV39K for FERV39k."""
    there = data_root / folder
    if not there.is_dir() and data_root.is_dir():
        names = sorted(path.name for path in data_root.iterdir() if path.name.lower() == folder.lower())
        there = data_root / names[0] if names else there
    return there.resolve()


def is_demo(root: Path) -> bool:
    """Return whether a folder holds a synthetic replica that was written whole."""
    return (root / MARKER).is_file()
