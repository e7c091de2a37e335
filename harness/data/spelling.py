"""One spelling for one class: words that differ in case, blanks or Unicode form are one; numbers are no words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from harness.core.text import natural_key
from harness.data.layouts.labels import KNOWN, noun

BLANKS = re.compile(r"[\s_\-\u200b\u2060\ufeff]+")  # all that separates words, or is not seen at all
CODE = r"[\W_]*(?:c|cls|class|label|emo|emotion|expr|expression|cat|category|id|no)[\W_]*\d[\d\W_]*"
NO_WORD = re.compile(rf"{CODE}|[\d\W_]+")
ALIKE = {  # noun -> words of another stem that many lists write for it
    "happiness": "joy joyful joyfulness delight",
    "sadness": "sorrow grief",
    "anger": "rage fury",
    "surprise": "astonishment amazement",
    "fear": "afraid scared scare",
    "neutral": "neutrality expressionless",
}


def spelling(word: str) -> str:
    """Return what equal classes share: compatibility form, no case, one blank between words."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    return BLANKS.sub(" ", folded).strip()


def class_names(words: Iterable[str]) -> dict[str, str]:
    """Return the class of each word of a list: the noun of a known expression, else its most frequent spelling.

    Args: the word of every clip.
    """
    counts = Counter(words)
    spelt: dict[str, str] = {}
    for word in sorted(counts, key=lambda word: (-counts[word], natural_key(word))):
        spelt.setdefault(_key(word), _plain(word))
    return {word: spelt[_key(word)] for word in counts}


def merged(names: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the classes that several words stand for, with the words."""
    words: dict[str, list[str]] = {}
    for word, name in sorted(names.items()):
        words.setdefault(name, []).append(word)
    return {name: found for name, found in words.items() if len(found) > 1}


def clashes(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of names that are one class by their spelling."""
    seen: dict[str, str] = {}
    pairs = []
    for name in names:
        key = _key(name)
        if key in seen:
            pairs.append((seen[key], name))
        seen.setdefault(key, name)
    return pairs


def likely_one(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of classes whose names mean the same, such as happiness and joy."""
    by_spelling = {spelling(name): name for name in names}
    pairs = []
    for known, others in ALIKE.items():
        pairs += [(by_spelling[known], by_spelling[o]) for o in others.split() if {known, o} <= by_spelling.keys()]
    return pairs


def no_words(names: Iterable[str]) -> list[str]:
    """Return names that a text encoder reads as a number or a code: "0", "2.0", "class_3"."""
    return [name for name in names if NO_WORD.fullmatch(name.casefold())]


def _key(word: str) -> str:
    return spelling(noun(spelling(word)))


def _plain(word: str) -> str:
    """Return how a class is called: its noun, or the word in composed form without blanks around it."""
    known = noun(spelling(word))
    composed = " ".join(unicodedata.normalize("NFC", word).split())
    return known if known in KNOWN else composed
