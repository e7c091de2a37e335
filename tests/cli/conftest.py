"""The command line in this process, for what needs no process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.cli import main
from tests.conftest import TOY, Answer, Invoke


@pytest.fixture
def invoke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], toy_plugin: None
) -> Invoke:
    """`main()` with these arguments, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")

    def run(*args: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["harness", *map(str, args)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return Answer(int(caught.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def toy_args(toy_root: Path) -> list[str]:
    """`bench` on one fold of the toy dataset."""
    text = f"bench --plugin {TOY} --datasets toy --methods linear --folds 1 --backbone tiny --executor inline"
    return [*text.split(), "--data-root", str(toy_root)]
