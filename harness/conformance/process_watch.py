"""What a method changes of the process that it shares with other methods: settings, seeds, environment."""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import torch

from harness.conformance.report import Finding
from harness.conformance.sources import Sources
from harness.system import seeds
from harness.system.process_state import CHANGED_BY, settings_kept

CHECK = "process"
REMEDY = "every job of the process shares it"
SEEDERS = {
    "torch": (torch, "manual_seed"),
    "NumPy": (np.random, "seed"),
    "random": (random, "seed"),
}
Seeder = Callable[..., object]


class ProcessWatch:
    """A watch over the process while a method's code runs; what is changed is put back."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.findings: dict[str, Finding] = {}
        self.unexplained: list[str] = []
        self._deep = False

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Run code of the method; blocks may stand inside each other."""
        if self._deep:
            yield
            return
        self._deep = True
        changes: list[str] = []
        try:
            with ExitStack() as stack:
                stack.enter_context(self.surroundings())
                stack.enter_context(self._seeds())
                stack.enter_context(settings_kept(changes, job=True))
                yield
        finally:
            self._deep = False
            self.note(changes)

    def note(self, changes: Sequence[str]) -> None:
        """Take down what was changed, and put back."""
        for change in changes:
            place = self.sources.of_text(CHANGED_BY.get(change, f"{change.rpartition('.')[2]} ="))
            self._found(f"it changes {change}: {REMEDY}", place)

    def _found(self, message: str, place: str) -> None:
        self.findings.setdefault(message, Finding(CHECK, message, place))

    def _found_if_own(self, change: str, code: str) -> None:
        """Blame the method only where its files write such code: packages that it imports change such things, too."""
        place = self.sources.of_text(code)
        if place:
            self._found(f"it changes {change}: {REMEDY}", place)
        elif change not in self.unexplained:
            self.unexplained.append(change)

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        """Look at the environment, the import path, signal handlers, the root logger and the recursion limit."""
        before = _surroundings()
        environment, path, limit = dict(os.environ), list(sys.path), sys.getrecursionlimit()
        handlers = {number: signal.getsignal(number) for number in SIGNALS}
        try:
            yield
        finally:
            for name, value in _surroundings().items():
                if value != before[name]:
                    self._found_if_own(name, CODE[name])
            for name in changed(environment, os.environ):
                self._found_if_own(f"the environment ({name})", "environ")
                os.environ.pop(name, None)
                if name in environment:
                    os.environ[name] = environment[name]
            sys.path[:] = path
            sys.setrecursionlimit(limit)
            for number, handler in handlers.items():
                if handler is not None and signal.getsignal(number) != handler:
                    signal.signal(number, handler)

    @contextmanager
    def _seeds(self) -> Iterator[None]:
        """Look at the global generators. Drawing from them is fine, since each job seeds them; seeding them is not."""
        watch = _SeedWatch(self.sources)
        states = torch.get_rng_state(), np.random.get_state(), random.getstate()
        kept = [(place, name, getattr(place, name)) for place, name in SEEDERS.values()]
        for generator, (place, name) in SEEDERS.items():
            setattr(
                place,
                name,
                watch.seeding(generator, getattr(place, name)),
            )
        try:
            yield
        finally:
            for place, name, seeder in kept:
                setattr(place, name, seeder)
            for generator, line in watch.seeded():
                self._found(
                    f"it seeds {generator}'s global generator, which the harness has seeded for the job: take a "
                    f"torch.Generator of its own, or `batch.generator` in a step",
                    line,
                )
            torch.set_rng_state(states[0])
            np.random.set_state(states[1])
            random.setstate(states[2])


class _SeedWatch:
    """A watch over calls that seed a global generator, less those of the harness."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.expected = torch.initial_seed()
        self.places: dict[str, tuple[str, object]] = {}  # generator -> own line, state before it

    def seeding(self, name: str, original: Seeder) -> Seeder:
        """Return a function that seeds, and notes who asked for it."""

        def seed(*given: object) -> object:
            caller = sys._getframe(1)
            if caller.f_code.co_filename == seeds.__file__:
                made = original(*given)
                self.expected = torch.initial_seed()
                return made
            place = self.sources.of_stack(caller)
            if place:
                self.places.setdefault(name, (place, state_of(name)))
            return original(*given)

        return seed

    def seeded(self) -> Iterator[tuple[str, str]]:
        """Yield each generator that somebody else seeded and did not put back, and the line."""
        for name, (place, before) in self.places.items():
            back = torch.initial_seed() == self.expected if name == "torch" else state_of(name) == before
            if not back:
                yield name, place
        if "torch" not in self.places and torch.initial_seed() != self.expected:
            yield "torch", self.sources.of_text("manual_seed")


def state_of(name: str) -> object:
    """Return the key of a global generator, which draws change after some hundred numbers and seeding at once."""
    if name == "torch":
        return torch.initial_seed()
    if name == "random":
        return random.getstate()[1][:-1]
    _, key, *_ = np.random.get_state(legacy=True)
    return np.asarray(key).tobytes()


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names under which something else stands now."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
CODE = {  # what of the process is looked at -> what code writes that changes it
    "the import path": "sys.path",
    "the root logger": "basicConfig",
    "signal handlers": "signal.signal",
    "the recursion limit": "setrecursionlimit",
}


def _surroundings() -> dict[str, object]:
    root = logging.getLogger()
    return {
        "the import path": list(sys.path),
        "the root logger": (root.level, list(root.handlers)),
        "signal handlers": [signal.getsignal(number) for number in SIGNALS],
        "the recursion limit": sys.getrecursionlimit(),
    }
