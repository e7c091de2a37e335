"""Text on any console: what its coding lacks is replaced, and nothing in a name steers a terminal."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from harness.core.text import visible
from harness.system.screen import Screen, harmless_streams
from helpers.commands import TOY, Cli

EVIL = "\x1b]0;x\x07\x9b31m\u202eabc"
SPELT = r"\x1b]0;x\x07\x9b31m\u202eabc"
CODINGS = ["gbk", "latin-1", "cp437", "cp1252", "ascii", "utf-8"]


def test_names_show_what_would_steer_a_terminal() -> None:
    assert visible(EVIL) == SPELT
    assert visible("Grüße 人脸 🙂\n–") == "Grüße 人脸 🙂\n–"
    assert visible(os.fsdecode("人".encode("gbk"))) == r"\xc8\xcb"


@pytest.mark.parametrize("terminal", [False, True])
def test_a_screen_shows_tables_and_texts_harmless(terminal: bool) -> None:
    file = io.StringIO()
    screen = Screen(file=file, force_terminal=terminal, width=200)
    table = Table("name", "more", width=90)
    table.add_row(Text(EVIL), Text("room"))
    screen.print(table)
    screen.print(EVIL, markup=False, highlight=False)
    shown = file.getvalue()
    assert shown.count(r"\x1b]0;x") == 2
    assert not set("\x07\x9b\u202e").intersection(shown)
    assert "\x1b]" not in shown


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("kind", "colour"), [(Terminal, "\x1b[1m"), (io.TextIOWrapper, r"\x1b[1m")])
def test_whatever_prints_colours_alone_reach_a_terminal(
    kind: type[io.TextIOWrapper], colour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    stream = kind(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stderr", stream)
    with harmless_streams():
        print(f"a\x1b[1mb{EVIL}", "– 人 é\r", file=sys.stderr)
    stream.flush()
    assert sys.stderr is stream
    assert raw.getvalue().decode() == rf"a{colour}b{SPELT} - \u4eba e" + "\r\n"


@pytest.mark.parametrize("coding", CODINGS)
def test_every_coding_takes_every_character(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=coding)
    monkeypatch.setattr(sys, "stdout", stream)
    table = Table("WAR ± – × 人 ü \udcc8 🙂")
    table.add_row("…")
    with harmless_streams():
        Screen().print(table)
        print("WAR ± – × 人 ü \udcc8 🙂")
    stream.flush()
    shown = raw.getvalue().decode(coding)
    assert shown.count("WAR") == shown.count(r"\xc8") == 2


@pytest.mark.parametrize("command", ["list methods", "flops --help", "bench --set \x1b]0;x\x07=1", "\u00fcnknown"])
def test_a_console_of_plain_letters_shows_every_command(command: str, cli: Cli) -> None:
    done = cli(*command.split(" "), check=None, PYTHONIOENCODING="ascii")
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == (0 if command.startswith(("list", "flops")) else 2)
    assert (done.stdout + done.stderr).isascii()
    assert "\x1b" not in done.stdout + done.stderr


def test_json_is_whole_on_a_console_of_any_coding(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "Gesichter 人脸 \x7f"
    folder.mkdir()
    said = cli("data", "check", "toy", "--plugin", TOY, "--root", folder, "--json", check=1, PYTHONIOENCODING="ascii")
    assert json.loads(said.stdout)["root"] == str(folder)
    assert r"\u007f" in said.stdout
