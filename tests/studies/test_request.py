"""A study as a bench."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core import options
from harness.core.errors import HarnessError
from harness.core.frame_input import FrameInput
from harness.core.registered import Registered
from harness.core.request import flatten
from harness.plugin import registry
from harness.plugin.specs import StudyRow, StudySpec, score_columns
from harness.studies.request import as_bench, columns_for, runnable, study_named

SPEC = StudySpec(
    "s", "S", "P", ("Row",), score_columns("dfew"),
    (
        StudyRow(("a",), method="coop"),
        StudyRow(("b",), method="coop", variant="b", set={"context_tokens": 4}),
        StudyRow(("again",), method="coop", variant="b", set={"context_tokens": 4}),
        StudyRow(("reported",), (1.0, 2.0)),
        StudyRow(("not here",), method="nobodys"),
    ),
)  # fmt: skip


def offered() -> dict[str, StudySpec]:
    return {name: offer.spec for name, offer in registry.plugins().offers("studies").items()}


def test_rows_become_methods_and_variants_under_the_flags() -> None:
    request = as_bench(SPEC, {"folds": "1,2", "seeds": None, "set": {"coop": {"epochs": 3}}})
    assert request is not None
    assert (request.methods, request.datasets, request.folds, request.seeds) == (["coop"], ["dfew"], ["1", "2"], [1])
    assert [(v.name, v.method, v.set) for v in request.variant] == [("b", "coop", {"context_tokens": 4})]
    assert request.set == {"coop": {"epochs": 3}}


def test_a_row_may_have_a_backbone_and_a_recipe_of_its_own() -> None:
    row = StudyRow(("c",), method="coop", variant="c", backbone="ViT-L-14", recipe="long")
    request = as_bench(replace(SPEC, rows=(row,)), {})
    assert request is not None
    (variant,) = request.variant
    assert (variant.backbone, variant.recipe, variant.set) == ("ViT-L-14", "long", {})


def test_other_datasets_get_columns_of_their_own() -> None:
    request = as_bench(SPEC, {"datasets": "mafw"})
    assert request is not None
    assert request.datasets == ["mafw"]
    assert [(c.dataset, c.figure) for c in columns_for(SPEC, ["mafw", "dfew"])] == [
        ("dfew", "war"), ("dfew", "uar"), ("mafw", "war"), ("mafw", "uar"),
    ]  # fmt: skip


def test_a_study_with_nothing_to_run_is_no_bench() -> None:
    assert as_bench(replace(SPEC, rows=SPEC.rows[3:]), {}) is None
    assert as_bench(replace(SPEC, columns=()), {}) is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (StudyRow(("a", "b")), "row 'a / b': needs one label"),
        (StudyRow(("a",), (1.0,)), "one number a column"),
        (StudyRow(("a",), method="coop", set={"epochs": 1}), "options need a variant's name"),
        (StudyRow(("a",), method="coop", backbone="ViT-L-14"), "options need a variant's name"),
        (StudyRow(("c",), method="coop", variant="b", set={"epochs": 1}), "other options in another row"),
        (
            StudyRow(("c",), method="coop", variant="b", set={"context_tokens": 4}, backbone="ViT-L-14"),
            "other options in another row",
        ),
    ],
)
def test_a_study_that_contradicts_itself_is_an_error(
    row: StudyRow, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers = {"s": Registered(replace(SPEC, rows=(*SPEC.rows, row)), "mine", "")}
    monkeypatch.setattr(registry.plugins(), "offers", lambda kind: offers)
    with pytest.raises(HarnessError, match=message):
        study_named("s")


@pytest.mark.parametrize("name", offered())
def test_every_study_that_ships_is_sound(name: str) -> None:
    """Its methods are here, its options are ones they have, and its datasets are known."""
    spec = study_named(name)
    assert set(spec.datasets) <= set(registry.datasets())
    assert {row.method for row in spec.rows} <= {
        "",
        "biehpro",
        "biehpro-baseline",
        *registry.plugins().offers("methods"),
    }
    for row in runnable(spec):
        values = flatten(row.set)
        method = registry.method(row.method).spec
        own = {key: value for key, value in values.items() if not key.startswith("input.")}
        seen = {key.removeprefix("input."): value for key, value in values.items() if key.startswith("input.")}
        options.build(method.options, own, row.method)
        options.build(FrameInput, seen, row.method, base=method.input)
