"""`harness submit` and `harness accept`, from a real bench to a store of somebody else's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from helpers.commands import TOY, Invoke
from helpers.handed_in import zipped


@pytest.fixture
def bundle(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> Path:
    assert invoke(*toy_args, "--out", tmp_path / "runs").code == 0
    answer = invoke("submit", tmp_path / "runs", "--plugin", TOY, "--out", "b.zip")
    assert answer.code == 0, answer.err
    assert "not in it: frames, weights, logs" in answer.out
    assert "b.zip: 1 results in 4 files" in answer.out
    return tmp_path / "b.zip"


def test_a_real_result_is_handed_in_accepted_and_added(invoke: Invoke, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    answer = invoke("accept", bundle, "--runs", "store", "--add", "--plugin", TOY, "--review", "review.md", "--json")
    data = json.loads(answer.out)
    assert (answer.code, data["ok"], data["added"], data["jobs"]) == (0, True, 1, 1)
    assert [remark["code"] for remark in data["objections"]] == []
    assert "claimed-metrics" not in [remark["code"] for remark in data["notes"]]
    assert list(data["sources"]) == ["toy"]
    page = (tmp_path / "review.md").read_text()
    assert page.startswith("## Results handed in: accepted\n")
    assert str(tmp_path) not in page
    stored, own = (
        [file.relative_to(tmp_path / name) for file in sorted((tmp_path / name).rglob("*.parquet"))]
        for name in ("store", "runs")
    )
    assert stored == own
    again = invoke("accept", bundle, "--runs", "store", "--add")
    assert (again.code, "0 added to the store" in again.out) == (0, True)
    assert invoke("leaderboard", "--runs", "store", "--out", "tables").code == 0


def test_nothing_is_added_unless_it_is_asked_for(invoke: Invoke, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    assert invoke("accept", bundle, "--runs", "store").code == 0
    assert list((tmp_path / "store").iterdir()) == []
    answer = invoke("accept", bundle, "--add")
    assert (answer.code, "--add: say to which store, with --runs" in answer.err) == (2, True)


def test_objections_exit_1_and_no_bundle_exits_2(invoke: Invoke, tmp_path: Path) -> None:
    zipped(tmp_path / "bad.zip", [("../x", b"1"), ("runs/\x1b[2J", b"1")])
    answer = invoke("accept", "bad.zip", "--review", "review.md")
    assert answer.code == 1
    assert "has `..` in its path" in answer.out
    assert "\x1b" not in answer.out
    assert "\\`..\\`" in (tmp_path / "review.md").read_text()
    for name, content in (("empty.zip", b""), ("text.zip", b"text"), ("tar.zip", bytes(10_240))):
        (tmp_path / name).write_bytes(content)
        answer = invoke("accept", name)
        assert (answer.code, "no bundle" in answer.err) == (2, True)
    assert invoke("accept", "nothing.zip").code == 2
    zipped(tmp_path / "no-manifest.zip", [("plugins/a.py", b"x = 1\n")])
    assert invoke("accept", "no-manifest.zip").code == 2


def test_what_cannot_be_handed_in_exits_2(invoke: Invoke, toy_args: list[str], tmp_path: Path) -> None:
    assert invoke(*toy_args, "--out", tmp_path / "runs").code == 0
    source = shutil.copy(TOY, tmp_path / "toy.py")
    Path(source).write_text(TOY.read_text() + "\n# edited\n")
    assert invoke("submit", tmp_path / "nothing").code == 2
    answer = invoke("submit", "runs", "--out", tmp_path / "runs" / "toy" / "no" / "b.zip", "--json")
    assert json.loads(answer.out)["jobs"] == 1
