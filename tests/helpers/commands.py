"""What tests call: the command line, in a process of its own or in this one, and a bench from Python."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.plugin import registry

TOY = Path(__file__).with_name("toy.py")
Cli = Callable[..., subprocess.CompletedProcess[str]]
Bench = Callable[..., "harness.Results"]


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str


Invoke = Callable[..., Answer]


def forget(name: str) -> None:
    """Unload a one-file plugin of that name from this process."""
    loaded = registry.plugins()
    if loaded.manager.has_plugin(name):
        loaded.manager.unregister(name=name)
    loaded.contents = {path: content for path, content in loaded.contents.items() if path.stem != name}
    loaded.files[:] = [path for path in loaded.files if path.stem != name]
    loaded.problems[:] = [problem for problem in loaded.problems if problem.plugin != name]
