"""Methods as another process finds them. Run as a program, this file is that other process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

from harness.conformance.small import small_form
from harness.core.digest import digest
from harness.core.lazy import load_object
from harness.core.registered import Registered
from harness.core.text import first_line
from harness.models.spec import MethodSpec
from harness.plugin import registry


def described(offer: Registered[MethodSpec]) -> str:
    """Return a hash of what a job of a method depends on."""
    values, given = small_form(offer.spec)
    if isinstance(offer.spec.build, str):
        load_object(offer.spec.build)
    return digest([offer.spec.version, offer.source_sha256, values, asdict(given)])


class OtherProcess:
    """A process that loads the same plugins, started at once and asked later, since starting takes seconds."""

    def __init__(
        self,
        files: Sequence[Path],
        methods: Sequence[str],
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.conformance.elsewhere", json.dumps([list(map(str, files)), list(methods)])],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    @cached_property
    def _found(self) -> dict[str, str]:
        text, _ = self._process.communicate()
        try:
            found: dict[str, str] = json.loads(text)
        except ValueError:
            return {}
        return found

    def difference(self, offer: Registered[MethodSpec]) -> str:
        """Say how a method differs in the other process; nothing if it does not."""
        found = self._found.get(offer.spec.name, "the process ended before it could say")
        if found == described(offer):
            return ""
        if " " in found:
            return f"another process cannot load it: {found}"
        return (
            "another process finds another method: its options, its input, its version or its source differ from one "
            "process to the next"
        )

    def close(self) -> None:
        """End the process if nobody asked it."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def main() -> None:
    """Load plugins, and print what is found of methods as JSON."""
    files, methods = json.loads(sys.argv[1])
    found = {}
    with redirect_stdout(sys.stderr):
        registry.plugins().add_files(map(Path, files))
        for name in methods:
            try:
                found[name] = described(registry.method(name))
            except Exception as error:
                found[name] = f"{type(error).__name__}: {first_line(error)}"
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
