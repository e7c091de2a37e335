"""Write the synthetic replicas of the demo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import CannotWrite, HarnessError
from harness.core.events import Say, say_nothing
from harness.core.lazy import load_object
from harness.data.places import MARKER, PARTIAL, is_demo
from harness.plugin import registry

DemoProgress = Callable[[str, int, int], None]


def write_demo(
    root: Path,
    names: list[str] | None,
    progress: DemoProgress,
    say: Say = say_nothing,
) -> list[Path]:
    """Write the synthetic replicas that are not there yet, below `root`. Returns their folders.

    Raises:
        HarnessError: a folder holds data that are not the demo's, said before any is written.
        CannotWrite: it cannot be written.
    """
    specs = demo_specs(names)
    try:
        for spec in specs:
            _check_free(root / spec.folder)
        for spec in specs:
            if not is_demo(root / spec.folder):
                say(f"writing the synthetic replica of {spec.name}")
                _write(spec, root / spec.folder, progress)
    except OSError as error:
        raise CannotWrite(f"cannot write demo data to {root}: {error.strerror}; choose another --data-root") from error
    return [root / spec.folder for spec in specs]


def _check_free(folder: Path) -> None:
    """Look whether a replica may be written to a folder. Raises: HarnessError if it holds something else."""
    if not folder.exists() or is_demo(folder) or (folder / PARTIAL).exists():
        return
    for found in folder.iterdir():
        raise HarnessError(
            f"{folder} holds data ({found.name}, ...) but no {MARKER}, so it may be the real data set; choose another "
            f"folder for the demo"
        )


def _write(spec: DatasetSpec, folder: Path, progress: DemoProgress) -> None:
    load_object(spec.write_demo)(
        folder,
        spec.temporal_pairs,
        progress=lambda done, total: progress(spec.name, done, total),
    )


def draw_sheet(path: Path, names: list[str] | None) -> None:
    """Write a contact sheet of every class and temporal pair of the demo, as a PNG."""
    from harness.demo.sheet import write_sheet

    specs = demo_specs(names)
    classes = dict.fromkeys(name for spec in specs for name in spec.class_names)
    pairs = dict.fromkeys(pair for spec in specs for pair in spec.temporal_pairs)
    write_sheet(path, list(classes), list(pairs))


def demo_specs(names: list[str] | None) -> list[DatasetSpec]:
    """Return the datasets of these names, or all, that a replica can be written of. Raises:
    HarnessError for another.
    """
    known = registry.datasets()
    if names is None or names == ["all"]:
        return [spec for spec in known.values() if spec.write_demo]
    specs = [registry.dataset(name) for name in names]
    for spec in specs:
        if not spec.write_demo:
            raise HarnessError(f"dataset {spec.name!r} has no demo replica")
    return specs
