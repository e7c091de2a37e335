"""What each method costs on an architecture, without weights and without data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.core.backbone_spec import NONE, RANDOM, BackboneSpec
from harness.core.errors import HarnessError
from harness.core.frame_input import FrameInput
from harness.core.registered import Registered
from harness.cost.count import cost_of
from harness.cost.tally import Convention
from harness.models import backbone as backbones
from harness.models import weights
from harness.models.backbone import Backbone
from harness.models.method import Task
from harness.models.spec import MethodSpec

MethodChoice = tuple[MethodSpec, dict[str, Any], FrameInput]


def architecture(request: str, known: Mapping[str, Registered[BackboneSpec]] | None = None) -> Backbone:
    """Return the backbone that `NAME[:…]` names, with random weights: no count depends on them; of `none`, none.

    Args:
        request: a name of open_clip's, or one of `known`.
        known: backbones of plugins by name.
    """
    name = request.partition(":")[0]
    return backbones.load(weights.resolve(NONE if name == NONE else f"{name}:{RANDOM}", known or {}))


def rows(
    methods: Iterable[MethodChoice],
    backbone: Backbone | Callable[[MethodSpec], Backbone],
    convention: Convention,
    classes: Sequence[str],
) -> Iterator[dict[str, Any] | HarnessError]:
    """Yield a row for each method, or why it cannot be counted.

    Args:
        methods: each with its options and frame input, as `MethodSpec.settle` gives them.
        backbone: an architecture, or what gives that of a method; its weights do not matter.
        convention: which counter.
        classes: names; their length is part of the cost of text.
    """
    names = tuple(classes)
    for spec, values, given in methods:
        try:
            on = backbone if isinstance(backbone, Backbone) else backbone(spec)
            seen = replace(given, size=given.size or on.image_size)
            method = spec.construct(Task(names, on, seen), values)
            method.grow_to_final()
            cost = cost_of(
                method,
                Task(names, on, seen),
                convention,
            )
        except HarnessError as error:
            yield HarnessError(f"{spec.name}: {error}")
            continue
        except Exception as error:  # a plugin's method can fail in any way
            yield HarnessError(f"{spec.name}: cannot be counted ({type(error).__name__}: {error})")
            continue
        yield {
            "method": spec.name,
            "backbone": on.source.id.name,
            "convention": convention,
            "frames": seen.frames,
            "size": seen.size,
            "classes": len(names),
            "views": seen.test_views,
            "train_views": seen.views,
            **cost,
        }
