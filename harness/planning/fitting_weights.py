"""Whether the files of weights that a run gives methods fit them: tried before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import HarnessError
from harness.models.own_weights import OwnWeights
from harness.models.public_weights import GivenWeights
from harness.models.weights import WeightsSource
from harness.models.weights_files import check_readable
from harness.planning.choose import MethodChoice
from harness.system.plugin_code import contained


def check_fits(
    methods: Iterable[MethodChoice],
    datasets: Iterable[DatasetSpec],
    sources: Mapping[str, WeightsSource],
) -> None:
    """Put each given file into a method built for each dataset whose classes are known.

    Args:
        methods: with their backbones found.
        datasets: that they run on.
        sources: of the backbones, as they were asked for.

    Raises:
        HarnessError: a file does not fit.
    """
    for method in methods:
        given = method.given
        if given is None:
            continue
        check_readable(given.path)
        for dataset in datasets:
            if dataset.classes and method.dataset in ("", dataset.name):
                _try(method, given, dataset, sources[method.backbone])


def _try(
    method: MethodChoice,
    given: GivenWeights,
    dataset: DatasetSpec,
    source: WeightsSource,
) -> None:
    import torch

    from harness.models import backbone as backbones
    from harness.models.method import Task, own_state

    backbone = backbones.load(source)
    task = Task(
        dataset.class_names,
        backbone,
        method.input,
        OwnWeights(),
    )
    try:
        with contained(), torch.random.fork_rng(devices=[]), torch.no_grad():
            built = method.spec.construct(task, method.options)
    except HarnessError:
        raise
    except Exception as error:  # of a plugin's method, in any way
        raise HarnessError(f"method {method.spec.name!r}: {type(error).__name__} while it is built: {error}") from error
    with torch.no_grad():
        given.put_into(own_state(built, backbone), method.spec.public_keys, method.spec.name)


def places(methods: Iterable[MethodChoice]) -> dict[str, str]:
    """Return where each given file lies, by its SHA-256."""
    found: dict[str, Path] = {}
    for method in methods:
        if method.given is not None:
            found[method.weights[method.given.kind]] = method.given.path
    return {sha256: str(path) for sha256, path in found.items()}
