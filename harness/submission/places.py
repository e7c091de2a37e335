"""Places on a machine in results and sources: what a bundle does not show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from harness.core.text import without_places

FREE = ("warnings", "error", "provenance", "cost")  # told for people, part of no identity: places are taken out
ROOTED = re.compile(r"/[^\s/]|~[\\/]|[A-Za-z]:[\\/]|\\\\")
HOMES = re.compile(rb"""(?<![\w./:~-])(?:/(?:home|Users|root|mnt|media|scratch)/|[A-Za-z]:\\+Users\\)[^\s"']*""")


def strip(result: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a result without the places in its free text, and the fields that were changed.

    The name of the machine goes, too.
    """
    free, changed = dict(result), []
    for name in FREE:
        told = _without(free.get(name))
        if name == "provenance" and isinstance(told, dict):
            told = {key: value for key, value in told.items() if key != "host"}
        if told != free.get(name):
            free[name] = told
            changed.append(name)
    return free, changed


def found_in(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text that is an absolute path or holds one: where it stands, as "backbone.weights", and itself."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if is_place(str(name)):
                yield where or "a key", str(name)
            yield from found_in(inner, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from found_in(inner, where)
    elif isinstance(value, str) and is_place(value):
        yield where, value


def is_place(text: str) -> bool:
    """Return whether text is an absolute path, or holds one."""
    return bool(ROOTED.match(text)) or without_places(text) != text


def in_source(content: bytes) -> str:
    """Return the first folder of a user or of a mounted disk that source names; empty if there is none."""
    found = HOMES.search(content)
    return found[0].decode("utf-8", "replace") if found else ""


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner) for inner in value]
    if not isinstance(value, str):
        return value
    told = without_places(value)
    return re.split(r"[/\\]", told.rstrip("/\\"))[-1] if ROOTED.match(told) else told
