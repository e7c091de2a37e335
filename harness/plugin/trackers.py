"""What trackers share, and how `--trackers` loads them: a tracker is a plugin that is not loaded unless asked for."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import Any

from harness.core.errors import HarnessError, UnknownName, suggestion
from harness.core.job import JobSpec
from harness.plugin import registry
from harness.system.plugin_code import contained

PACKAGE = "harness_plugins.trackers"


def load_trackers(names: Iterable[str]) -> None:
    """Load the trackers of these names, and put others away that an earlier run of this process had loaded.

    Raises:
        HarnessError: there is no such tracker, or what it needs is not installed.
    """
    package = importlib.import_module(PACKAGE)
    known = [module.name for module in pkgutil.iter_modules(package.__path__)]
    manager = registry.plugins().manager
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise UnknownName(f"unknown tracker {name!r}; {suggestion(name, known)}")
    for name in known:
        module = f"{PACKAGE}.{name}"
        if name not in wanted and manager.has_plugin(module):
            manager.unregister(name=module)
        if name in wanted and not manager.has_plugin(module):
            try:
                with contained():
                    manager.register(importlib.import_module(module), module)
            except ImportError as error:
                raise HarnessError(
                    f"tracker {name!r} cannot be used ({error}); install it with: pip install 'dfer-harness[{name}]'"
                ) from error


def run_name(job: JobSpec) -> str:
    """Return a job in one word that a person can read."""
    return f"{job.dataset}-{job.fold}-{job.row}-s{job.seed}-{job.id}".replace("/", "_")


def settings(job: JobSpec) -> dict[str, Any]:
    """Return what a job was run with, flat."""
    named = {
        "dataset": job.dataset,
        "fold": job.fold,
        "method": job.method,
        "variant": job.variant,
        "seed": job.seed,
    }
    rest = {
        "backbone": job.backbone.name,
        "frames": job.input.frames,
        "selection": job.protocol.selection,
    }
    return {
        **named,
        **rest,
        **({"recipe": job.recipe} if job.recipe else {}),
        **{f"option.{name}": value for name, value in job.options.items()},
    }


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers among some values."""
    found = {}
    for name, value in values.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found[name] = float(value)
    return found
