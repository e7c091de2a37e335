"""What a failed job says: where in the plugin's own file, once, and nothing of where things lie on this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.core.text import without_places
from harness.plugin import registry
from helpers.commands import Bench, Invoke, forget

PLUGIN = """
import warnings
from pathlib import Path

import torch
from torch import nn

from harness import BadOption, FrameInput, Method, MethodSpec, Stage, hookimpl
from harness.models import cosine_logits

HERE = Path(__file__).parent


def deeper(inputs):
    return torch.ones(2, 3) @ inputs.flatten()  # deeper


class Shapes(Method):
    def __init__(self, task, options):
        super().__init__()
        self.head = nn.Linear(5, len(task.classes))

    def forward(self, inputs):
        return self.head(inputs.mean(1).flatten(1))  # shapes

    def stages(self):
        return [Stage("head", 1, 4, {"head": 0.1})]


class Helper(Shapes):
    def forward(self, inputs):
        return deeper(inputs)


class Lost(Shapes):
    def forward(self, inputs):
        return torch.load(HERE / "a b" / "weights.pt")  # lost


class Refuses(Shapes):
    def __init__(self, task, options):
        raise BadOption(f"see {HERE}/read me.txt\\nand {HERE}/more.txt")  # refuses


class Chained(Shapes):
    def forward(self, inputs):
        try:
            return deeper(inputs)
        except RuntimeError as error:
            raise KeyError("no such\\nhead") from error


class Warns(Shapes):
    def __init__(self, task, options):
        super().__init__(task, options)
        self.head = nn.LazyLinear(len(task.classes))
        self.head(torch.zeros(1, 3 * task.input.size**2))
        warnings.warn(f"{HERE}/old.pt is old")


METHODS = {"shapes": Shapes, "helper": Helper, "lost": Lost, "refuses": Refuses, "chained": Chained, "warns": Warns}


@hookimpl
def register_methods():
    seen = FrameInput(frames=2, views=0, augmentation=())
    return [MethodSpec(name, "1", build, input=seen) for name, build in METHODS.items()]
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "own" / "broken_nets.py"
    file.parent.mkdir()
    file.write_text(PLUGIN)
    registry.plugins().add_file(file)
    yield file
    forget("broken_nets")


def line_of(file: Path, text: str) -> int:
    """Number of the one line that ends so."""
    (found,) = [number for number, line in enumerate(file.read_text().splitlines(), 1) if line.endswith(text)]
    return found


@pytest.mark.parametrize(
    ("method", "said", "line", "function"),
    [
        ("shapes", "RuntimeError: mat1 and mat2 shapes cannot be multiplied", "# shapes", "Shapes.forward"),
        ("helper", "RuntimeError: size mismatch", "# deeper", "deeper"),
        ("lost", "FileNotFoundError: [Errno 2] No such file or directory: 'weights.pt'", "# lost", "Lost.forward"),
        ("refuses", "see read me.txt", "# refuses", "Refuses.__init__"),
        ("chained", "KeyError: 'no such\\nhead'", "# deeper", "deeper"),
    ],
)
def test_the_deepest_place_in_the_plugins_file_is_named_once(
    method: str, said: str, line: str, function: str, plugin: Path, toy_bench: Bench, tmp_path: Path
) -> None:
    (result,) = toy_bench(methods=method)
    first = result["error"].splitlines()[0]
    assert first.startswith(said)
    assert first.endswith(f" (broken_nets.py:{line_of(plugin, line)}, in {function})")
    assert len(re.findall(r"\.py:\d+", result["error"])) == 1
    stored = (Path(result["path"]) / "result.json").read_text()
    assert str(tmp_path) not in stored
    assert str(plugin) in (Path(result["path"]) / "log.txt").read_text()  # with the whole traceback


def test_a_warning_of_a_plugin_names_no_folder_either(plugin: Path, toy_bench: Bench, tmp_path: Path) -> None:
    (result,) = toy_bench(methods="warns")
    assert result["status"] == "done"
    assert "UserWarning: old.pt is old" in result["warnings"]


def test_tables_show_the_place_and_no_folder(plugin: Path, toy_bench: Bench, invoke: Invoke, tmp_path: Path) -> None:
    toy_bench(methods="refuses,linear")
    invoke("leaderboard", "--runs", tmp_path / "runs", "--out", tmp_path / "tables")
    files = [file for file in (tmp_path / "tables").rglob("*.*") if file.suffix != ".parquet"]
    texts = {file.name: file.read_text() for file in files}
    place = f"broken_nets.py:{line_of(plugin, '# refuses')}, in Refuses"
    assert any(place in text.replace("\\", "") for text in texts.values())
    assert not [name for name, text in texts.items() if str(tmp_path) in text]


def test_a_clip_that_cannot_be_read_is_told_from_the_folder_of_its_dataset(toy_bench: Bench, toy_root: Path) -> None:
    (toy_root / "TOY" / "clips" / "000" / "2.jpg").write_bytes(b"")
    (result,) = toy_bench()
    assert "clip 000: clips/000/2.jpg cannot be decoded" in result["error"]
    skipped: Any = toy_bench(on_bad_sample="skip")[0]
    assert str(toy_root) not in json.dumps(skipped["warnings"] + [result["error"]])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no '/home/me/a b/w.pt' here", "no 'w.pt' here"),
        ("in /home/me/runs/x.json: not", "in x.json: not"),
        ("(/home/me/x.py:3)", "(x.py:3)"),
        ("/data/DFEW/clips/1.jpg is cut off", "clips/1.jpg is cut off"),
        ("see https://host/a/b and either/or, 3/4, / and /", "see https://host/a/b and either/or, 3/4, / and /"),
        ("ratio a/b/c, path ../x/y, ~/z/w", "ratio a/b/c, path ../x/y, ~/z/w"),
    ],
)
def test_a_path_is_told_by_its_name(text: str, told: str) -> None:
    assert without_places(text, ["/data/DFEW"]) == told
