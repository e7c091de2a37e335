"""How the names in a public state dict become a method's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class PublicKeys:
    """The names of the tensors in the files that a network's authors publish, against those of the method here.

    A prefix `module.` and a container (`state_dict`, `model_state_dict`, `model`) are taken off before. No tensor is
    changed, so a method gives its parameters the shapes that the public ones have. An expression matches a whole key.

    Attributes:
        renames: pairs of a regular expression for public keys and what makes of one the key in
            `method.state_dict()`, as `re.Match.expand` takes it; the first that matches counts, and a key that none
            matches keeps its name.
        left_out: expressions for public keys that have no counterpart here.
        made_here: expressions for keys of the method that public files never hold.
        head: modules of the method whose shape depends on the number of classes.
        behind: modules of the method behind a trunk that others publish by itself. A file that training starts from may
            lack all of them together, and they are drawn as ever.

    Raises:
        ValueError: one is no regular expression.
    """

    renames: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    made_here: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for expression in (*(public for public, _ in self.renames), *self.left_out, *self.made_here):
            try:
                re.compile(expression)
            except re.error as error:
                raise ValueError(f"public key {expression!r} is no regular expression: {error}") from error

    def own_name(self, public: str) -> str | None:
        """Return the method's name of a public key; None for one that has no counterpart."""
        if _fits(self.left_out, public):
            return None
        for expression, own in self.renames:
            found = re.fullmatch(expression, public)
            if found:
                return found.expand(own)
        return public

    def is_made_here(self, own: str) -> bool:
        """Return whether public files never hold a key of the method."""
        return _fits(self.made_here, own)

    def is_of_head(self, own: str) -> bool:
        """Return whether a key of the method belongs to a module that depends on the number of classes."""
        return _lies_in(self.head, own)

    def is_behind(self, own: str) -> bool:
        """Return whether a key of the method belongs to a module that a file of its trunk alone does not hold."""
        return _lies_in(self.behind, own)


def _lies_in(modules: Iterable[str], name: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _fits(expressions: Iterable[str], name: str) -> bool:
    return any(re.fullmatch(expression, name) for expression in expressions)
