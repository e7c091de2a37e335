"""What a failed job says: the place in its plugin's own file; and what no result says: where things lie here."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from harness.core.context import RunContext
from harness.core.errors import BadData, HarnessError
from harness.core.text import without_places
from harness.plugin.named import Named
from harness.system.source_hash import module_of_build
from harness.system.timeout import JobTimeout

LIBRARIES = ("harness", "torch", "torchvision", "open_clip", "numpy")  # nobody's plugin, whatever it is built by
FILE = "harness_plugin_"  # how modules of one-file plugins start
BUILT_IN = "harness_plugins"

Place = tuple[FrameType, int]  # a frame, and the line in it


def reason_of(error: BaseException, named: Named | None = None) -> str:
    """Say what a person needs to know: our own errors speak for themselves, others need their type and place.

    The place is the deepest one in the plugin of the job's method, else in any plugin, else where the error was raised.
    Our own errors tell it, too, if a plugin's code led to them, unless it is the data or the time that is at fault. It
    stands on the first line, which is all that tables show.

    Args:
        error: what ended the job.
        named: what the job names.
    """
    ours = isinstance(error, HarnessError | JobTimeout)
    text = str(error) if ours else f"{type(error).__name__}: {error}"
    place = _of_plugin(error, named) if named else ""
    if isinstance(error, BadData | JobTimeout):
        place = ""
    elif not ours:
        place = place or _told(list(traceback.walk_tb(error.__traceback__)))
    first, *rest = text.split("\n")
    if place and place not in text:
        first = f"{first} ({place})"
    return "\n".join([first, *rest])


def as_stored(result: dict[str, Any], context: RunContext) -> dict[str, Any]:
    """Return a result as others may read it: it says whether it is a quick one, and names no folder of this machine.

    The log of its job keeps the folders.
    """

    def told(text: Any) -> Any:
        return without_places(str(text), context.data_roots.values()) if text else text

    cost, origin = result["cost"], result["provenance"]
    return {
        **result,
        "quick": context.quick,
        "error": told(result["error"]),
        "warnings": [told(text) for text in result["warnings"]],
        "cost": {**cost, "error": told(cost["error"])} if "error" in cost else cost,
        "provenance": {**origin, "retries": [told(text) for text in origin["retries"]]},
    }


def _of_plugin(error: BaseException, named: Named) -> str:
    """Return the deepest place in the plugin of the job's method, else in any plugin; empty if there is none."""
    plugin = named.method.plugin
    built = module_of_build(named.method.spec.build).partition(".")[0]
    own = {built, plugin.partition(".")[0], FILE + plugin}.difference(LIBRARIES)
    places = list(_places(error))
    return _told([place for place in places if _top(place) in own]) or _told(
        [place for place in places if _top(place) == BUILT_IN or _top(place).startswith(FILE)]
    )


def _places(error: BaseException) -> Iterator[Place]:
    """Yield the frames of an error from the outermost on, then those of what caused it."""
    yield from traceback.walk_tb(error.__traceback__)
    if error.__cause__ is not None:
        yield from _places(error.__cause__)


def _top(place: Place) -> str:
    return str(place[0].f_globals.get("__name__", "")).partition(".")[0]


def _told(places: list[Place]) -> str:
    """Return the last of some places: base name, line and function."""
    if not places:
        return ""
    frame, line = places[-1]
    return f"{Path(frame.f_code.co_filename).name}:{line}, in {frame.f_code.co_qualname}"
