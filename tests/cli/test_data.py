"""`harness data set` is used by the next bench."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from harness.data.places import DatasetPlace, configured_places
from harness.plugin import registry
from harness.system.configuration import read_configuration
from helpers.commands import Invoke


def test_data_set_is_used_by_the_next_bench(invoke: Invoke, toy_args: list[str], toy_root: Path) -> None:
    answer = invoke("data", "set", "toy", toy_root / "TOY")
    assert (answer.code, configured_places()) == (0, {"toy": DatasetPlace(toy_root / "TOY")})
    assert str(toy_root / "TOY") in answer.out
    plan = invoke(*toy_args[:-2], "--dry-run", "--json")
    assert json.loads(plan.out)["to_do"] == 1
    assert "data of toy" in invoke("doctor").out


@pytest.fixture
def own_clips(tmp_path: Path) -> Iterator[Path]:
    """Two folders with clips of one's own: `films` has two folds, `tapes` three."""
    for name, folds in (("films", 2), ("tapes", 3)):
        lines = ["clip,label,fold"]
        for label, shade in (("sad", 40), ("happy", 220)):
            for number in range(2 * folds):
                clip = tmp_path / "own" / name / label / f"clip{number}"
                clip.mkdir(parents=True)
                Image.new("RGB", (32, 32), (shade, number * 9, 90)).save(clip / "1.jpg")
                lines.append(f"{label}/clip{number},{label},{number % folds + 1}")
        (tmp_path / "own" / name / "clips.csv").write_text("\n".join(lines) + "\n")
    yield tmp_path / "own"
    registry.plugins().dataset_names.clear()


def own_args(toy_args: list[str], datasets: str, folds: str = "all") -> list[object]:
    changed = {"toy": datasets, "1": folds}
    return [*(changed.get(arg, arg) for arg in toy_args[:-2]), "--quick", "--json"]


def test_two_named_folders_run_side_by_side(invoke: Invoke, toy_args: list[str], own_clips: Path) -> None:
    for name in ("films", "tapes"):
        answer = invoke("data", "set", name, own_clips / name)
        assert answer.out.startswith(f"{name}, read as folder, is at {own_clips / name}")
    assert read_configuration().named == {"films": "folder", "tapes": "folder"}
    registry.plugins().dataset_names.clear()  # as in a new process

    results = json.loads(invoke(*own_args(toy_args, "films,tapes")).out)["results"]
    assert {(one["dataset"], one["fold"]) for one in results} == {
        *(("films", fold) for fold in "12"),
        *(("tapes", fold) for fold in "123"),
    }
    for one in results:
        assert one["reader"] == "folder"
        assert one["folds"] == (["1", "2"] if one["dataset"] == "films" else ["1", "2", "3"])
    assert invoke("leaderboard", "--out", "boards").code == 0
    for name in ("films", "tapes"):
        page = Path(f"boards/{name}.md").read_text()
        assert page.startswith(f"# {name}")
        assert "not registered" not in page
    assert invoke("data", "check", "films").code == 0


def test_a_name_for_one_run(invoke: Invoke, toy_args: list[str], own_clips: Path) -> None:
    args = [*own_args(toy_args, "folder", "1,2"), "--data-root", own_clips / "tapes"]
    results = json.loads(invoke(*args, "--dataset-name", "tapes").out)["results"]
    assert {one["dataset"] for one in results} == {"tapes"}
    assert "2/3" in invoke("leaderboard", "--out", "boards").out  # two of three folds are not all
    nameless = json.loads(invoke(*args).out)["results"]
    assert {(one["dataset"], one["reader"]) for one in nameless} == {("folder", "folder")}
    assert {one["id"] for one in nameless}.isdisjoint(one["id"] for one in results)


def test_names_that_cannot_be(invoke: Invoke, toy_args: list[str], own_clips: Path) -> None:
    answer = invoke("data", "set", "dfwe", own_clips / "films")
    assert (answer.code, "did you mean 'dfew'" in answer.err) == (2, True)
    answer = invoke("data", "set", "dfew", own_clips / "films", "--reader", "folder")
    assert (answer.code, "which reads itself" in answer.err) == (2, True)
    answer = invoke(*own_args(toy_args, "toy"), "--dataset-name", "films")
    assert (answer.code, "of which there are 0" in answer.err) == (2, True)
    assert configured_places() == {}
