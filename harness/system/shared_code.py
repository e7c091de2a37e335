"""Functions, classes, hooks and modes that all jobs of a process share, put back where a plugin replaced them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

# Packages whose functions a job of another method calls, too.
PACKAGES = ("harness", "open_clip", "timm", "torchvision", "simplejpeg", "av", "PIL")

PARTS = ("torch.nn", "torch.optim", "torch.backends", "torch.autograd", "torch.utils.checkpoint")

ALONE = ("torch", "numpy", "numpy.linalg")  # modules whose parts are not watched

FOLLOWING = ("Storage",)  # names that torch binds anew when the default dtype changes

HOOKS = "_global_"  # beginning of the names under which torch keeps hooks of every module


@dataclass(frozen=True)
class SharedCode:
    """Functions, hooks and modes as they were at one time.

    Attributes:
        held: what each watched module and class holds, by name.
        hooks: torch's hooks of every module, by name.
        modes: how many modes of torch were entered, by kind.
    """

    held: Sequence[tuple[Any, Mapping[str, Any]]]
    hooks: Mapping[str, Mapping[Any, Any]]
    modes: Mapping[str, int]

    @classmethod
    def now(cls) -> SharedCode:
        """Take them as they are."""
        held = [(owner, dict(vars(owner))) for owner in _owners(len(sys.modules))]
        return cls(held, _hooks(), _modes())

    def put_back(self) -> Iterator[str]:
        """Put back what is another by now, and yield it in words."""
        for kind, count in _modes().items():
            if count > self.modes.get(kind, 0):
                _leave(kind, count - self.modes.get(kind, 0))
                yield f"torch's {kind} modes"
        for owner, before in self.held:
            for name in _changed(owner, before):
                _restore(owner, name, before)
                yield f"{getattr(owner, '__qualname__', owner.__name__)}.{name}"
        for name, hooks in _hooks().items():
            kept = self.hooks.get(name, {})
            if dict(hooks) != dict(kept):
                table: Any = getattr(_torch_modules(), name)
                table.clear()
                table.update(kept)
                yield "torch's hooks of every module"


def written_by(module: str) -> Iterator[str]:
    """Yield watched names under which functions of this module stand: it has replaced them when it was imported."""
    for owner in _owners(len(sys.modules)):
        for name, value in list(vars(owner).items()):
            if getattr(value, "__module__", None) == module and not isinstance(value, type):
                yield f"{getattr(owner, '__qualname__', owner.__name__)}.{name}"


@lru_cache(maxsize=1)
def _owners(modules: int) -> Sequence[Any]:
    """Return the watched modules and their classes; looked for again when the number of loaded modules has changed."""
    found: list[Any] = []
    for name, module in list(sys.modules.items()):
        if not isinstance(module, ModuleType) or not _is_watched(name):
            continue
        found.append(module)
        own = (held for held in vars(module).values() if isinstance(held, type) and held.__module__ == name)
        found.extend(own)
    torch = sys.modules.get("torch")
    return [*found, *([torch.Tensor] if torch else [])]


def _is_watched(module: str) -> bool:
    if module in ALONE or module.partition(".")[0] in PACKAGES:
        return True
    return any(module == own or module.startswith(f"{own}.") for own in PARTS)


def _changed(owner: Any, before: Mapping[str, Any]) -> list[str]:
    """Return names under which code is another than it was, or hides inherited code."""
    now = vars(owner)
    if _same(now, before):
        return []
    own = ((name, value) for name, value in before.items() if _is_code(value) and name not in FOLLOWING)
    replaced = [name for name, value in own if _differs(now.get(name), value)]
    added = [name for name in now if name not in before] if isinstance(owner, type) else []
    return [*replaced, *(name for name in added if _is_code(now[name]) and _hides(owner, name))]


def _hides(owner: type, name: str) -> bool:
    """Return whether a class holds other code under a name than it inherits."""
    inherited = [vars(base)[name] for base in owner.__mro__[1:] if name in vars(base)]
    return bool(inherited) and _differs(vars(owner)[name], inherited[0])


def _same(now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    try:
        return bool(now == before)  # which compares by identity first: the rest is for the few that differ
    except Exception:  # of values that cannot be compared
        return False


def _is_code(value: Any) -> bool:
    return callable(value) or isinstance(value, classmethod | staticmethod | property | ModuleType)


def _differs(found: Any, value: Any) -> bool:
    """Return whether code is another; torch wraps the step of an optimizer when the first of its kind is made."""
    wrapped = getattr(found, "hooked", False) is True and getattr(found, "__wrapped__", None) is value
    return found is not value and not wrapped


def _restore(
    owner: Any,
    name: str,
    before: Mapping[str, Any],
) -> None:
    if name in before:
        setattr(owner, name, before[name])
    else:
        delattr(owner, name)


def _hooks() -> dict[str, Mapping[Any, Any]]:
    """Return torch's hooks of every module, copied."""
    modules = _torch_modules()
    named = vars(modules).items() if modules else ()
    return {name: dict(value) for name, value in named if name.startswith(HOOKS) and isinstance(value, dict)}


def _torch_modules() -> ModuleType | None:
    return sys.modules.get("torch.nn.modules.module")


def _modes() -> dict[str, int]:
    """Return how many modes are entered that see every function or operator of torch."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    own = hasattr(getattr(torch, "_GLOBAL_DEVICE_CONTEXT", None), "device_context")  # at the bottom: a setting
    return {
        "function": torch._C._len_torch_function_stack() - own,
        "dispatch": torch._C._len_torch_dispatch_stack(),
    }


def _leave(kind: str, count: int) -> None:
    torch: Any = sys.modules["torch"]
    for _ in range(count):
        if kind == "function":
            torch._C._pop_torch_function_stack()
        else:
            torch._C._pop_torch_dispatch_stack(None)
