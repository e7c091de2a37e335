"""Methods of one fault each: the check that is named after the fault has to find it. On sound ones nothing is found."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harness.conformance.catalogue import CHECKS
from harness.conformance.conform import check_method, room
from harness.conformance.elsewhere import OtherProcess
from harness.conformance.report import LOAD, CheckResult, Report
from harness.plugin import registry
from helpers import faulty
from helpers.commands import forget

FILE = Path(faulty.__file__)
FAST = ("Unused", "SeedsTorch", "FrozenHead")  # each takes three seconds; the others are slow together


@pytest.fixture(scope="module")
def check() -> Iterator[Any]:
    """Check one method of the plugin, in a room that all of them share."""
    registry.plugins().add_file(FILE)
    loading = CheckResult(LOAD, "passed", 0.0)
    names = [*faulty.FAULTS, *faulty.SOUND]
    with room() as place, closing(OtherProcess([FILE], names)) as other:

        def run(name: str) -> Report:
            return check_method(registry.method(name), place, other, loading, lambda method, result: None)

        yield run
    forget("faulty")


def slowly(names: Any) -> list[Any]:
    return [pytest.param(name, marks=() if name in FAST else pytest.mark.slow, id=name) for name in names]


@pytest.mark.parametrize("name", slowly(faulty.FAULTS))
def test_the_check_named_after_a_fault_finds_it(name: str, check: Any) -> None:
    report = check(name)
    named = faulty.FAULTS[name]
    (result,) = [result for result in report.results if result.check == named]
    assert result.verdict == "failed", report.failed
    assert result.findings
    for finding in result.findings:
        assert finding.check == named
        assert re.fullmatch(r"faulty\.py:\d+", finding.place), finding


@pytest.mark.parametrize("name", slowly(faulty.SOUND))
def test_nothing_is_found_on_a_sound_method(name: str, check: Any) -> None:
    report = check(name)
    assert report.findings == ()
    assert report.ok


def test_there_is_a_fault_for_every_check() -> None:
    assert len(faulty.FAULTS) >= 40
    assert {check.name for check in CHECKS} - set(faulty.FAULTS.values()) == {"order"}  # which is said only


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(FILE.read_text().splitlines(), 1) if text in line)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("RaisesWhenBuilt", "options.widht"),
        ("StepRaises", "batch.label)"),
        ("SeedsTorch", "torch.manual_seed(0)"),
        ("SetsThreads", "torch.set_num_threads("),
        ("SetsEnvironment", 'os.environ["CUDA'),
        ("ReplacesRelu", "F.relu ="),
        ("RefusesBlank", 'ValueError("a blank clip")'),
    ],
)
def test_a_finding_names_the_line_to_mend(name: str, line: str, check: Any) -> None:
    places = [finding.place for finding in check(name).findings if finding.check == faulty.FAULTS[name]]
    assert places == [f"faulty.py:{line_of(line)}"]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "told"), [("FrozenHead", "order-blind"), ("Recurrent", "sees the order of frames")])
def test_whether_the_order_of_frames_matters_is_said(name: str, told: str, check: Any) -> None:
    (order,) = [result for result in check(name).results if result.check == "order"]
    assert (order.verdict, len(order.notes)) == ("passed", 1)
    assert told in order.notes[0]


@pytest.mark.slow
def test_what_cannot_be_checked_says_why(check: Any) -> None:
    report = check("UnknownPrefix")
    skipped = {result.check: result.notes for result in report.results if result.verdict == "skipped"}
    assert report.failed == ("fit",)
    assert skipped["resume"] == ("since fit failed",)
    assert "fit" not in skipped


@pytest.mark.slow
def test_what_a_method_changes_of_the_process_is_put_back(check: Any) -> None:
    import torch

    def now() -> tuple[Any, ...]:
        settings = torch.get_num_threads(), torch.get_float32_matmul_precision(), torch.nn.functional.relu
        return (*settings, signal.getsignal(signal.SIGINT))

    before = now()
    for name in ("SetsThreads", "SetsPrecision", "ReplacesRelu", "HandlesSignals"):
        check(name)
    assert before == now()
