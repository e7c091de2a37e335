"""Names that become folders are looked at before the first job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.errors import BadOption, HarnessError
from harness.planning.names import check_names
from harness.results.store import Store
from helpers.stored import JOB


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "m" * 256}, "the method 'mmm.* make a folder whose name has 256 bytes, and file systems take 255"),
        ({"method": "\u8138" * 29}, "the method .* has 261 bytes"),
        ({"dataset": "d" * 256}, "the dataset"),
        ({"fold": "f" * 250}, "the fold"),
    ],
)
def test_a_name_that_no_file_system_takes_is_refused(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        check_names([replace(JOB, **changes)], Store(tmp_path))  # type: ignore[arg-type]


def test_the_longest_name_that_is_taken_makes_a_folder(tmp_path: Path) -> None:
    job = replace(JOB, method="m" * 255, dataset="d" * 255)
    store = Store(tmp_path)
    check_names([job], store)
    with store.draft(job) as draft:
        (draft / "result.json").write_text("{}")
    assert (store.folder(job) / "result.json").is_file()


def test_a_path_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadOption, match=r"paths of results would have 4,\d{3} bytes, over 4,095; shorten --out"):
        check_names([JOB], Store(Path("/".join(["o" * 200] * 20))))


def test_results_are_not_written_below_a_name_of_another_coding() -> None:
    with pytest.raises(HarnessError, match="this name is not UTF-8"):
        Store(Path("h\udce4nde"))
