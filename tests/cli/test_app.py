"""The command line as a whole: help, exit codes, and what is not imported."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.cli import panels
from harness.execution import run_bench
from helpers.commands import Cli, Invoke

COMMANDS = [
    (),
    ("bench",),
    ("conform",),
    ("new",),
    ("list",),
    ("data",),
    ("data", "set"),
    ("data", "demo"),
    ("status",),
    ("leaderboard",),
    ("compare",),
    ("audit",),
    ("publish",),
    ("study",),
    ("analyze",),
    ("cache",),
    ("cache", "info"),
    ("cache", "clear"),
    ("doctor",),
]
HEAVY = ("torch", "open_clip", "ray", "matplotlib", "pandas", "sklearn")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(invoke: Invoke, command: tuple[str, ...]) -> None:
    answer = invoke(*command, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert f"Usage: harness {' '.join(command)}".strip() in answer.out


def test_the_help_lists_every_command(invoke: Invoke) -> None:
    shown = invoke("--help").out
    for command in {name[0] for name in COMMANDS if name}:
        assert f" {command} " in shown


def panels_of(text: str) -> dict[str, str]:
    """Panels of help by their titles."""
    parts = re.split(r"^╭─ (.+?) ─+╮$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_commands_stand_in_panels_by_what_they_are_for(invoke: Invoke) -> None:
    shown = panels_of(invoke("--help").out)
    assert list(shown) == ["Options", panels.RUN, panels.READ, panels.HAND_IN, panels.OWN, panels.ABOUT, panels.PLACES]
    for title, command in (
        (panels.RUN, "bench"),
        (panels.READ, "audit"),
        (panels.OWN, "conform"),
        (panels.ABOUT, "list"),
    ):
        assert f"│ {command} " in shown[title]
    assert "│ weights " in shown[panels.PLACES]


@pytest.mark.parametrize(("command", "own"), [("bench", []), ("study", ["--list", "--show"])])
def test_every_flag_of_bench_stands_in_a_panel(invoke: Invoke, command: str, own: list[str]) -> None:
    shown = panels_of(invoke(command, "--help").out)
    assert [title for title in shown if title not in ("Arguments", "Options")] == list(panels.FLAGS)
    assert re.findall(r"^│ (--\S+)", shown["Options"], re.MULTILINE) == [*own, "--help"]
    assert "--checkpoint-every" in shown["Interruptions"]


@pytest.mark.parametrize("args", [["--help"], ["bench", "--help"], ["data"], ["data", "check", "--help"]], ids=" ".join)
def test_help_that_is_no_terminals_cuts_no_name(cli: Cli, args: list[str]) -> None:
    shown = cli(*args, COLUMNS="20", check=None).stdout
    assert "│ " in shown
    assert "…" not in shown


def test_the_version(invoke: Invoke) -> None:
    assert invoke("--version").out == harness.__version__ + "\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["bensh"], "No such command 'bensh'"),
        (["bench", "--metods", "x"], "No such option"),
        (["bench", "--executor", "slurm"], "'slurm' is not one of"),
        (["bench", "--methods", "linaer", "--datasets", "toy"], "harness: unknown method 'linaer'; did you mean"),
        (["bench", "--datasets", "dfwe"], "harness: unknown dataset 'dfwe'; did you mean 'dfew'?"),
        (["bench", "nowhere.toml"], "harness: nowhere.toml: cannot be read"),
        (["bench", "--set", "coop"], "harness: --set 'coop' is not METHOD.OPTION=VALUE"),
        (["bench", "--plugin", "nowhere.py"], "harness: --plugin nowhere.py: no such file"),
        (["list", "method"], "harness: unknown kind 'method'; did you mean 'methods'?"),
        (["data", "set", "dfwe", "."], "harness: unknown dataset 'dfwe'; did you mean 'dfew'?"),
        (["data", "set", "dfew", "nowhere"], "harness: nowhere: no such folder"),
        (["data", "demo"], "harness: nothing to do"),
        (["data", "demo", "root", "--datasets", "toy"], "harness: dataset 'toy' has no demo replica"),
        (["status", "nowhere"], "harness: nowhere: no such folder"),
        (["doctor", "--plugin", "nowhere.py"], "harness: --plugin nowhere.py: no such file"),
    ],
)
def test_a_users_error_exits_2_without_a_traceback(invoke: Invoke, args: list[str], message: str) -> None:
    answer = invoke(*args)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert "Traceback" not in answer.err


def test_ctrl_c_exits_130_and_says_how_to_go_on(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: Any, **more: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(run_bench, "plan_bench", interrupt)
    answer = invoke("bench", "--datasets", "toy")
    assert answer.code == 130
    assert "the same command goes on where it stopped" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["list"],
        ["list", "methods", "--options"],
        ["bench", "--help"],
        ["study", "--list"],
        ["analyze", "--list"],
    ],
)
def test_help_and_list_import_nothing_that_costs(args: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom harness.cli import main\n"
        f"sys.argv = ['harness', *{args!r}]\n"
        f"try:\n    main()\nfinally:\n    print('heavy:', [m for m in {HEAVY!r} if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_the_command_is_installed(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("harness")
    done = subprocess.run([command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == harness.__version__
