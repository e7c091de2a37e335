"""Clips of one's own: trees and lists, classes in order, folds by scikit-learn that never change silently."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.core.dataset_spec import Inventory
from harness.core.errors import BadData
from harness.data.dataset import open_dataset
from harness.data.prepare.index_files import COLUMNS, FACELESS, INDEX
from harness_plugins.datasets import folder
from harness_plugins.datasets.folder.clips import STORED

(SPEC,) = folder.register_datasets()


def tree(root: Path, classes: str = "sad happy calm", clips: int = 7) -> Path:
    for name in classes.split():
        for number in range(clips):
            (root / name / f"clip{number}").mkdir(parents=True)
            (root / name / f"clip{number}" / "1.jpg").touch()
    return root


def listed(root: Path, rows: list[str], header: str = "clip,label") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "clips.csv").write_text("\n".join([header, *rows]) + "\n")
    return root


def clips_tested(found: Inventory) -> list[set[str]]:
    return [{s.id for s in fold.test} for fold in found.folds.values()]


def test_a_tree_of_folders_and_videos(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "sad" / "film.mp4").touch()
    (tmp_path / "sad" / "notes.txt").touch()
    found = folder.read(tmp_path, "").checked()
    assert [c.name for c in found.classes] == ["happiness", "sadness", "calm"]
    assert list(found.folds) == ["1", "2", "3", "4", "5"]
    tests = clips_tested(found)
    assert sum(map(len, tests)) == len(set.union(*tests)) == 22
    for fold in found.folds.values():
        assert not {s.id for s in fold.train} & {s.id for s in fold.test}
        assert {s.label for s in fold.test} == {0, 1, 2}
    film = next(s for fold in found.folds.values() for s in fold.test if s.id == "sad/film")
    assert (film.source, film.label) == (tmp_path / "sad" / "film.mp4", 1)


def test_folders_between_class_and_clip_are_gone_through(tmp_path: Path) -> None:
    for name in ("very happy/subject 1/a/1.JPG", "very happy/subject 2/a/1.JPG", "sad/s1/b.MP4", "sad/s1/x/y/c.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "sad" / "hollow").mkdir()
    (tmp_path / "calm").mkdir()
    found = folder.read(tmp_path, "")
    ids = set.union(*clips_tested(found))
    assert ids == {"very happy/subject 1/a", "very happy/subject 2/a", "sad/s1/b", "sad/s1/x/y/c", "sad/hollow"}
    assert [c.name for c in found.classes] == ["sadness", "very happy"]
    assert [p.message for p in found.problems if p.code == "empty-class"] == [
        "class 'calm' has no clips and is left out"
    ]


def test_folds_are_stored_and_never_change_silently(tmp_path: Path) -> None:
    found = folder.read(tree(tmp_path), "")
    before = clips_tested(found)
    assert not (tmp_path / STORED).exists()  # reading alone writes nothing
    assert found.keep is not None
    found.keep()
    assert folder.read(tmp_path, "").keep is None
    stored = (tmp_path / STORED).read_bytes()
    assert clips_tested(folder.read(tmp_path, "")) == before
    (tmp_path / "happy" / "new").mkdir()
    with pytest.raises(BadData, match=r"1 clips are not in the stored folds and so not used, e\.g\. happy/new; remove"):
        folder.read(tmp_path, "").checked()
    (tmp_path / "happy" / "new").rename(tmp_path / "happy" / ".new")
    (tmp_path / "happy" / "clip0").rename(tmp_path / "happy" / ".clip0")
    with pytest.raises(BadData, match=r"1 clips of the stored folds are no longer there, e\.g\. happy/clip0"):
        folder.read(tmp_path, "").checked()
    assert (tmp_path / STORED).read_bytes() == stored


def test_groups_are_never_split(tmp_path: Path) -> None:
    rows = [f"c{i},{'happy' if i % 3 else 'sad'},s{i % 8}" for i in range(64)]
    found = folder.read(listed(tmp_path, rows, "clip,label,subject"), "").checked()
    assert len(found.folds) == 5
    for fold in found.folds.values():
        assert not {s.group for s in fold.train} & {s.group for s in fold.test}
        assert {s.label for s in fold.test} == {0, 1}
    assert found.places["c3"] == (str(tmp_path / "clips.csv"), 5)


@pytest.mark.parametrize(
    ("folds", "names"), [(["a", "b", "a", "b"], ["a", "b"]), (["train", "test", "Test", "train"], ["1"])]
)
def test_folds_of_the_list_are_kept(tmp_path: Path, folds: list[str], names: list[str]) -> None:
    rows = [f"c{i},{'happy' if i % 2 else 'sad'},{fold}" for i, fold in enumerate(folds)]
    found = folder.read(listed(tmp_path, rows, "clip,label,fold"), "").checked()
    assert list(found.folds) == names
    if names == ["1"]:
        assert clips_tested(found) == [{"c1", "c2"}]
    assert not (tmp_path / STORED).exists()


def test_groups_that_given_folds_split_are_told(tmp_path: Path) -> None:
    rows = ["a,happy,1,x", "b,sad,2,x", "c,happy,2,y", "d,sad,1,z"]
    dataset = open_dataset(SPEC, listed(tmp_path, rows, "clip,label,fold,group"), tmp_path / "cache")
    told = [(problem.level, problem.code) for problem in dataset.doubts["1"]]
    assert ("warning", "shared-groups") in told
    assert any("1 group is in train and in test: x" in note for note in dataset.notes)


def test_a_clip_of_a_list_may_be_written_without_its_suffix(tmp_path: Path) -> None:
    listed(tmp_path, ["a,happy", "b.mp4,sad", "c,happy", "d,sad"])
    (tmp_path / "a.avi").touch()
    found = folder.read(tmp_path, "")
    sources = {s.id: s.source.name for fold in found.folds.values() for s in fold.test}
    assert sources == {"a": "a.avi", "b": "b.mp4", "c": "c", "d": "d"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("../a,happy", "clip '../a' is not a plain path"),
        ("/etc/passwd,happy", "clip '/etc/passwd' is not a plain path"),
        ("C:\\a,happy", "clip 'C:\\\\a' is not a plain path"),
        ("x\\..\\..\\a,happy", "clip 'x\\\\..\\\\..\\\\a' is not a plain path"),
        (",happy", "clip '' is not a plain path"),
        ("d,", "clip 'd' has no label"),
        ("d,sad\x1b[31m", "'sad\\x1b[31m' cannot be printed"),
        ("a,sad", "duplicate clip 'a', first in line 2"),
        ("d", "expected 2 columns (clip, label), found 1"),
        ('"d,sad', "broken quotes ("),
    ],
)
def test_wrong_rows_name_file_and_line(tmp_path: Path, row: str, reason: str) -> None:
    found = folder.read(listed(tmp_path, ["a,happy", "b,sad", "c,happy", row]), "")
    (problem,) = [p for p in found.problems if p.level == "error"]
    assert (problem.file, problem.line) == (str(tmp_path / "clips.csv"), 5)
    assert problem.message.startswith(reason)


def test_links_are_followed_and_loops_told(tmp_path: Path) -> None:
    tree(tmp_path / "elsewhere", "sad")
    tree(tmp_path / "root", "happy")
    (tmp_path / "root" / "sad").symlink_to(tmp_path / "elsewhere" / "sad")
    (tmp_path / "root" / "happy" / "loop").symlink_to(tmp_path / "root")
    (tmp_path / "root" / "happy" / "self").symlink_to("self")
    found = folder.read(tmp_path / "root", "")
    assert [p.code for p in found.problems] == ["link-loop", "link-loop"]
    assert len(set.union(*clips_tested(found))) == 14


def test_a_name_too_long_for_any_disk_is_a_clip_that_is_not_there(tmp_path: Path) -> None:
    listed(tmp_path, ["a,happy", "b,sad", f"{'c' * 300},happy", "d,sad"])
    assert "c" * 300 in set.union(*clips_tested(folder.read(tmp_path, "").checked()))


def test_what_is_neither_folder_nor_file_is_told(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "sad" / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "sad" / "pipe.mp4")
    found = folder.read(tmp_path, "")
    assert [(p.code, p.file) for p in found.problems] == [("no-clip", "sad/gone"), ("no-clip", "sad/pipe.mp4")]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((), "no clips; expected <class>/<clip>"),
        (("happy/a/1.jpg",), "1 class"),
        (("happy/1.jpg", "sad/1.jpg"), "happy holds images; a clip is a folder of them or a video"),
        (("train/a/1.jpg", "test/b/1.jpg"), "holds test, train and no classes"),
        (("happy/a/1.jpg", "sad/b/1.jpg"), "no two folds can be made: no class has two clips"),
    ],
)
def test_roots_that_hold_no_clips(tmp_path: Path, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(BadData) as caught:
        folder.read(tmp_path, "")
    assert reason in str(caught.value)


def test_several_lists_have_to_be_chosen_from(tmp_path: Path) -> None:
    listed(tree(tmp_path), ["sad/clip0,sad", "happy/clip0,happy", "sad/clip1,sad", "happy/clip1,happy"])
    (tmp_path / "other.csv").write_bytes((tmp_path / "clips.csv").read_bytes())
    with pytest.raises(
        BadData, match=r"holds several lists \(clips\.csv, other\.csv\); choose one: --layout clips\.csv"
    ):
        folder.read(tmp_path, "")
    assert len(set.union(*clips_tested(folder.read(tmp_path, "clips.csv")))) == 4
    assert len(set.union(*clips_tested(folder.read(tmp_path, ".")))) == 21
    with pytest.raises(BadData, match=r"no list '\.\./x\.csv'"):
        folder.read(tmp_path, "../x.csv")


def messages(found: Inventory, code: str) -> list[str]:
    return [problem.message for problem in found.problems if problem.code == code]


def test_one_class_has_one_spelling(tmp_path: Path) -> None:
    rows = ["a,Neutral", "b,neutral", "c,Happy", "d,happiness", "e,Bored", "f,bored", "g,bored "]
    found = folder.read(listed(tmp_path, rows), "").checked()
    assert [c.name for c in found.classes] == ["happiness", "neutral", "bored"]
    assert len(messages(found, "one-class")) == 3


def test_folds_stay_when_a_label_is_spelt_otherwise(tmp_path: Path) -> None:
    rows = [f"c{i},{'Neutral' if i % 2 else 'sad'}" for i in range(8)]
    before = clips_tested(folder.read(listed(tmp_path, rows), ""))
    again = [row.replace("Neutral", "neutral").replace("sad", "Sadness") for row in rows]
    assert clips_tested(folder.read(listed(tmp_path, again), "").checked()) == before


def test_validation_clips_are_counted(tmp_path: Path) -> None:
    rows = ["a,happy,train", "b,sad,Train", "c,happy,VAL", "d,sad,dev", "e,happy,test", "f,sad,test"]
    found = folder.read(listed(tmp_path, rows, "clip,label,split"), "").checked()
    assert {s.id for s in found.folds["1"].samples} == {"a", "b", "e", "f"}
    (text,) = messages(found, "validation-part")
    assert text == "2 clips of the validation part are neither trained on nor tested"


def test_what_is_not_read_is_counted_and_tools_folders_are_no_classes(tmp_path: Path) -> None:
    tree(tmp_path, "sad happy", 3)
    for name in ("sad/a.gif", "happy/b.3gp", "film.mp4", "@eaDir/x/1.jpg", "sad/__pycache__/x.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = folder.read(tmp_path, "").checked()
    assert [c.name for c in found.classes] == ["happiness", "sadness"]
    assert len(set.union(*clips_tested(found))) == 6
    unread, loose = messages(found, "unread-clips")
    assert unread.startswith("2 files are not read (1 .3gp, 1 .gif), e.g. happy/b.3gp, sad/a.gif")
    assert loose == "1 videos or images lie in no class and are left out, e.g. film.mp4"


def test_a_root_one_level_too_high_is_recognised(tmp_path: Path) -> None:
    tree(tmp_path / "films")
    with pytest.raises(BadData, match=r"one level too high: its folders are films, .*is .*films the root\?"):
        folder.read(tmp_path, "")


def prepared(root: Path) -> Path:
    """Crops of clips in classes, and the lists that `harness data prepare` leaves beside them."""
    rows = [",".join(COLUMNS), *(f"sad/dark{n},1,sad/dark{n}.mp4,,no-face,0,,,,,," for n in range(2))]
    tree(root)
    for name in (INDEX, FACELESS):
        (root / name).write_text("\n".join(rows) + "\n")
    return root


def test_what_prepare_writes_is_read_as_it_is(tmp_path: Path) -> None:
    found = folder.read(prepared(tmp_path), "").checked()
    assert len(set.union(*clips_tested(found))) == 21
    assert found.layout.startswith("folders of classes")
    assert [p.message for p in found.problems] == [
        "2 of 2 prepared clips have no face and are neither trained on nor tested, e.g. sad/dark0, sad/dark1"
    ]


def test_a_list_of_films_is_read_with_the_crops_that_were_made_of_them(tmp_path: Path) -> None:
    films = [f"{label}/clip{n}.mp4,{label}" for label in ("sad", "happy") for n in range(7)]
    found = folder.read(listed(prepared(tmp_path), films), "").checked()
    assert found.layout.startswith("list clips.csv")
    assert all(sample.source.is_dir() for fold in found.folds.values() for sample in fold.test)


def test_an_own_list_called_index_is_read(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / INDEX).write_text("clip,label\nsad/clip0,sad\nsad/clip1,sad\nhappy/clip0,happy\nhappy/clip1,happy\n")
    assert folder.read(tmp_path, "").checked().layout.startswith("list index.csv")


PATHS = [
    "{label}/subject{n:02d}/{k}",
    "{label}/S{n:03d}_{k:03d}",
    "{label}/Actor_{n:02d}/{k}.mp4",
    "{label}/P{n:02d}-{k}.avi",
    "{label}/s{n}/{k}",
]


@pytest.mark.parametrize("path", PATHS)
def test_subjects_in_paths_are_offered_as_groups_and_kept_together_when_asked_for(tmp_path: Path, path: str) -> None:
    for label in ("happy", "sad"):
        for n in range(6):
            for k in range(3):
                place = tmp_path / path.format(label=label, n=n, k=k)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch() if place.suffix else place.mkdir()
    found = folder.read(tmp_path, "").checked()
    (problem,) = found.problems
    assert problem.code == "shared-subjects"
    assert "the paths name 6 subjects" in problem.message
    assert "--layout .:subjects keeps a subject together" in problem.message
    asked = folder.read(tmp_path, ".:subjects").checked()
    assert not asked.problems
    for fold in asked.folds.values():
        assert not {s.group for s in fold.train} & {s.group for s in fold.test}


@pytest.mark.parametrize("path", ["{label}/{n}{k}", "{label}/s{n}{k}", "{label}/clip{n}_{k}", "{label}/S{n}{k}_1"])
def test_numbers_of_clips_are_no_subjects(tmp_path: Path, path: str) -> None:
    for label in ("happy", "sad"):
        for n in range(3):
            for k in range(2):
                shown = {"happy": 1, "sad": 2}[label]
                (tmp_path / path.format(label=label, n=f"{shown}{n}", k=k)).mkdir(parents=True)
    assert not folder.read(tmp_path, "").problems
    with pytest.raises(BadData, match="the paths of the clips name no subjects"):
        folder.read(tmp_path, ".:subjects")


def test_what_stands_behind_the_colon_is_named_if_it_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="can be 'subjects', not 'people'"):
        folder.read(tree(tmp_path), ".:people")
