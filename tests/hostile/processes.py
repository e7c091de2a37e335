"""Places, variables and signals of the process: what cannot be used is named, and nothing ends in a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hostile.entry import Hostile, words
from hostile.places import toy_bench

LONG = "x" * 100
RAY = toy_bench("--executor ray --quiet")
NO_RAY = "Ray cannot start on this machine.*run without it: --executor inline"


def _shadow(name: str, text: str) -> Hostile:
    """A file or folder of the current one that has the name of a package."""

    def write(folder: Path) -> None:
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)

    return Hostile(
        f"{name} in the current folder", toy_bench("--dry-run"), "to run", code=0, base="data", prepare=write
    )


def _ray(name: str, **env: str) -> Hostile:
    return Hostile(name, RAY, NO_RAY, base="data", env=env)


def _write(name: str, text: str = "") -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


def _signal(name: str, code: int, command: tuple[str, ...] = ("list",)) -> Hostile:
    """A plugin that sends its own process a signal, twice: the first one counts."""
    text = f"import os, signal\nos.kill(os.getpid(), signal.{name})\n"
    return Hostile(
        f"{name} while {command[0]} imports",
        (*command, "--plugin", "mine.py"),
        "harness: stopped; finished results are kept",
        code=code,
        prepare=lambda folder: (folder / "mine.py").write_text(text) and None,
    )


def _twice(first: str, second: str, code: int) -> Hostile:
    text = (
        "import os, signal\n"
        f"try:\n    os.kill(os.getpid(), signal.{first})\n"
        f"finally:\n    os.kill(os.getpid(), signal.{second})\n"
    )
    return Hostile(
        f"{first}, then {second}",
        words("list --plugin mine.py"),
        "harness: stopped",
        code=code,
        prepare=lambda folder: (folder / "mine.py").write_text(text) and None,
    )


SIGNALS = [
    *(_signal(name, 143) for name in ("SIGTERM", "SIGHUP", "SIGQUIT")),
    _signal("SIGINT", 130),
    _signal("SIGINT", 130, ("leaderboard",)),
    _signal("SIGHUP", 143, ("doctor",)),
    _signal("SIGQUIT", 143, ("flops",)),
    *(
        _twice(first, second, code)
        for first, code in (("SIGTERM", 143), ("SIGHUP", 143), ("SIGQUIT", 143), ("SIGINT", 130))
        for second in ("SIGTERM", "SIGINT", "SIGHUP")
    ),
]
RAYS = [
    _ray("a temporary folder whose path is too long", TMPDIR=f"/tmp/{LONG}"),
    _ray("Ray's folder whose path is too long", RAY_TMPDIR=f"/tmp/{LONG}"),
    _ray("Ray's folder that is a file", RAY_TMPDIR="/etc/hostname"),
    _ray("Ray's folder in /proc", RAY_TMPDIR="/proc/nothing"),
    _ray("Ray's folder in /sys", RAY_TMPDIR="/sys/nothing"),
    _ray("Ray's folder that is a device", RAY_TMPDIR="/dev/null"),
    _ray("a temporary folder in /proc", TMPDIR="/proc/nothing"),
    Hostile(
        "an address of nobody",
        toy_bench("--executor ray --quiet --address 127.0.0.1:1"),
        "no Ray at 127.0.0.1:1",
        base="data",
    ),
    Hostile("no address", toy_bench("--executor ray --quiet --address nonsense"), "no Ray at nonsense: an address is",
            base="data"),
]  # fmt: skip
PLACES = [
    Hostile("a cache whose name is too long", toy_bench(), "too long", base="data",
            env={"HARNESS_CACHE": f"/tmp/{'x' * 300}"}),
    Hostile("a configuration whose name is too long", ("list",), "too long", env={"HARNESS_CONFIG": "x" * 300}),
    Hostile("a configuration that is a folder", ("list",), "methods", code=0, env={"HARNESS_CONFIG": "/tmp"}),
    Hostile("a configuration that is no TOML", ("list",), "not a valid configuration", env={"HARNESS_CONFIG": "c.toml"},
            prepare=_write("c.toml", "plugins = [")),
    Hostile("a configuration of null bytes", ("list",), "not a valid configuration", env={"HARNESS_CONFIG": "c.toml"},
            prepare=lambda folder: (folder / "c.toml").write_bytes(bytes(9)) and None),
    Hostile("a configuration with a mark of byte order", ("list",), "methods", code=0,
            env={"HARNESS_CONFIG": "c.toml"},
            prepare=lambda folder: (folder / "c.toml").write_bytes(b"\xef\xbb\xbfplugins = []\n") and None),
    Hostile("a configuration of lists in lists", ("list",), "not a valid configuration",
            env={"HARNESS_CONFIG": "c.toml"}, prepare=_write("c.toml", "plugins = " + "[" * 10_000 + "]" * 10_000)),
    Hostile("a configuration with an unknown key", ("list",), "plugin: unknown key; did you mean 'plugins'",
            env={"HARNESS_CONFIG": "c.toml"}, prepare=_write("c.toml", "plugin = []\n")),
    Hostile("a configuration's plugin that is not there", ("list",), "none.py: no such file",
            env={"HARNESS_CONFIG": "c.toml"}, prepare=_write("c.toml", "plugins = ['none.py']\n")),
    Hostile("a plugin whose name is too long", ("list", "--plugin", "x" * 300), "too long"),
    Hostile("a data root whose name is too long", toy_bench(f"--data-root {'x' * 300}"), "too long", base="data"),
    Hostile("a runs folder whose name is too long", ("leaderboard", "--runs", "x" * 300), "too long"),
    Hostile("a runs folder that is not there", ("leaderboard", "--runs", "nowhere"), "nowhere"),
    Hostile("a runs folder that is a device", ("leaderboard", "--runs", "/dev/null"), "/dev/null"),
    Hostile("a status of nothing", ("status", "--runs", "x" * 300), "too long"),
    Hostile("an audit of nothing", ("audit", "--runs", "x" * 300), "too long"),
    Hostile("a rescoring of nothing", ("rescore", "--runs", "x" * 300), "too long"),
    Hostile("no terminal type", ("list",), "methods", code=0, env={"TERM": ""}),
    Hostile("a terminal of no columns", ("list",), "methods", code=0, env={"COLUMNS": "0"}),
    Hostile("a terminal of many columns", ("list",), "methods", code=0, env={"COLUMNS": "many"}),
    Hostile("a home that is not there", ("list",), "methods", code=0, env={"HOME": "/nonexistent"}, own_process=True),
]  # fmt: skip
SHADOWS = [
    _shadow("torch.py", "raise ImportError('the torch of this folder')\n"),
    _shadow("av.py", "raise ImportError('the av of this folder')\n"),
    _shadow("harness/__init__.py", "raise ImportError('the harness of this folder')\n"),
    _shadow("json.py", "raise ImportError('the json of this folder')\n"),
]
ENTRIES = [*SIGNALS, *RAYS, *PLACES, *SHADOWS]
