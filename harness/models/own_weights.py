"""The weights that a method declares, as it is built with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from harness.core.errors import HarnessError, suggestion
from harness.models.public_weights import GivenWeights
from harness.models.weights_files import read_tensors


class OwnWeights:
    """Files of weights by the names that the method's spec declares, read as tensors when it asks for them.

    `given` is a file that the run gives, which is put into the method once it is built.
    """

    def __init__(
        self,
        files: Mapping[str, Path] | None = None,
        given: GivenWeights | None = None,
    ) -> None:
        """Take the files; None where only the method's structure is wanted, to count it or to put other weights in."""
        self._files = files
        self.given = given
        self.asked: set[str] = set()

    def read(self, name: str) -> dict[str, Tensor] | None:
        """Return the tensors of declared weights by name; None where only the structure is wanted, as for its cost.

        Raises:
            HarnessError: nothing of that name is declared, or the file holds no tensors.
        """
        if self._files is None:
            return None
        if name not in self._files:
            raise HarnessError(
                f"weights {name!r} are not declared in the method's spec; {suggestion(name, self._files)}"
            )
        self.asked.add(name)
        return read_tensors(self._files[name])

    @property
    def unread(self) -> list[str]:
        """Names that are declared and that nobody has asked for."""
        return [name for name in self._files or () if name not in self.asked]
