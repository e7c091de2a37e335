"""Errors the user can fix; the command line prints them without a traceback and exits 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class HarnessError(Exception):
    """Base of all such errors. The message shows the value, the place and the fix."""


class UnknownName(HarnessError):
    """Name under which nothing is registered."""


class BadOption(HarnessError):
    """An option, a bench file or an override that does not fit."""


class BadData(HarnessError):
    """A dataset on disk is missing, half-copied or wrong."""


class BadSample(BadData):
    """Clip that cannot be read; carries the clip's id so that it can be counted and skipped."""

    def __init__(self, sample_id: str, message: str) -> None:
        super().__init__(f"clip {sample_id}: {message}")
        self.sample_id = sample_id

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.sample_id, str(self).split(": ", 1)[1])


class CannotRun(HarnessError):
    """Method that cannot run on this machine; `--methods all` leaves it out, with this reason."""


class WeightsMissing(CannotRun):
    """Weights of a backbone or a method are neither on disk nor to be downloaded."""


class TrainingDiverged(HarnessError):
    """The loss or the logits stopped being finite."""


class CannotWrite(HarnessError):
    """A folder cannot be written, or its disk is full: no job's fault, so the run ends instead of failing its jobs."""


class OtherCode(HarnessError):
    """Worker that runs other code than its driver: no number of it can be believed, so the run ends."""


class NotCounted(HarnessError):
    """Part of a model cannot be counted, so that its GFLOPs would mislead."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the tail of an unknown-name message: the closest known name, or all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(
        name,
        known,
        n=1,
        cutoff=0.5,
    )
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(known)}" if known else "nothing of that kind is registered"


def find_named(
    kind: str,
    known: Mapping[str, T],
    name: str,
) -> T:
    """Return what has that name. Raises: UnknownName, with the closest one."""
    if name not in known:
        raise UnknownName(f"unknown {kind} {name!r}; {suggestion(name, known)}")
    return known[name]
