"""Which file a plugin is, and the hash of its source: a changed hash at an equal version means 'stale'."""

from __future__ import annotations

import filecmp
import hashlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

SHIPPED = "shipped-plugins"  # folder of one-file plugins beside the packages


def plugin_name(manager: pluggy.PluginManager, plugin: Any) -> str:
    """The name a plugin was registered under."""
    return manager.get_name(plugin) or type(plugin).__name__


def shipped(file: Path) -> Path:
    """A one-file plugin where the driver has it, or, where this machine has another file or none, as it was sent."""
    sent = Path(__file__).parents[1] / SHIPPED / file.name
    if not sent.is_file() or (file.is_file() and filecmp.cmp(file, sent, shallow=False)):
        return file
    return sent


def source_sha256(plugin: Any) -> str:
    """SHA-256 of a plugin's file, or of every Python file of its folder in order of their names."""
    path = _file(plugin)
    return _hash(path) if path and path.is_file() else ""


def _file(plugin: Any) -> Path | None:
    owner = plugin if isinstance(plugin, ModuleType) or inspect.isclass(plugin) else type(plugin)
    try:
        return Path(inspect.getfile(owner))
    except (OSError, TypeError):
        return None  # written at a prompt: no file to hash


def _hash(path: Path) -> str:
    files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    total = hashlib.sha256()
    for file in files:
        total.update(file.relative_to(path.parent).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
