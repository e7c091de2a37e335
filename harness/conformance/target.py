"""Find what is to be checked: the methods of a plugin's file, or one that is registered."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.conformance.report import LOAD, CheckResult, Finding, Verdict
from harness.core.registered import Registered
from harness.models.spec import MethodSpec
from harness.plugin import registry
from harness.plugin.import_file import import_file
from harness.system.plugin_code import contained
from harness.system.process_state import CHANGED_BY, settings_kept


@dataclass(frozen=True)
class Target:
    """Methods that are to be checked, and, and problems of the plugin that offers them."""

    name: str
    offers: Sequence[Registered[MethodSpec]]
    loading: CheckResult


def find(target: str) -> Target:
    """Load what is to be checked. Raises: HarnessError for an unknown name, and for a file that is not there."""
    started = time.perf_counter()
    if not (target.endswith(".py") or Path(target).is_file()):
        offer = registry.method(target)
        return Target(target, [offer], _loading(offer.plugin, started))
    path = Path(target)
    registry.plugins().add_file(path)
    offers = [offer for offer in registry.plugins().offers("methods").values() if offer.plugin == path.stem]
    for kind in registry.KINDS:
        registry.plugins().offers(kind)  # finds the problems that only show when the hooks are called
    return Target(
        path.name,
        offers,
        _loading(path.stem, started, path),
    )


def _loading(
    plugin: str,
    started: float,
    path: Path | None = None,
) -> CheckResult:
    findings = []
    for problem in registry.plugins().problems:
        if problem.plugin == plugin:
            findings.append(Finding(LOAD, problem.reason, place_of_problem(problem.reason, path) if path else ""))
    verdict: Verdict = "failed" if findings else "passed"
    return CheckResult(
        LOAD,
        verdict,
        round(time.perf_counter() - started, 3),
        tuple(findings),
    )


def place_of_problem(reason: str, path: Path) -> str:
    """Return the line of a plugin's file that a problem is about; the file alone where that is not known."""
    codes = [code for change, code in CHANGED_BY.items() if change in reason]
    codes += [f"def {word}(" for word in re.findall(r"\w+", reason)]
    error = _error_of_import(path)
    if error is None:
        line = _line_with([*codes, "def register_methods("], path)
    elif isinstance(error, SyntaxError):
        line = error.lineno
    else:
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
        line = own[-1].lineno if own else None
    return f"{path.name}:{line}" if line else path.name


def _error_of_import(path: Path) -> BaseException | None:
    """Import a plugin's file again, for the line where it fails."""
    try:
        with contained(), settings_kept([]):
            import_file(path)
    except Exception as error:
        return error
    return None


def _line_with(codes: Sequence[str], path: Path) -> int | None:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for code in codes:
        for number, line in enumerate(lines, 1):
            if code in line:
                return number
    return None
