"""Write the synthetic replicas of the demo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import HarnessError
from harness.core.events import Say, say_nothing
from harness.core.lazy import load_object
from harness.data.places import is_demo
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
        HarnessError: a folder holds data that are not the demo's.
    """
    written = []
    for spec in demo_specs(names):
        folder = root / spec.folder
        if not is_demo(folder):
            say(f"writing the synthetic replica of {spec.name}")
            load_object(spec.write_demo)(
                folder,
                spec.temporal_pairs,
                progress=lambda done, total, name=spec.name: progress(name, done, total),
            )
        written.append(folder)
    return written


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
