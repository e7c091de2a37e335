"""Datasets of one's own: a name, read by a dataset that leaves classes and folds open."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from harness.core.dataset_spec import DatasetSpec
from harness.core.errors import BadOption, UnknownName

ALIKE = 0.75  # of the letters of two names, from which one is taken for a slip
LETTERS = frozenset("-_.+")  # beside letters and digits


def with_own(offered: Mapping[str, DatasetSpec], names: Mapping[str, str]) -> dict[str, DatasetSpec]:
    """Return what plugins offer, and each named dataset. Args: name -> reader; those without a reader here are left."""
    own = {}
    for name, reader in names.items():
        if reader in offered and name not in offered:
            own[name] = replace(
                offered[reader],
                name=name,
                title=name,
                reader=reader,
            )
    return {**offered, **own}


def reader_for(
    name: str,
    reader: str,
    offered: Mapping[str, DatasetSpec],
) -> str:
    """Return the dataset that reads one's own dataset of this name.

    Args:
        name: new, or given before.
        reader: asked for; empty: the only one there is.
        offered: what plugins offer.

    Raises:
        BadOption: the name cannot be one, or several datasets could read it.
        UnknownName: it looks like a slip of an offered name.
    """
    _check(name, offered)
    readers = [spec.name for spec in offered.values() if spec.is_open]
    if reader and reader not in readers:
        raise BadOption(f"{reader!r} cannot read {name!r}; datasets with open classes are {', '.join(readers)}")
    if not reader and len(readers) != 1:
        raise BadOption(f"who reads {name!r}? Say --reader with one of {', '.join(readers)}")
    return reader or readers[0]


def _check(name: str, offered: Mapping[str, DatasetSpec]) -> None:
    if name in offered:
        raise BadOption(f"{name!r} is a dataset that a plugin offers; choose another name for yours")
    slip = difflib.get_close_matches(
        name.lower(),
        [known.lower() for known in offered],
        1,
        ALIKE,
    )
    if slip:
        raise UnknownName(f"unknown dataset {name!r}; did you mean {slip[0]!r}? Yours needs a name less like it")
    plain = all(letter.isalnum() or letter in LETTERS for letter in name)
    if not name or not plain or not name[0].isalnum() or name == "all":
        raise BadOption(f"{name!r} cannot name a dataset; use letters, digits, '-', '_', '.' or '+', a letter first")
