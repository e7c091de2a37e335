"""What is wrong with a method, kept by the check that it is a matter of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.conformance.process_watch import ProcessWatch
from harness.conformance.report import Finding, Unmet
from harness.conformance.sources import Sources
from harness.jobs.failure import reason_of
from harness.models.backbone import Backbone
from harness.models.guard import BackboneChanged
from harness.models.method import Method
from harness.models.spec import MethodSpec
from harness.system.plugin_code import contained

WHERE = {  # check -> the function of a method that it is about
    **{"build": "__init__", "seed": "__init__", "encoder": "__init__", "prepare": "prepare"},
    **{"shapes": "forward", "finite": "forward", "logits": "forward", "deterministic": "forward"},
    **{"alone": "forward", "fit": "step", "single": "step", "resume": "step", "declared": "stages"},
    **{"gradients": "stages", "learns": "step", "again": "__init__", "weights": "__init__", "cost": "forward"},
}

DECLARED = ("settle", "worker")  # checks of what the spec says


class Examined:
    """A method whose code is run under watch.

    Attributes:
        spec: of the method.
        sources: its files.
        watch: over the process.
        found: findings by check, also of checks that are over.
        unmet: checks on which nothing can be built, and the one that failed.
        method: the last one that was built.
    """

    def __init__(self, spec: MethodSpec, sources: Sources) -> None:
        self.spec = spec
        self.sources = sources
        self.watch = ProcessWatch(sources)
        self.found: dict[str, list[Finding]] = {}
        self.unmet: dict[str, str] = {}
        self.method: Method | None = None

    @contextmanager
    def owned(self, check: str) -> Iterator[None]:
        """Run code of the method for a check: whatever it raises is a finding of that check.

        Raises:
            Unmet: it raised, now or before.
        """
        if check in self.unmet:
            raise Unmet(self.unmet[check])
        try:
            with contained(), self.watch.kept():
                yield
        except Unmet:
            raise
        except Exception as error:
            owner = "backbone" if isinstance(error, BackboneChanged) else check
            self.blame(
                owner,
                reason_of(error),
                self.sources.of_error(error),
            )
            self.unmet[check] = owner
            raise Unmet(owner) from error

    def blame(
        self,
        check: str,
        message: str,
        place: str = "",
    ) -> None:
        """Keep a finding; one that is known already is kept once."""
        finding = Finding(check, message, place or self.where(check))
        known = self.found.setdefault(check, [])
        if finding not in known:
            known.append(finding)

    def where(self, check: str) -> str:
        """Return the line that a check is about."""
        if check in DECLARED or self.method is None:
            hook = "register_backbones" if check == "encoder" else "register_methods"
            return self.sources.of_hook(hook) or self.sources.of_hook("register_methods")
        owner = type(self.method)
        return self.sources.of_function(owner, WHERE.get(check, "__init__"))

    def look_at(self, backbone: Backbone) -> None:
        """Compare the shared backbone with what it was: what changed it is told of by `backbone`, whoever looks."""
        try:
            backbone.check_guard()
        except BackboneChanged as error:
            self.blame("backbone", reason_of(error))
