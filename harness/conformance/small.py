"""The small form of a method: how it settles for the checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from harness.core import options
from harness.core.frame_input import FrameInput
from harness.models.spec import MethodSpec


def small_form(spec: MethodSpec) -> tuple[dict[str, object], FrameInput]:
    """Return options and frame input: the demo's recipe, and over it the spec's `small`. Raises: BadOption."""
    return spec.settle({**options.flatten(spec.demo), **options.flatten(spec.small)})


def forms(spec: MethodSpec) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield everything that a spec says options may be, by where it says so."""
    yield "the defaults", asdict(options.build(spec.options, {}, spec.name))
    yield "demo", options.flatten(spec.demo)
    yield "small", {**options.flatten(spec.demo), **options.flatten(spec.small)}
    for name, values in spec.recipes.items():
        yield f"recipe {name!r}", options.flatten(values)
    for name in spec.by_dataset:
        yield f"by_dataset {name!r}", spec.on(name)
