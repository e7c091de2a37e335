"""Choose what is counted: methods with their options, and class names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.core.errors import BadOption
from harness.core.frame_input import FrameInput
from harness.core.request import flatten
from harness.models.spec import MethodSpec
from harness.plugin import registry


def settled(
    names: Iterable[str], overrides: Mapping[str, Mapping[str, Any]]
) -> list[tuple[MethodSpec, dict[str, Any], FrameInput]]:
    """The methods with their options. Raises: HarnessError for an unknown name or a bad option."""
    for name in overrides:
        registry.method(name)  # an override of an unknown method is a slip
    specs = [registry.method(name).spec for name in dict.fromkeys(names)]
    return [(spec, *spec.settle(flatten(overrides.get(spec.name, {})))) for spec in specs]


def class_names(count: int) -> tuple[str, ...]:
    """So many classes, of the smallest registered dataset that has them: the length of a name is part of the cost.

    Raises:
        BadOption: no dataset has so many.
    """
    found = sorted((spec.class_names for spec in registry.datasets().values()), key=len)
    for names in found:
        if len(names) >= count:
            return names[:count]
    most = len(found[-1]) if found else 0
    raise BadOption(f"--classes {count}: no registered dataset has more than {most}")
