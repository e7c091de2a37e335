"""Hashes of plain data, and what later fields do to them."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

from harness.core.digest import FIRST_FIELDS, digest, first_form
from harness.core.frame_input import FrameInput


def stored(given: FrameInput) -> dict[str, object]:
    return dict(json.loads(json.dumps(asdict(given))))


def test_a_stored_input_takes_its_first_form() -> None:
    found = first_form(FrameInput, stored(FrameInput(frames=8)))
    assert set(found) == FIRST_FIELDS["FrameInput"]
    assert first_form(FrameInput, found) == found


def test_what_is_not_at_its_default_stays() -> None:
    given = FrameInput(mean=(0.5,) * 3, std=(0.5,) * 3, test_flip=True)
    found = first_form(FrameInput, stored(given))
    assert set(found) == {*FIRST_FIELDS["FrameInput"], "mean", "std", "test_flip"}


def test_digests_agree_with_first_forms() -> None:
    for given in (FrameInput(), FrameInput(padding="first"), FrameInput(test_clips=2, code="a" * 12)):
        assert digest(given) == digest(first_form(FrameInput, stored(given)))
    assert {f.name for f in fields(FrameInput)} > FIRST_FIELDS["FrameInput"]
