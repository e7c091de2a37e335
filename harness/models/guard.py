"""A guard over what all jobs of a process share: whether a module is still as it was loaded.

Version counters would miss a write through `.data`, so the values are hashed: 0.3 s for ViT-B-32 on one core.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from harness.core.errors import HarnessError
from harness.core.text import first_few

NAMED = 3  # changes that an error names
HOOKS = (  # of a module, by which code can come into a call or into its gradients
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
)
GLOBAL_HOOKS = tuple(f"_global{name}" for name in HOOKS)  # of all modules
EVERY_MODULE = frozenset(vars(nn.Module()))  # what torch itself keeps in a module, compared by its meaning
PLAIN = (bool, int, float, str, tuple, type(None))
Facts = Mapping[str, Any]


class BackboneChanged(HarnessError):
    """Backbone that something has changed in place, although every job of the process shares it."""


@dataclass(frozen=True)
class Guard:
    """A module as it was when the guard was set.

    Attributes:
        tensors: of each parameter and buffer, by name: facts in words, such as its dtype and the hash of its values.
        modules: of each module, by name: facts such as its type, its mode and its hooks.
    """

    tensors: Mapping[str, Facts]
    modules: Mapping[str, Facts]

    @classmethod
    def of(cls, module: nn.Module) -> Guard:
        """Set a guard over a module as it is now."""
        return cls(_tensors(module), _modules(module))

    def check(self, module: nn.Module) -> None:
        """Compare the module with what it was.

        Raises:
            BackboneChanged: it is another; the first changes are named.
        """
        try:
            changes = list(_changes(self.modules, _modules(module)))
            if not changes:  # hashing takes longest, and says less than a module that was replaced
                changes = list(_changes(self.tensors, _tensors(module)))
        except Exception as error:  # what it holds cannot even be looked at any more
            changes = [f"it cannot be read ({type(error).__name__})"]
        if changes:
            raise BackboneChanged(
                f"the backbone that all jobs share was changed in place: {first_few(changes, NAMED)}. It has to stay "
                "as it was loaded; what trains a tower takes a copy of its own: task.backbone.trainable_encoder()"
            )


def _tensors(module: nn.Module) -> dict[str, Facts]:
    found: dict[str, Facts] = {}
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        found[name] = {
            "type": type(tensor),
            "dtype": tensor.dtype,
            "shape": tuple(tensor.shape),
            "need of a gradient": tensor.requires_grad,
            "values": _sha256(tensor),
        }
    return found


def _sha256(tensor: Tensor) -> str:
    if tensor.is_meta:
        return ""  # moved to where there are no values
    values = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8)
    return hashlib.sha256(values.numpy().data).hexdigest()


def _modules(module: nn.Module) -> dict[str, Facts]:
    found: dict[str, Facts] = {"every module of torch": {"hooks": _count_hooks(torch.nn.modules.module, GLOBAL_HOOKS)}}
    for name, part in module.named_modules():
        kept = dict(_kept(part))
        found[name or "the backbone"] = {
            "identity": id(part),
            "type": type(part),
            "code": type(part).forward,
            "mode": part.training,
            "hooks": _count_hooks(part, HOOKS),
            "own methods": sorted(key for key in kept if callable(kept[key]) and hasattr(type(part), key)),
            "tensors": (*part._parameters, *part._buffers),
            "order of parts": tuple(part._modules),
            "attributes": {key: _held(value) for key, value in kept.items() if not isinstance(value, PLAIN)},
            "settings": {key: value for key, value in kept.items() if isinstance(value, PLAIN)},
        }
    return found


def _kept(part: nn.Module) -> Iterator[tuple[str, Any]]:
    """Yield what a module keeps beside what every module does; torch itself writes None to some private names."""
    for key, value in vars(part).items():
        if key not in EVERY_MODULE and not (key.startswith("_") and value is None):
            yield key, value


def _held(value: object) -> object:
    """Return by what an attribute is known again: a tensor by its values, a list or mapping by what is in it."""
    if isinstance(value, Tensor):
        return id(value), _sha256(value)
    if isinstance(value, Mapping):
        return id(value), [(key, _held(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return id(value), [_held(inner) for inner in value]
    return value if isinstance(value, PLAIN) else id(value)


def _count_hooks(owner: object, names: Sequence[str]) -> tuple[int, ...]:
    return tuple(len(getattr(owner, name, ())) for name in names)


def _changes(before: Mapping[str, Facts], after: Mapping[str, Facts]) -> Iterator[str]:
    """Yield what differs, in words: "visual.conv1.weight has other values"."""
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield f"{name} is gone"
        elif name not in before:
            yield f"{name} is new"
        else:
            yield from (
                f"{name} has another {fact}" for fact in before[name] if before[name][fact] != after[name][fact]
            )
