"""What each method costs on an architecture, without weights and without data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness import backbones, registry, weights
from harness.backbones import Backbone
from harness.cost import cost_of
from harness.errors import BadOption, HarnessError
from harness.flops import Convention
from harness.lookup import construct
from harness.method import Task
from harness.plan import settle
from harness.request import flatten
from harness.specs import FrameInput, MethodSpec

TEST_VIEWS = 1  # of every protocol; GFLOPs are of one view

Settled = tuple[MethodSpec, dict[str, Any], FrameInput]


def settled(names: Iterable[str], overrides: Mapping[str, Mapping[str, Any]]) -> list[Settled]:
    """The methods with their options. Raises: HarnessError for an unknown name or a bad option."""
    for name in overrides:
        registry.method(name)  # an override of an unknown method is a slip
    specs = [registry.method(name).spec for name in dict.fromkeys(names)]
    return [(spec, *settle(spec, flatten(overrides.get(spec.name, {})))) for spec in specs]


def architecture(request: str) -> Backbone:
    """The backbone that `NAME[:…]` names, with random weights: no count depends on them."""
    return backbones.load(weights.resolve(f"{request.partition(':')[0]}:{weights.RANDOM}"))


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


def rows(
    methods: Iterable[Settled], backbone: Backbone, convention: Convention, classes: int
) -> Iterator[dict[str, Any] | HarnessError]:
    """One row a method, or why it cannot be counted."""
    names = class_names(classes)
    for spec, values, given in methods:
        seen = replace(given, size=given.size or backbone.image_size)
        try:
            method = construct(spec, Task(names, backbone, seen), values)
            method.grow()
            cost = cost_of(method, Task(names, backbone, seen), convention)
        except HarnessError as error:
            yield HarnessError(f"{spec.name}: {error}")
            continue
        except Exception as error:  # a plugin's method can fail in any way
            yield HarnessError(f"{spec.name}: cannot be counted ({type(error).__name__}: {error})")
            continue
        yield {
            "method": spec.name,
            "backbone": backbone.source.id.name,
            "convention": convention,
            "frames": seen.frames,
            "size": seen.size,
            "classes": classes,
            "views": TEST_VIEWS,
            "train_views": seen.views,
            **cost,
        }
