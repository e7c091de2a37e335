"""What is imported is declared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
OWN = {"harness", "harness_plugins"}


def plain(requirement: str) -> str:
    """Name of a requirement, as package indexes compare names."""
    name = re.split(r"[\\[<>=! ]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = (requirement for extra in project["optional-dependencies"].values() for requirement in extra)
    return {plain(requirement) for requirement in (*project["dependencies"], *extras)}


def imported() -> set[str]:
    """Top-level packages that the harness or a plugin imports anywhere."""
    names: set[str] = set()
    for file in [*(ROOT / "harness").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
    return names - OWN - sys.stdlib_module_names


def test_every_import_is_of_a_declared_package() -> None:
    offered = packages_distributions()
    known = declared()
    found = imported()
    assert {"torch", "open_clip", "rich"} <= found
    missing = {name for name in found if not {plain(d) for d in offered.get(name, [name])} & known}
    assert missing - {"wandb"} == set()  # wandb is an extra of its own, which tests do not install
    assert "wandb" in known
