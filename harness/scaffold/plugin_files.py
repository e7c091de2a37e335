"""The files of a new plugin, filled in from templates. What is there already is never written over."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from harness.core.errors import HarnessError

Offer = Literal["method", "dataset", "metric", "backbone"]
Kind = Literal["frozen", "tower", "pixels", "training-free"]  # of a method

TEMPLATES = Path(__file__).with_name("templates")
DEMO = "--datasets dfew --folds 1"


@dataclass(frozen=True)
class NewPlugin:
    """A plugin that is to be written.

    Attributes:
        offer: what it offers.
        name: of that, and of its file.
        kind: of a method.
        package: whether it gets a folder and a `pyproject.toml` of its own.
    """

    offer: Offer
    name: str
    kind: Kind = "frozen"
    package: bool = False

    @property
    def method(self) -> str:
        """Name of the method that shows it; empty if it offers none."""
        return {"method": self.name, "backbone": f"{self.name}_head"}.get(self.offer, "")

    def files(self, folder: Path) -> dict[Path, str]:
        """Return the files to be written below a folder, with their text."""
        place = folder / self.name if self.package else folder
        source = f"method-{self.kind}" if self.offer == "method" else self.offer
        wanted = {f"{self.name}.py": source, f"test_{self.name}.py": f"test-{self.offer}"}
        if self.package:
            wanted["pyproject.toml"] = "pyproject"
        return {place / file: self._filled(template) for file, template in wanted.items()}

    def write(self, folder: Path) -> list[Path]:
        """Write the plugin and its test, and return the files.

        Raises:
            HarnessError: one of them is there already.
        """
        files = self.files(folder)
        for path in files:
            if path.exists():
                raise HarnessError(f"{path} is there already, and is not written over; choose another name or folder")
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return list(files)

    def commands(self, folder: Path) -> list[str]:
        """Return the two commands to run next."""
        file, test = (path for path in list(self.files(folder))[:2])
        plugin = "" if self.package else f" --plugin {file}"
        run = f"harness bench --demo{plugin} --methods {self.method or 'zero-shot-clip'} {DEMO}"
        first = f"pip install -e {file.parent}" if self.package else f"pytest {test}"
        if self.offer == "dataset":
            listing = f"harness list datasets{plugin}"
            return [first, listing]
        if not self.method:
            return [first, run]
        conform = f"harness conform {self.method if self.package else file}"
        return [f"{first} && {conform}", run] if self.package else [conform, run]

    def _filled(self, template: str) -> str:
        text = (TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
        for mark, value in self._values().items():
            text = text.replace(f"@{mark}@", value)
        used = text.count("Path") > 1  # beside its import
        return text if used else text.replace("from pathlib import Path\n\n", "")

    def _values(self) -> Mapping[str, str]:
        here = f'Path(__file__).with_name("{self.name}.py")'
        return {
            "name": self.name,
            "Class": "".join(part[:1].upper() + part[1:] for part in self.name.split("_")),
            "dashed": self.name.replace("_", "-"),
            "target": f'"{self.method}"' if self.package else here,
            "plugin": "" if self.package else f"\n        plugin=[{here}],",
        }


def check_name(name: str) -> None:
    """Look at the name of a new plugin. Raises: HarnessError with one that will do."""
    if not name.isidentifier() or not name.isascii():
        fixed = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
        fixed = fixed if fixed[:1].isalpha() else f"my_{fixed}".rstrip("_")
        raise HarnessError(f"{name!r} is no name that Python can import; {_instead(fixed)}")
    instead = f"my_{name.strip('_')}"
    if keyword.iskeyword(name) or name.startswith("_"):
        raise HarnessError(f"{name!r} cannot be the name of a plugin; {_instead(instead)}")
    if find_spec(name) is not None:
        raise HarnessError(f"{name!r} is a module on this machine, which {name}.py would hide; {_instead(instead)}")


def check_kind(offer: Offer, kind: Kind | None) -> None:
    """Look at what is to be offered. Raises: HarnessError for a kind of what has none."""
    if kind is not None and offer != "method":
        raise HarnessError(f"--kind {kind} is of methods; leave it out for a {offer}")


def _instead(name: str) -> str:
    return f"write {name}"
