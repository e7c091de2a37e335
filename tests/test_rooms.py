"""The rooms of the harness: imports point down, types too; only doors ask the registry; no import runs in a circle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "harness"
FLOORS = (  # from the ground up; rooms of one floor do not know each other
    ("core",),
    ("system", "statistics", "video"),
    ("data", "models", "results"),
    ("features", "cost", "demo", "plugin", "leaderboard"),
    ("training", "planning", "studies", "rescoring", "submission"),
    ("jobs",),
    ("execution", "analysis", "conformance"),
    ("verification", "api", "testing"),
    ("cli", "__init__"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
DOORS = {"planning", "execution", "studies", "analysis", "conformance", "verification", "api", "cli"}
REGISTRY = "harness.plugin.registry"
FILES = sorted(HOUSE.rglob("*.py"))
MODULE = re.compile(r"harness(\.[a-z_0-9]+)+")


def module_of(file: Path) -> str:
    parts = ("harness", *file.relative_to(HOUSE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file): file for file in FILES}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Line and module of every import of the harness: for types, in functions, and as text ("harness.x:y") too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "harness":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield node.lineno, inner if inner in MODULES else str(node.module)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.partition(".")[0] == "harness")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            module = node.value.partition(":")[0]
            if MODULE.fullmatch(module) and module in MODULES:
                yield node.lineno, module


def upward(own: str, source: str) -> list[str]:
    """Imports of a file of this room that do not point down."""
    wrong = []
    for line, module in imported(source):
        room = room_of(module)
        if room != own and not FLOOR[room] < FLOOR[own]:
            wrong.append(f"line {line}: {own} may not import {module}")
    return wrong


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(HOUSE).as_posix())
def test_imports_point_down(file: Path) -> None:
    assert upward(room_of(module_of(file)), file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "from harness.planning.plan import Plan",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from harness.planning.plan import Plan",
        "def f():\n    from harness.planning import plan",
        "import harness.planning.plan",
        "BUILD = 'harness.planning.plan:make_plan'",
        "from harness import bench",
    ],
)
def test_an_arrow_that_points_up_is_found_however_it_is_written(source: str) -> None:
    assert upward("core", source)


def test_only_doors_ask_the_registry() -> None:
    asking = {
        room_of(module)
        for module, file in MODULES.items()
        for _, name in imported(file.read_text(encoding="utf-8"))
        if name == REGISTRY and room_of(module) != "plugin"
    }
    assert asking <= DOORS
    assert {"planning", "cli"} <= asking


def test_no_import_runs_in_a_circle() -> None:
    arrows = {
        module: {name for _, name in imported(file.read_text(encoding="utf-8"))} - {module, "harness"}
        for module, file in MODULES.items()
    }
    while leaves := [module for module, names in arrows.items() if not names & arrows.keys()]:
        for module in leaves:
            del arrows[module]
    assert sorted(arrows) == []


def test_the_design_lists_the_rooms_in_their_order() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \d+ \| `(\w+)(?:/|\.py)` \|", text, re.MULTILINE)
    rooms = [room for floor in FLOORS for room in floor]
    assert listed == [room for room in rooms if room != "__init__"]
    there = {p.stem for p in HOUSE.iterdir() if (p.is_dir() and p.name != "__pycache__") or p.suffix == ".py"}
    assert there == set(rooms)
