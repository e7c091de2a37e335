"""Which file a plugin is, and the hash of its source: a changed hash at an equal version means 'stale'."""

from __future__ import annotations

import filecmp
import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

OURS = ("harness", "harness_plugins")  # whose version and commit a result holds

SHIPPED = "shipped-plugins"  # folder of one-file plugins beside the packages


def shipped(file: Path) -> Path:
    """Return a one-file plugin where the driver has it, or, where this machine has another file or none,
    as it was sent.
    """
    sent = Path(__file__).parents[2] / SHIPPED / file.name
    if not sent.is_file() or (file.is_file() and filecmp.cmp(file, sent, shallow=False)):
        return file
    return sent


def source_sha256(plugin: Any) -> str:
    """Return the SHA-256 of what a plugin's numbers depend on: the Python files of its own package, in order.

    The package of a folder is the folder, that of a module the package that holds it; a file on its own is hashed
    alone. Files that match a pattern of the plugin's `PRESENTATION` (studies, figures, captions) are left out. What was
    written at a prompt has no file and no hash.
    """
    module = plugin if isinstance(plugin, ModuleType) else inspect.getmodule(_owner(plugin))
    file = _file(plugin)
    if file is None or not file.is_file():
        return ""
    patterns = tuple(getattr(module, "PRESENTATION", ()))
    package = getattr(module, "__package__", "") or ""
    if file.name == "__init__.py" or package:
        return _hash_folder(file.parent, patterns)
    return _hash([file], file.parent)


def with_build(
    sha256: str,
    plugin: Any,
    build: Any,
) -> str:
    """Return the hash of a plugin's source, and of what builds its method or backbone where that lies elsewhere.

    Elsewhere is outside of the plugin's own package: then the whole package that it belongs to counts, too.

    Args:
        sha256: of the plugin itself.
        plugin: its module or object.
        build: a callable, or "module:name", whose module is not imported for it.
    """
    module, own = module_of_build(build), _file(plugin)
    top = module.partition(".")[0]
    if not sha256 or own is None or not top or top in OURS or top in sys.stdlib_module_names:
        return sha256
    file = _file_of_module(module)
    if file is None or file == own or (_in_a_package(plugin, own) and own.parent in file.parents):
        return sha256
    whole = _file_of_module(top)
    alone = whole is None or whole.name != "__init__.py"
    found = _hash([file], file.parent) if alone or whole is None else _hash_folder(whole.parent)
    return hashlib.sha256(f"{sha256} {found}".encode()).hexdigest()


def _in_a_package(plugin: Any, file: Path) -> bool:
    module = plugin if isinstance(plugin, ModuleType) else inspect.getmodule(_owner(plugin))
    return file.name == "__init__.py" or bool(getattr(module, "__package__", ""))


def module_of_build(build: Any) -> str:
    """Return the module that makes a method or a backbone: of a callable, or of "module:name"; empty if unknown."""
    if isinstance(build, str):
        return build.partition(":")[0]
    while isinstance(build, partial):
        build = build.func
    return str(getattr(inspect.unwrap(build), "__module__", "")) if callable(build) else ""


def _file_of_module(name: str) -> Path | None:
    """Return the file of a module, which is not imported for it, nor are the packages around it."""
    top, *rest = name.split(".")
    loaded = sys.modules.get(name)
    if loaded is not None:
        return _file(loaded)
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None  # the job that builds it will say so
    if spec is None or not spec.origin:
        return None
    path = Path(spec.origin)
    if rest:
        path = path.parent.joinpath(*rest)
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path if path.is_file() else None


@lru_cache
def package_sha256(name: str) -> str:
    """Return the SHA-256 of every Python file of an installed package, which is not imported for it."""
    return _hash_folder(installed_folder(name))


def installed_folder(package: str) -> Path:
    """Return the folder of an installed package, which is not imported for it. Raises: ImportError."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"no package {package!r} is installed")
    return Path(spec.submodule_search_locations[0])


def _owner(plugin: Any) -> Any:
    return plugin if isinstance(plugin, ModuleType) or inspect.isclass(plugin) else type(plugin)


def _file(plugin: Any) -> Path | None:
    try:
        return Path(inspect.getfile(_owner(plugin)))
    except (OSError, TypeError):
        return None  # written at a prompt: no file to hash


def _hash_folder(folder: Path, left_out: Sequence[str] = ()) -> str:
    files = [
        file
        for file in sorted(folder.rglob("*.py"))
        if not any(file.relative_to(folder).match(pattern) for pattern in left_out)
    ]
    return _hash(files, folder)


def _hash(files: Iterable[Path], folder: Path) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
