"""What a view's features depend on, and what not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.core.backbone_spec import BackboneId
from harness.core.frame_input import FrameInput
from harness.features.view import TEST, View

BACKBONE = BackboneId("ViT-B-32", "openai", "aa")
GIVEN = FrameInput(frames=8, size=224)
CHANGES: list[dict[str, Any]] = [
    {"frames": 9},
    {"size": 112},
    {"sampling": "tsn-legacy"},
    {"normalisation": "none"},
    {"duration": 2},
    {"base_size": 120},
    {"base_size": 120, "crop_size": 112},
]
AUGMENTED: list[dict[str, Any]] = [
    {"augmentation": ("flip",)},
    {"augmentation": ()},
    {"crop_scale": (0.5, 1.0)},
    {"colour_jitter": (0.4, 0.4, 0.4, 0.1)},
    {"rotation": 10.0},
]


def keys(given: FrameInput, backbone: BackboneId = BACKBONE, fingerprint: str = "f") -> tuple[str, list[str]]:
    tested = View.test(fingerprint, backbone, given)
    return tested.key, [view.key for view in View.training(fingerprint, backbone, given)]


def test_keys_are_repeatable_and_all_different() -> None:
    tested, trained = keys(GIVEN)
    assert keys(GIVEN) == (tested, trained)
    assert len({tested, *trained}) == 1 + GIVEN.views


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_encoder_sees_changes_every_key(change: dict[str, Any]) -> None:
    before, after = keys(GIVEN), keys(replace(GIVEN, **change))
    assert {before[0], *before[1]}.isdisjoint({after[0], *after[1]})


@pytest.mark.parametrize("change", AUGMENTED)
def test_augmentation_changes_the_training_keys_only(change: dict[str, Any]) -> None:
    before, after = keys(GIVEN), keys(replace(GIVEN, **change))
    assert before[0] == after[0]
    assert set(before[1]).isdisjoint(after[1])


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "g"},
        {"backbone": replace(BACKBONE, sha256="bb")},
        {"backbone": replace(BACKBONE, weights="openai.pt")},  # equal bytes, read with another activation
        {"backbone": replace(BACKBONE, name="ViT-B-32-quickgelu")},
    ],
)
def test_data_and_encoder_change_every_key(change: dict[str, Any]) -> None:
    before, after = keys(GIVEN), keys(GIVEN, **change)
    assert {before[0], *before[1]}.isdisjoint({after[0], *after[1]})


@pytest.mark.parametrize("views", [1, 2, 7])
def test_the_number_of_views_changes_no_key(views: int) -> None:
    many, few = keys(replace(GIVEN, views=7)), keys(replace(GIVEN, views=views))
    assert many[0] == few[0]
    assert many[1][:views] == few[1]


def test_training_views_are_numbered() -> None:
    given = replace(GIVEN, views=3)
    views = list(View.training("f", BACKBONE, given))
    assert [view.number for view in views] == [0, 1, 2]
    assert len({view.key for view in views}) == 3


def test_the_test_view_is_plain() -> None:
    view = View.test("f", BACKBONE, GIVEN)
    assert view.number == TEST
    assert view.input.augmentation == ()
    assert {View.test("f", BACKBONE, replace(GIVEN, **change)) for change in AUGMENTED} == {view}
