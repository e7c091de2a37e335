"""One spelling for one class, and names that are no words."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from harness.data.spelling import clashes, class_names, likely_one, merged, no_words

words = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=12)


@given(words)
def test_blanks_and_unicode_forms_make_no_other_class(word: str) -> None:
    forms = [word, f" {word}", unicodedata.normalize("NFD", word), unicodedata.normalize("NFC", word)]
    assert len(set(class_names(forms).values())) == 1


@given(st.lists(words, min_size=1, max_size=20))
def test_every_word_has_one_class_and_no_two_classes_are_one(given_words: list[str]) -> None:
    names = class_names(given_words)
    assert names.keys() == set(given_words)
    assert not clashes(sorted(set(names.values())))


def test_known_expressions_are_nouns_and_others_as_most_write_them() -> None:
    names = class_names(["Neutral", "HAPPY", "happiness", "Very Happy", "very_happy", "very_happy"])
    assert names == {
        "Neutral": "neutral",
        "HAPPY": "happiness",
        "happiness": "happiness",
        "Very Happy": "very_happy",
        "very_happy": "very_happy",
    }
    assert merged(names) == {"happiness": ["HAPPY", "happiness"], "very_happy": ["Very Happy", "very_happy"]}


def test_numbers_and_codes_are_no_words() -> None:
    codes = ["0", "2.0", "-1", "c3", "class_4", "label 5", "?"]
    assert no_words(codes) == codes
    assert no_words(["happiness", "class", "no", "type 2 fear", "\u60b2\u3057\u307f"]) == []


def test_words_of_one_meaning_are_doubted() -> None:
    assert likely_one(["happiness", "joy", "fear"]) == [("happiness", "joy")]
    assert likely_one(["joy", "fear"]) == []
