"""Functions, classes and hooks that all jobs of a process share, put back where a plugin replaced them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

# Packages whose functions a job of another method calls, too.
PACKAGES = ("harness", "open_clip", "timm", "torchvision")
OF_TORCH = ("torch.nn", "torch.optim", "torch.backends", "torch.autograd", "torch.utils.checkpoint")

HOOKS = "_global_"  # beginning of the names under which torch keeps hooks of every module

Place = tuple[Any, str]


@dataclass(frozen=True)
class SharedCode:
    """What code of the process was when this was taken.

    Attributes:
        functions: every function and class, by the module or class that holds it and its name there.
        hooks: torch's hooks of every module, by name.
    """

    functions: Mapping[Place, Any]
    hooks: Mapping[str, Mapping[Any, Any]]

    @classmethod
    def now(cls) -> SharedCode:
        """Take it as it is."""
        return cls(dict(_functions()), _hooks())

    def put_back(self) -> Iterator[str]:
        """Put back what is another by now, and yield it in words."""
        for (owner, name), value in self.functions.items():
            found = vars(owner).get(name)
            if found is not value and not _wrapped_by_torch(found, value):
                setattr(owner, name, value)
                yield f"{getattr(owner, '__qualname__', owner.__name__)}.{name}"
        for name, hooks in _hooks().items():
            kept = self.hooks.get(name, {})
            if dict(hooks) != dict(kept):
                held: Any = getattr(_torch_modules(), name)
                held.clear()
                held.update(kept)
                yield "torch's hooks of every module"


def _functions() -> Iterator[tuple[Place, Any]]:
    torch = sys.modules.get("torch")
    if torch is not None:
        yield from _of(torch)
        yield from _of(torch.Tensor)
    for name, module in list(sys.modules.items()):
        if not isinstance(module, ModuleType) or not _is_watched(name):
            continue
        yield from _of(module)
        for held in list(vars(module).values()):
            if isinstance(held, type) and held.__module__ == name:
                yield from _of(held)


def _wrapped_by_torch(found: Any, value: Any) -> bool:
    """Return whether it is the step of an optimizer, which torch wraps when the first of its kind is made."""
    return getattr(found, "hooked", False) is True and getattr(found, "__wrapped__", None) is value


def _is_watched(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES or any(
        module == own or module.startswith(f"{own}.") for own in OF_TORCH
    )


def _of(owner: Any) -> Iterator[tuple[Place, Any]]:
    for name, value in list(vars(owner).items()):
        if callable(value) or isinstance(value, classmethod | staticmethod | property):
            yield (owner, name), value


def _hooks() -> dict[str, Mapping[Any, Any]]:
    """Return torch's hooks of every module, copied."""
    modules = _torch_modules()
    named = vars(modules).items() if modules else ()
    return {name: dict(value) for name, value in named if name.startswith(HOOKS) and isinstance(value, dict)}


def _torch_modules() -> ModuleType | None:
    return sys.modules.get("torch.nn.modules.module")
