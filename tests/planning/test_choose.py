"""What a request names, looked up."""

from __future__ import annotations

import pytest

from harness.core.errors import BadOption
from harness.planning.choose import class_names
from harness.plugin import registry


@pytest.mark.parametrize("dataset", ["dfew", "mafw"])
def test_as_many_class_names_as_a_dataset_has_are_its_own(dataset: str) -> None:
    names = registry.dataset(dataset).class_names
    assert class_names(len(names)) == names


def test_more_class_names_than_any_dataset_has_are_refused() -> None:
    with pytest.raises(BadOption, match="--classes 12: no registered dataset has more than 11"):
        class_names(12)
