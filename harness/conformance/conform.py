"""Check methods: those of a plugin's file, or one that is registered."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path

from harness.conformance.catalogue import CHECKS
from harness.conformance.check import Check
from harness.conformance.elsewhere import OtherProcess
from harness.conformance.report import LOAD, CheckResult, Report, Unmet, Verdict
from harness.conformance.room import Room
from harness.conformance.sources import Sources
from harness.conformance.specimen import Specimen
from harness.conformance.target import Target, find
from harness.core.errors import HarnessError
from harness.core.lazy import quiet_imports
from harness.core.registered import Registered
from harness.jobs.failure import reason_of
from harness.jobs.log import logged_to, warnings_kept
from harness.models import backbone as backbones
from harness.models.spec import MethodSpec
from harness.plugin import registry
from harness.system.device import reproducible

Tell = Callable[[str, CheckResult], None]


def conform(target: str, tell: Tell = lambda method, result: None) -> list[Report]:
    """Check a method, or every method of a plugin's file.

    Args:
        target: path of a Python file, or the name of a registered method.
        tell: called with the method and each result, as soon as it is there.

    Raises:
        HarnessError: there is no such file or method, or the file offers no method.
    """
    found = find(target)
    tell(found.name, found.loading)
    if not found.offers:
        if found.loading.verdict == "failed":
            return [Report(found.name, (found.loading,))]
        raise HarnessError(f"{target} offers no method; `harness conform` checks methods")
    with room() as place, closing(_other_process(found)) as other:
        return [check_method(offer, place, other, found.loading, tell) for offer in found.offers]


@contextmanager
def room() -> Iterator[Room]:
    """Give a room with a folder of its own. Backbones that were checked in are forgotten afterwards."""
    with quiet_imports():
        for name in ("open_clip", "fvcore.nn"):
            import_module(name)  # here, since importing it changes what of the process is watched
    with tempfile.TemporaryDirectory(prefix="harness-conform-", ignore_cleanup_errors=True) as folder:
        try:
            yield Room(Path(folder), registry.backbones(), registry.metrics())
        finally:
            backbones.forget()


def _other_process(found: Target) -> OtherProcess:
    return OtherProcess(registry.plugins().files, [offer.spec.name for offer in found.offers])


def check_method(
    offer: Registered[MethodSpec],
    place: Room,
    other: OtherProcess,
    loading: CheckResult,
    tell: Tell,
) -> Report:
    """Make every check of one method.

    Args:
        offer: the method.
        place: where it is checked.
        other: a process that has loaded the same plugins.
        loading: what came of loading its plugin.
        tell: called with each result.
    """
    plugin = registry.plugins().manager.get_plugin(offer.plugin)
    specimen = Specimen(
        offer,
        place,
        Sources(offer, plugin),
        other.difference,
    )
    results = {LOAD: loading}
    for check in CHECKS:
        results[check.name] = checked(check, specimen)
        tell(offer.spec.name, results[check.name])

    # What a later check found for one that was over.
    for name, result in results.items():
        late = tuple(finding for finding in specimen.found.get(name, ()) if finding not in result.findings)
        if late:
            results[name] = CheckResult(
                name,
                "failed",
                result.seconds,
                (*result.findings, *late),
                result.notes,
            )
            tell(offer.spec.name, results[name])
    return Report(offer.spec.name, tuple(results.values()))


def checked(check: Check, specimen: Specimen) -> CheckResult:
    """Make one check."""
    started = time.perf_counter()
    notes: list[str] = []
    skipped = False
    try:
        kept = specimen.watch.surroundings()  # of whatever a check calls of the method by itself
        with reproducible(threads=1), kept, warnings_kept([]), logged_to(specimen.room.folder / "log.txt"):
            if check.trains and not specimen.trains:
                notes, skipped = ["nothing is trained"], True
            else:
                notes = [note.text for note in check.look(specimen)]
    except Unmet as unmet:
        skipped = check.name not in specimen.found
        notes = [str(unmet)] * skipped
    except Exception as error:
        specimen.blame(
            check.name,
            reason_of(error),
            specimen.sources.of_error(error),
        )
    findings = tuple(specimen.found.get(check.name, ()))
    verdict: Verdict = "failed" if findings else "skipped" if skipped else "passed"
    return CheckResult(
        check.name,
        verdict,
        round(time.perf_counter() - started, 3),
        findings,
        tuple(notes),
    )
