"""Names in public state dicts."""

from __future__ import annotations

import pytest

from harness import PublicKeys

KEYS = PublicKeys(
    renames=((r"s_former\.(.*)", r"trunk.\1"), (r"s_former\.conv1", "never"), ("fc", "head")),
    left_out=(r".*\.unused",),
    made_here=(r"table\..*",),
    head=("head", "other.head"),
)


@pytest.mark.parametrize(
    ("public", "own"),
    [
        ("s_former.conv1", "trunk.conv1"),  # the first that fits counts
        ("fc", "head"),
        ("fc.weight", "fc.weight"),  # an expression fits a whole key or not at all
        ("layer.0.unused", None),
        ("unused.weight", "unused.weight"),
    ],
)
def test_a_key_takes_the_first_name_that_fits(public: str, own: str | None) -> None:
    assert KEYS.own_name(public) == own


def test_it_knows_what_is_of_the_head_and_what_no_file_holds() -> None:
    named = ("head", "head.weight", "header.weight", "other.head.bias", "other.bias")
    assert [KEYS.is_of_head(name) for name in named] == [True, True, False, True, False]
    assert [KEYS.is_made_here(name) for name in ("table.x", "tables", "table")] == [True, False, False]


def test_an_expression_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"public key '\(' is no regular expression"):
        PublicKeys(left_out=("(",))
