"""Whose fault an error is: the plugin whose code was at work when it was raised."""

from __future__ import annotations

import traceback
from pathlib import Path

from harness.plugin import registry
from harness.plugin.import_file import PREFIX


def failure_of_plugin(error: BaseException) -> str:
    """Return what a plugin that does not ship failed with, in a sentence; empty where none was at work.

    The place is the deepest line of a plugin's code.
    """
    names = {PREFIX + path.stem: path.stem for path in registry.plugins().files}
    for name, plugin in registry.plugins().manager.list_name_plugin():
        if not registry.ships(name):
            names.setdefault(getattr(plugin, "__name__", name).partition(".")[0], name)
    found = [
        (names[top], f"{Path(frame.f_code.co_filename).name}:{line}, in {frame.f_code.co_qualname}")
        for frame, line in traceback.walk_tb(error.__traceback__)
        if (top := str(frame.f_globals.get("__name__", "")).partition(".")[0]) in names
    ]
    if not found:
        return ""
    plugin, place = found[-1]
    return f"plugin {plugin} failed: {type(error).__name__}: {error} ({place})"
