"""`harness data check`: each kind of problem is found, named with its place, and turns the exit code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.cli import main
from harness.core.errors import BadData
from harness.data.check.check import check
from helpers.copies import DFEW, labels, split, write_clips, write_list, write_lists

OFFICIAL = "EmoLabel_DataSplit/{part}(single-labeled)/set_{fold}.csv"
Facts = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Facts:
    """Exit code and JSON of `data check` with these arguments."""

    def run(*args: object) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr("sys.argv", ["harness", "data", "check", *map(str, args), "--json"])
        with pytest.raises(SystemExit) as caught:
            main()
        return int(caught.value.code or 0), json.loads(capsys.readouterr().out)

    return run


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small DFEW with real pictures, no two alike; it says that it is a demo, so that it need not be official."""
    root = tmp_path_factory.mktemp("check") / "DFEW"
    rng = np.random.default_rng(0)
    for clip in labels(DFEW):
        folder = root / "Clip" / "clip_224x224" / clip
        folder.mkdir(parents=True)
        for number in range(2):
            small = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8))
            small.resize((64, 64), Image.Resampling.BICUBIC).save(folder / f"{clip}_{number:05d}.jpg", quality=90)
    write_lists(root, OFFICIAL, DFEW, "{number},{one}", "video_name,label")
    (root / "DEMO.json").write_text("{}")
    return root


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "DFEW"))


def clip_folder(root: Path, number: int) -> Path:
    return root / "Clip" / "clip_224x224" / sorted(labels(DFEW))[number]


def of_code(found: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [problem for problem in found["problems"] if problem["code"] == code]


def test_a_whole_demo_is_well_and_not_official(facts: Facts, root: Path) -> None:
    code, found = facts("dfew", "--root", root, "--deep", "--leaks", "--workers", 1)
    assert (code, found["ok"], found["official"], found["demo"]) == (0, True, False, True)
    assert found["layout"].startswith("clips Clip/clip_224x224 (42 frame folders), lists EmoLabel_DataSplit/")
    assert [(part["fold"], part["part"]) for part in found["folds"][:3]] == [
        ("1", "train"),
        ("1", "test"),
        ("2", "train"),
    ]
    part = found["folds"][0]
    assert part["expected"] == part["found"] == sum(part["per_class"].values()) == len(split(DFEW, "1")["train"])
    assert list(part["per_class"]) == list(DFEW.class_names)
    assert len(part["sha256"]) == 64
    assert {p["code"]: p["level"] for p in found["problems"]} == {"short-clips": "warning", "known-overlap": "warning"}


def test_an_unofficial_split_is_an_error_that_tells_the_sizes(facts: Facts, root: Path) -> None:
    (root / "DEMO.json").unlink()
    code, found = facts("dfew", "--root", root)
    assert (code, found["ok"], found["official"]) == (1, False, False)
    assert len(of_code(found, "split-not-official")) == 10
    problem = of_code(found, "split-not-official")[0]
    assert "fold 1 train: not the official split: 28 clips for 9,356 (happiness 4 for 1956" in problem["message"]
    assert problem["file"].endswith("train(single-labeled)/set_1.csv")


def test_missing_empty_and_odd_clips_are_named_with_the_line_that_lists_them(facts: Facts, root: Path) -> None:
    shutil.rmtree(clip_folder(root, 0))
    for file in clip_folder(root, 1).iterdir():
        file.unlink()
    (clip_folder(root, 2) / "00099.jpg").symlink_to(root / "nowhere.jpg")
    for number in (2, 10):
        (clip_folder(root, 3) / f"{number}.jpg").touch()
    code, found = facts("dfew", "--root", root)
    assert code == 1
    for kind, number in (("missing-clip", 0), ("empty-clip", 1), ("broken-link", 2), ("name-order", 3)):
        (problem,) = of_code(found, kind)
        clip = clip_folder(root, number).name
        assert clip in problem["message"]
        line = Path(problem["file"]).read_text().splitlines()[problem["line"] - 1]
        assert line.startswith(f"{int(clip)},")
    assert found["folds"][0]["expected"] - found["folds"][0]["found"] + (
        found["folds"][1]["expected"] - found["folds"][1]["found"]
    ) == 2  # fmt: skip


def test_many_missing_clips_are_counted(facts: Facts, root: Path) -> None:
    for number in range(30):
        shutil.rmtree(clip_folder(root, number))
    problems = of_code(facts("dfew", "--root", root)[1], "missing-clip")
    assert len(problems) == 21
    assert problems[-1]["message"] == "and 10 more clips, 30 in all"


def test_deep_decodes_every_frame(facts: Facts, root: Path) -> None:
    bad = sorted(clip_folder(root, 5).iterdir())[1]
    bad.write_bytes(bad.read_bytes()[:400])
    assert facts("dfew", "--root", root)[0] == 0
    code, found = facts("dfew", "--root", root, "--deep", "--workers", 1)
    assert code == 1
    (problem,) = of_code(found, "undecodable")
    assert str(bad) in problem["message"]


def test_deep_tells_frames_that_no_backbone_could_take(facts: Facts, root: Path) -> None:
    Image.new("RGB", (20_000, 3)).save(clip_folder(root, 5) / "99999.jpg")
    (problem,) = of_code(facts("dfew", "--root", root, "--deep", "--workers", 1)[1], "undecodable")
    assert "frames of 20000 by 3 pixels are no face crops" in problem["message"]


def test_leaks_finds_a_frame_that_was_compressed_and_scaled(facts: Facts, root: Path) -> None:
    tested = {clip: fold for fold in DFEW.folds for clip in split(DFEW, fold)["test"]}
    first, second = sorted(tested)[0], next(c for c in sorted(tested, reverse=True) if tested[c] != "1")
    clips = root / "Clip" / "clip_224x224"
    with Image.open(next((clips / first).iterdir())) as image:
        image.resize((112, 112)).save(clips / second / "99999.jpg", quality=40)
    code, found = facts("dfew", "--root", root, "--leaks", "--workers", 1)
    assert code == 1
    (problem,) = of_code(found, "leak")
    assert f"{first} and {second} share" in problem["message"]
    assert f"folds 1, {tested[second]}" in problem["message"]


def test_frames_that_a_list_states_are_compared(facts: Facts, tmp_path: Path) -> None:
    write_clips(tmp_path / "DFEW", "DFEW_Frame_Face", labels(DFEW), frames=20)
    write_lists(tmp_path / "DFEW", "DFEW_set_{fold}_{part}.txt", DFEW, "/x/{clip} 16 {zero}")
    found = facts("dfew", "--root", tmp_path / "DFEW")[1]
    (problem,) = of_code(found, "frames-differ")
    assert problem["message"].startswith("42 clips have other frames than the list states, e.g. ")
    assert not of_code(found, "short-clips")


def test_all_wrong_rows_are_told_and_nothing_to_read_is_no_crash(facts: Facts, root: Path) -> None:
    file = root / OFFICIAL.format(fold="2", part="test")
    file.write_text(file.read_text() + "../1,3\n5,9\nx,1\n")
    code, found = facts("dfew", "--root", root)
    assert code == 1
    count = len(file.read_text().splitlines())
    assert sorted(p["line"] for p in of_code(found, "bad-annotation")) == [count - 2, count - 1, count]
    shutil.rmtree(root / "EmoLabel_DataSplit")
    code, found = facts("dfew", "--root", root)
    assert (code, found["folds"]) == (1, [])
    assert of_code(found, "nothing-to-read")[0]["message"].startswith("DFEW fold 1: no train list")


def test_wrong_rows_without_end_are_counted(facts: Facts, root: Path) -> None:
    file = root / OFFICIAL.format(fold="2", part="test")
    file.write_text(file.read_text() + "x,1\n" * 300)
    problems = of_code(facts("dfew", "--root", root)[1], "bad-annotation")
    assert len(problems) == 101
    assert problems[-1]["message"] == "and 200 more rows, 300 in all"


def test_a_folder_that_is_not_there_is_an_error_to_put_right_first(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="DFEW: no folder"):
        check(DFEW, tmp_path / "none", tmp_path)


def test_a_missing_list_is_derived_and_that_is_said(facts: Facts, root: Path) -> None:
    (root / OFFICIAL.format(fold="3", part="train")).unlink()
    found = facts("dfew", "--root", root)[1]
    (problem,) = of_code(found, "derived-split")
    assert "fold 3: a list is missing" in problem["message"]
    train = next(p for p in found["folds"] if (p["fold"], p["part"]) == ("3", "train"))
    assert train["found"] == len(split(DFEW, "3")["train"])


fields = st.one_of(
    st.sampled_from(["../1", "/etc/passwd", "..", "", "1.0", "-1", "99999999999", "00001.mp4", "a b", "\u202e1",
                     "1/../2", "C:\\x", "~", "%00", '"', "'", "٣", "1\x0b", "nan", "C:/../1", "1\u2028"]),
    st.integers(-3, 20000).map(str),
    st.text(max_size=8),
)  # fmt: skip
mutations = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["clip", "label", "row", "drop", "double", "quote", "cut"]), fields),
    min_size=1,
    max_size=4,
)


@pytest.mark.slow
@settings(max_examples=220)
@given(mutations, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]), st.sampled_from(["\n", "\r\n", "\r"]))
def test_mutated_lists_are_read_or_told_and_no_clip_leaves_the_root(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, str, str]], encoding: str, newline: str
) -> None:
    root = tmp_path_factory.mktemp("mutated")
    (root / "Clip" / "clip_224x224").mkdir(parents=True)
    for part, clips in split(DFEW, "1").items():
        write_list(root / OFFICIAL.format(fold="1", part=part), DFEW, clips, "{number},{one}", "video_name,label")
    file = root / OFFICIAL.format(fold="1", part="train")
    lines = file.read_text().splitlines()
    for at, kind, value in changes:
        i = at % len(lines)
        clip, _, label = lines[i].partition(",")
        lines[i : i + 1] = {
            "clip": [f"{value},{label}"], "label": [f"{clip},{value}"], "row": [value], "drop": [],
            "double": [lines[i], lines[i]], "quote": [f'"{lines[i]}'], "cut": [lines[i][:1]],
        }[kind] or [""]  # fmt: skip
    file.write_bytes(newline.join(lines).encode(encoding, "replace"))
    report = check(DFEW, root, root / "cache")
    assert not report.ok
    json.dumps(report.to_json(), ensure_ascii=False)
    try:
        found = DFEW.read(root, "") if DFEW.read else None
    except BadData:
        return
    assert found
    for fold in found.folds.values():
        assert all(s.source.parent == root / "Clip" / "clip_224x224" for s in (*fold.train, *fold.test))
