"""Prompts as they were written: a tokenizer that refuses what open_clip's would cut short without a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from harness.core.errors import HarnessError

SHOWN = 60  # characters of a prompt that an error shows
MARKS = 2  # tokens beside the words: start and end


class WholePrompts:
    """A tokenizer, which it is for whoever asks, that raises HarnessError for a text longer than the tower takes."""

    def __init__(self, tokenizer: Callable[..., Tensor]) -> None:
        self.tokenizer = tokenizer

    def __call__(self, texts: str | Sequence[str]) -> Tensor:
        """Map texts to token ids (P, L). Raises: HarnessError naming the text that is too long."""
        ids = self.tokenizer(texts)
        for row, text in zip(ids, [texts] if isinstance(texts, str) else texts, strict=True):
            self._check(row, text)
        return ids

    def _check(self, row: Tensor, text: str) -> None:
        """Compare the ids (L,) of a text with those that it has where there is room."""
        room = len(row) + 2 * len(text.encode()) + MARKS  # a token stands for a byte at least
        try:
            (whole,) = self.tokenizer([text], context_length=room)
        except TypeError:  # a plugin's own, which has one length
            return
        words = int((whole != whole[-1]).nonzero()[-1]) + 1  # the last is what fills up
        if words > len(row):
            shown = text if len(text) <= SHOWN else text[:SHOWN] + "\N{HORIZONTAL ELLIPSIS}"
            raise HarnessError(
                f"the prompt {shown!r} has {words} tokens, start and end included, and the text tower takes "
                f"{len(row)}: shorten the name of the class or the words around it"
            )

    def __setattr__(self, name: str, value: Any) -> None:
        """Set what is the tokenizer's there, where a change is noticed."""
        if name == "tokenizer":
            super().__setattr__(name, value)
        else:
            setattr(self.tokenizer, name, value)

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the tokenizer has, such as its decoder."""
        if name == "tokenizer" or name.startswith("__"):  # asked by those who copy or load it
            raise AttributeError(name)
        return getattr(self.tokenizer, name)
