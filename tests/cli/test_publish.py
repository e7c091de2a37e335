"""`harness publish`, where it is about the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.commands import Invoke
from helpers.planted import Planted, TestSet


def test_rows_link_the_pages_of_their_methods(invoke: Invoke, tmp_path: Path) -> None:
    planted = Planted(tmp_path / "runs")
    planted.row("coop", on=TestSet("ferv39k", "1", clips=30))
    address = "https://example.org/methods/{method}.html"
    assert invoke("publish", "site", "--runs", planted.root, "--method-pages", address).code == 0
    (page,) = (tmp_path / "site" / "rows").iterdir()
    assert 'href="https://example.org/methods/coop.html"' in page.read_text()


@pytest.mark.parametrize("address", ["https://example.org/", "javascript:alert('{method}')", "https://a b/{method}"])
def test_an_address_without_a_place_for_the_name_is_refused(invoke: Invoke, tmp_path: Path, address: str) -> None:
    answer = invoke("publish", "site", "--runs", tmp_path, "--method-pages", address)
    assert answer.code == 2
    assert "give an address that holds {method}" in answer.err
