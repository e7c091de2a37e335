"""`harness conform`: whether a method keeps the contract, checked in seconds and without data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.exits import EXIT_FAILED_JOBS
from harness.cli.output import Json, PluginFiles, load_plugins, print_json, say, warn

if TYPE_CHECKING:
    from harness.conformance.report import CheckResult, Report

LONG = 60  # seconds, after which a small form is advised


def conform(
    targets: Annotated[list[str], typer.Argument(help="A plugin's Python file, or the name of a method; several too.")],
    plugin: PluginFiles = None,
    json_: Json = False,
) -> None:
    """Check that methods keep the contract, on tiny clips and with random weights: no data and no network are needed.

    Every method of a file is checked. Each is built, trained, stopped, resumed, stored and built again by the harness
    itself, in its small form: `demo` of its spec, and `small` over that. A line says what came of each check, and each
    finding where to mend it. Exits 1 if a check fails.

    Examples:

        harness conform my_method.py

        harness conform coop biehpro --json
    """
    from harness.core.lazy import quiet_imports

    with quiet_imports():
        from harness.conformance.conform import conform as check

    load_plugins(plugin)
    reports: list[Report] = []
    for target in targets:
        with redirect_stdout(sys.stderr):  # what plugins print must not mix with our facts
            reports += check(target, _tell)
    if json_:
        print_json({"ok": all(report.ok for report in reports), "methods": [report.to_json() for report in reports]})
    else:
        _show(reports)
    if not all(report.ok for report in reports):
        raise typer.Exit(EXIT_FAILED_JOBS)


def _tell(method: str, result: CheckResult) -> None:
    from harness.conformance.catalogue import MEANINGS

    told = "; ".join(result.notes) or MEANINGS[result.check]
    warn(f"{method}: {result.verdict:7} {result.check:13} {result.seconds:6.2f} s  {told}")


def _show(reports: Sequence[Report]) -> None:
    for report in reports:
        for finding in report.findings:
            say(f"{report.method}: {finding.check}: {finding}")
        if report.ok:
            made = sum(result.verdict == "passed" for result in report.results)
            say(f"{report.method}: {made} checks passed in {report.seconds:.1f} s")
        else:
            say(f"{report.method}: failed {', '.join(report.failed)}")
        if report.seconds > LONG:
            say(f"{report.method}: took long; give its spec a smaller form: small={{'input.frames': 4, …}}")
