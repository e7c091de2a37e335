"""Weights that others trained, put into a method by the table of their names.

Authors' weights are all of a trained network, which is then only tested. Pretrained ones are where its training starts:
all but the head, whose shape depends on the number of classes; or the trunk alone, where a method says what is behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import BadOption
from harness.core.public_keys import PublicKeys
from harness.core.text import first_few
from harness.core.weights_spec import AUTHORS
from harness.models.weights_files import read_tensors

if TYPE_CHECKING:
    from torch import Tensor

CONTAINERS = ("state_dict", "model_state_dict", "model")
PREFIX = "module."
COUNTER = "num_batches_tracked"  # of a normalisation; files of an old torch have none, and nothing reads it in testing
NAMED = 4  # keys that an error names of each kind


@dataclass(frozen=True)
class GivenWeights:
    """A file for one method: all that its authors trained, or what its training starts from."""

    kind: str  # `AUTHORS` or `PRETRAINED`
    path: Path

    def put_into(
        self,
        own: Mapping[str, Tensor],
        keys: PublicKeys | None,
        method: str,
    ) -> None:
        """Put the tensors of the file into a method.

        Args:
            own: the method's parameters and buffers by name.
            keys: how public names become those; None: they are the same.
            method: its name, for errors.

        Raises:
            BadOption: a key is unknown or missing, or a tensor of another shape or not finite; names them.
            HarnessError: the file holds anything but tensors.
        """
        keys = keys or PublicKeys()
        found = dict(_renamed(self.path, keys))
        whole = self.kind == AUTHORS
        wanted = {name for name in own if whole or not keys.is_of_head(name)}
        if not whole:
            found = {name: told for name, told in found.items() if not keys.is_of_head(name)}
            if not any(map(keys.is_behind, found)):  # a file of the trunk alone
                wanted = {name for name in wanted if not keys.is_behind(name)}
        faults = list(_faults({name: own[name] for name in wanted}, found, keys))
        if faults:
            raise BadOption(f"{self.path}: does not fit method {method!r}: {'; '.join(faults)}")
        for name, (_, tensor) in found.items():
            own[name].detach().copy_(tensor)


def _renamed(path: Path, keys: PublicKeys) -> Iterator[tuple[str, tuple[str, Tensor]]]:
    """Yield the method's name of each tensor of a file, with the public one. Raises: BadOption where two become one."""
    seen: dict[str, str] = {}
    for public, tensor in read_tensors(path, CONTAINERS).items():
        own = keys.own_name(public.removeprefix(PREFIX))
        if own is None:
            continue
        if own in seen:
            raise BadOption(f"{path}: {seen[own]} and {public} would both become {own}")
        seen[own] = public
        yield own, (public, tensor)


def _faults(
    wanted: Mapping[str, Tensor],
    found: Mapping[str, tuple[str, Tensor]],
    keys: PublicKeys,
) -> Iterator[str]:
    unknown = [public for name, (public, _) in found.items() if name not in wanted]
    missing = [name for name in wanted if name not in found and not _may_lack(name, keys)]
    shared = [(public, tensor, wanted[name]) for name, (public, tensor) in found.items() if name in wanted]
    plain = [one for one in shared if _holds_plain_numbers(one[1])]
    misshapen = [
        f"{public} {tuple(tensor.shape)} instead of {tuple(own.shape)}"
        for public, tensor, own in plain
        if tensor.shape != own.shape
    ]
    # A few bytes can claim any shape, so numbers are looked at only where there are as many as there have to be.
    fitting = [(public, tensor) for public, tensor, own in plain if tensor.shape == own.shape]
    odd = [public for public, tensor in fitting if not tensor.isfinite().all()]
    for text, names in (
        ("unknown keys", unknown),
        ("missing keys", missing),
        ("other shapes", misshapen),
        ("numbers that are not finite in", odd),
        ("no plain numbers in", [public for public, tensor, _ in shared if not _holds_plain_numbers(tensor)]),
    ):
        if names:
            yield f"{text} {_few(names)}"


def _holds_plain_numbers(tensor: Tensor) -> bool:
    """Return whether a tensor holds real numbers one by one: not sparse, quantised, complex or without storage."""
    import torch

    laid_out = tensor.layout == torch.strided and tensor.device.type == "cpu"
    return laid_out and not tensor.is_quantized and not tensor.is_complex()


def _may_lack(name: str, keys: PublicKeys) -> bool:
    return name.endswith(COUNTER) or keys.is_made_here(name)


def _few(names: Iterable[str]) -> str:
    return first_few(sorted(names), NAMED)
