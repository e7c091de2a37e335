"""What goes into each module and what comes out of it, said while it runs: for authors who look for a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, float32, nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from harness.core.events import Say
from harness.models.batch import Outputs

NAME, CLASS = 44, 24  # columns
WHOLE = "(the method)"
ELSEWHERE = "(no part of it)"  # but called by it, such as a text tower that it keeps to itself


class ShapeWatch:
    """The modules that are at work, the innermost last, and the lines that were said."""

    def __init__(self, method: nn.Module, say: Say) -> None:
        self.method = method
        self.say = say
        self.entered: list[tuple[nn.Module, Any]] = []
        self.said: set[str] = set()
        self.hooks: dict[nn.Module, RemovableHandle] = {}

    def enter(self, module: nn.Module, args: Any) -> None:
        """Note that a module is at work, and be told when it is done; a hook of every module sees no named argument."""
        self.entered.append((module, args))
        if module not in self.hooks:
            self.hooks[module] = module.register_forward_hook(self.leave, with_kwargs=True)

    def leave(
        self,
        module: nn.Module,
        args: Any,
        named: Mapping[str, Any],
        output: Any,
    ) -> None:
        """Say what went into a module and what came out of it, unless the same has been said."""
        while self.entered and self.entered.pop()[0] is not module:
            pass  # one that failed, and whose error somebody caught
        given = [shapes(args)] if args or not named else []
        given += [shapes(named)] if named else []
        line = f"{self._named(module)} {', '.join(given)} -> {shapes(output)}"
        if line not in self.said and not self._is_transform(module):
            self.said.add(line)
            self.say(line)

    def say_where_it_failed(self) -> None:
        """Say which module was at work, and what it was given."""
        if self.entered:
            module, args = self.entered[-1]
            self.say(f"{self._named(module)} {shapes(args)} -> failed")

    def _named(self, module: nn.Module) -> str:
        """Return a module's name, which is looked up anew since a stage may have added it, and its class."""
        names = {id(part): name or WHOLE for name, part in self.method.named_modules()}
        return f"{names.get(id(module), ELSEWHERE):<{NAME}} {type(module).__name__:<{CLASS}}"

    def _is_transform(self, module: nn.Module) -> bool:
        """Return whether a module belongs to the frames: it has nothing to learn, and is no part of the method."""
        return not any(True for _ in module.parameters()) and all(part is not module for part in self.method.modules())


@contextmanager
def shapes_said(method: nn.Module, say: Say) -> Iterator[None]:
    """Say meanwhile the shapes at every module of this process, a line for each module that is done."""
    watch = ShapeWatch(method, say)
    entering = register_module_forward_pre_hook(watch.enter)
    try:
        yield
    except Exception:
        watch.say_where_it_failed()
        raise
    finally:
        for hook in (entering, *watch.hooks.values()):
            hook.remove()


def shapes(value: Any) -> str:
    """Return the shapes of tensors in any nest of them: "(4, 16, 512)", "int64 (4,)", "(4, 3), None"."""
    if isinstance(value, Tensor):
        kind = "" if value.dtype == float32 else f"{str(value.dtype).removeprefix('torch.')} "
        return f"{kind}{tuple(value.shape)}"
    if isinstance(value, Outputs):
        return f"{shapes(value.logits)} and {shapes(value.extras)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shapes(part)}" for name, part in value.items()) + "}"
    if isinstance(value, tuple | list):
        return ", ".join(map(shapes, value)) or "nothing"
    return "None" if value is None else type(value).__name__
