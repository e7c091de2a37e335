"""Consoles whose coding lacks what is shown."""

from __future__ import annotations

import os
from pathlib import Path

from helpers.commands import TOY
from hostile.entry import Hostile, words
from hostile.films import films
from hostile.places import toy_bench

CODINGS = ("gbk", "latin-1", "cp437", "cp1252", "ascii", "ascii:strict", "koi8-r", "shift_jis")
GBK = os.fsdecode("人脸".encode("gbk"))


def foreign(folder: Path) -> None:
    """Write clips whose classes are in Chinese and in bytes of another coding."""
    root = films(folder)
    (root / "happy").rename(root / "快乐 – très ± 🙂")
    (root / "sad").rename(root / GBK)


COMMANDS = {
    "list": (words("list"), "zero-shot-clip", 0),
    "help": (words("bench --help"), "--methods", 0),
    "doctor": (words("doctor"), "Checks", 0),
    "data check": (words("data check folder --root films"), "no problems", 0),
    "an unknown command": (("größe–人",), "No such command", 2),
    "an error": (("bench", "größe–人.toml"), "cannot be read", 2),
}
MANY = {"data check": len(CODINGS), "doctor": 1}  # codings, where not the first three
STORED = {
    "leaderboard": (words("leaderboard"), "linear", 0),
    "status": (words("status"), "linear", 0),
    "audit": (words("audit runs"), "audit|object|Audit", 0),
    "compare": (words("compare linear zero-shot-clip"), "linear", 0),
    "publish": (words("publish site"), "site", 0),
    "submit": (words(f"submit runs --plugin {TOY}"), "submission.zip", 0),
}
ENTRIES = [
    *(
        Hostile(f"{name} on {coding}", command, says, code, foreign, env={"PYTHONIOENCODING": coding}, own_process=True)
        for name, (command, says, code) in COMMANDS.items()
        for coding in CODINGS[: MANY.get(name, 3)]
    ),
    *(
        Hostile(
            f"{name} on {coding}", command, says, code, base="store", env={"PYTHONIOENCODING": coding}, own_process=True
        )
        for name, (command, says, code) in STORED.items()
        for coding in ("ascii", "gbk")
    ),
    Hostile(
        "bench on cp437",
        toy_bench("--dry-run"),
        "to run",
        0,
        base="data",
        env={"PYTHONIOENCODING": "cp437"},
        own_process=True,
    ),
    Hostile(
        "datasets on cp1252",
        words("list datasets"),
        "ferv39k",
        0,
        env={"PYTHONIOENCODING": "cp1252"},
        own_process=True,
    ),
    Hostile(
        "the C locale",
        words("data check folder --root films"),
        "no problems",
        0,
        foreign,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        own_process=True,
    ),
    Hostile(
        "JSON on ascii",
        words("data check folder --root films --json"),
        r"\\u5feb\\u4e50",
        0,
        foreign,
        env={"PYTHONIOENCODING": "ascii"},
        own_process=True,
    ),
]
