"""The parts of a split, in the words of lists and folders."""

from __future__ import annotations

WORDS = {
    "train": "train training trainset train_set trn learn",
    "test": "test testing testset test_set tst eval evaluation",
    "val": "val valid validate validation valset val_set validset dev devel development",
}
SIDES = {word: side for side, words in WORDS.items() for word in words.split()}


def side_of(word: str) -> str:
    """Return train, test or val; nothing for a word that is the name of a fold, or of a class."""
    return SIDES.get(word.strip().lower(), "")
