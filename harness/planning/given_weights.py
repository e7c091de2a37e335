"""Files of weights that a run gives methods: which there are, and what they may be asked for with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import BadOption
from harness.core.request import Request
from harness.core.weights_spec import AUTHORS, PRETRAINED
from harness.models.public_weights import GivenWeights
from harness.models.spec import MethodSpec
from harness.models.weights_form import check_form
from harness.plugin import registry


def given_weights(spec: MethodSpec, request: Request) -> GivenWeights | None:
    """Return the file that a request gives a method, if it gives one.

    Raises:
        BadOption: there is no such file, there are two, or the method does not say how public names become its own.
        HarnessError: it has not the form of weights.
    """
    flags = {AUTHORS: request.weights, PRETRAINED: request.pretrained}
    found = [GivenWeights(kind, files[spec.name].expanduser()) for kind, files in flags.items() if spec.name in files]
    if not found:
        return None
    if len(found) > 1:
        raise BadOption(f"method {spec.name!r}: --weights are all of a trained network, so --pretrained has no say")
    if spec.public_keys is None:
        raise BadOption(f"method {spec.name!r} says nothing of names in public files (public_keys), so it takes none")
    if not os.path.exists(found[0].path):  # noqa: PTH110  (which also takes a name that no file can have)
        raise BadOption(f"method {spec.name!r}: {found[0].path}: no such file")
    check_form(found[0].path)  # before its bytes are read for their hash: a device has no end
    return GivenWeights(found[0].kind, found[0].path.resolve())


def lacking_start(
    spec: MethodSpec,
    recipe: str,
    given: GivenWeights | None,
) -> str:
    """Return which file a recipe lacks that its training starts from; empty if it lacks none."""
    file = spec.starts_from.get(recipe)
    if file is None or (given is not None and given.kind == PRETRAINED):
        return ""
    return (
        f"method {spec.name!r}: recipe {recipe!r} starts from weights that others trained, and none are given; from "
        f"scratch it would be another recipe: --pretrained {spec.name}=FILE, such as {file}"
    )


def check_named(
    request: Request,
    methods: Iterable[str],
    datasets: Sequence[DatasetSpec],
) -> None:
    """Look whether the files of a request are of its methods, and those of trained networks of one fold.

    Args:
        request: what is asked for.
        methods: that are run.
        datasets: that they run on.

    Raises:
        BadOption: they are not.
    """
    run = set(methods)
    for name in (*request.weights, *request.pretrained):
        registry.method(name)  # a slip
        if name not in run:
            raise BadOption(f"method {name!r} is given weights, but is none of those that are run")
    if request.weights and not _is_one_fold(request, datasets):
        raise BadOption(
            "--weights are of a network that was trained on one fold, and another fold tests clips that it has trained "
            "on: name that one fold of one dataset by --datasets NAME --folds NAME"
        )


def _is_one_fold(request: Request, datasets: Sequence[DatasetSpec]) -> bool:
    if len(datasets) != 1:
        return False
    every = datasets[0].folds
    return len(every if request.folds == ["all"] else set(request.folds)) == 1
