"""Names for clips of one's own: which are taken, which are slips, and who reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.core.errors import HarnessError
from harness.plugin import registry
from harness.plugin.own_datasets import reader_for, with_own


@pytest.fixture(autouse=True)
def no_names() -> Iterator[None]:
    yield
    registry.plugins().dataset_names.clear()


def test_a_named_dataset_is_the_folder_dataset_under_another_name() -> None:
    spec = registry.name_dataset("films")
    assert (spec.name, spec.title, spec.reader) == ("films", "films", "folder")
    assert registry.dataset("films").read == registry.dataset("folder").read
    assert list(registry.datasets())[-1] == "films"
    assert registry.name_dataset("films") == spec


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dfew", "a plugin offers"),
        ("folder", "a plugin offers"),
        ("dfwe", "did you mean 'dfew'"),
        ("DFEW", "did you mean 'dfew'"),
        ("my films", "cannot name a dataset"),
        ("../films", "cannot name a dataset"),
        (".films", "cannot name a dataset"),
        ("all", "cannot name a dataset"),
        ("", "cannot name a dataset"),
    ],
)
def test_names_that_are_refused(name: str, said: str) -> None:
    with pytest.raises(HarnessError, match=said):
        registry.name_dataset(name)
    assert name not in registry.plugins().dataset_names


def test_the_reader_is_asked_for_where_there_are_several() -> None:
    folder = registry.dataset("folder")
    offered = {"folder": folder, "tapes": replace(folder, name="tapes"), "dfew": registry.dataset("dfew")}
    with pytest.raises(HarnessError, match="--reader with one of folder, tapes"):
        reader_for("films", "", offered)
    with pytest.raises(HarnessError, match="'dfew' cannot read 'films'"):
        reader_for("films", "dfew", offered)
    assert reader_for("films", "tapes", offered) == "tapes"
    assert "films" not in with_own(offered, {"films": "nobody"})
