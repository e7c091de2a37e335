"""Import what costs seconds only when it is used: names of a face, objects named by text."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any


def load_object(text: str) -> Any:
    """Return the object that "module:name" names, importing its module."""
    module, _, name = text.partition(":")
    return getattr(import_module(module), name)


def hand_on(face: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a face: a module that hands names on from where they are defined.

    Args:
        face: name of the module, for the error.
        homes: name -> module that defines it, imported when the name is first asked for.
    """

    def find(name: str) -> Any:
        if name in homes:
            return getattr(import_module(homes[name]), name)
        raise AttributeError(f"module {face!r} has no attribute {name!r}")

    return find


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Import heavy packages without their deprecation warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
