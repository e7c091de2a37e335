"""FERV39k in its official layout; its whole official split is written down and loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import BadData, UnknownName
from harness.data.splits import is_official, per_class, scene_fifths
from harness_plugins.datasets import ferv39k

(SPEC,) = ferv39k.register_datasets()
WORDS = [c.word for c in SPEC.classes]

# Clips of each of the 22 scenes: the seven classes in training, then in test.
SCENES = """
Action         276 54 163 43 48 30 26       70 14 41 11 13 8 7
Argue          562 208 472 587 162 75 56    141 52 118 147 41 19 15
Business       279 234 405 182 162 132 24   70 59 102 46 41 33 7
Conflict       208 367 348 592 175 186 114  53 92 87 149 44 47 29
Contest        507 370 476 202 176 110 76   127 93 120 51 45 28 19
Crime          195 332 418 203 126 114 106  49 84 105 51 32 29 27
Crisis         192 231 372 156 106 44 92    48 58 93 40 27 11 24
DailyLife      386 400 368 512 68 24 110    97 101 93 128 17 7 28
ElegantArt     140 282 220 181 69 56 42     36 71 56 46 18 14 11
Experiment     136 8 215 32 28 8 16         34 3 54 8 8 2 4
History        244 724 424 396 131 68 164   61 182 106 99 33 17 41
Interview      545 232 483 241 73 72 29     137 59 121 61 19 19 8
Liveshow       215 88 300 117 81 88 14      54 22 75 30 21 22 4
Medicine       54 128 164 78 40 28 57       14 33 42 20 11 8 15
OfficialEvent  278 86 330 279 78 68 17      70 22 83 70 20 17 5
ScholarReport  419 188 405 260 125 116 96   105 47 102 66 32 29 24
School         101 322 292 422 199 141 130  26 81 73 106 50 36 33
Social         118 76 332 152 88 104 22     30 20 84 39 23 27 6
Speech         271 185 416 256 128 121 88   68 47 105 64 32 31 22
Talkshow       383 151 387 189 164 72 40    96 38 97 48 42 18 11
Terror         118 377 366 316 147 88 265   30 95 92 79 37 22 67
War            227 480 434 510 128 88 96    57 120 109 128 32 23 24
"""


def list_of(root: Path, part: str) -> Path:
    return root / "4_setups" / "All_scenes" / f"{part}_All.csv"


def write(root: Path, train: str, test: str) -> Path:
    """An official tree without frames, which loading does not look at."""
    (root / "2_ClipsforFaceCrop").mkdir(parents=True, exist_ok=True)
    list_of(root, "train").parent.mkdir(parents=True, exist_ok=True)
    for part, rows in (("train", train), ("test", test)):
        list_of(root, part).write_bytes(rows.encode())
    return root


def official_ids() -> list[str]:
    """Every clip of the release: in each cell of scene and emotion the ids are 0 to n - 1."""
    ids = []
    for line in SCENES.split("\n")[1:-1]:
        scene, *numbers = line.split()
        for word, train, test in zip(WORDS, numbers[:7], numbers[7:], strict=True):
            ids += [f"{scene}/{word}/{i:04d}" for i in range(int(train) + int(test))]
    return ids


def rows(ids: list[str]) -> str:
    return "".join(f"{clip} {clip.split('/')[1]}\n" for clip in ids)


def test_the_official_split_is_rederived_and_recognised(tmp_path: Path) -> None:
    train, test = scene_fifths(official_ids())
    fold = SPEC.load(write(tmp_path, rows(train), rows(test)), "1")
    assert (len(fold.train), len(fold.test)) == (31088, 7847)
    assert (per_class(fold.train, 7), per_class(fold.test, 7)) == SPEC.counts["1"]
    assert is_official(SPEC, "1", fold)


def test_a_loader_that_eats_the_first_clip_as_header_would_be_noticed(tmp_path: Path) -> None:
    train, test = scene_fifths(official_ids())
    fold = SPEC.load(write(tmp_path, rows(train[1:]), rows(test)), "1")
    assert not is_official(SPEC, "1", fold)


def test_official_format(tmp_path: Path) -> None:
    write(tmp_path, "Action/Sad/0010 Sad\nWar/Fear/0003 Fear", "Action/Happy/0000 Happy \r\n")
    fold = SPEC.load(tmp_path, "1")
    assert [(s.id, s.label, s.group) for s in fold.train] == [
        ("Action/Sad/0010", 1, ""),
        ("War/Fear/0003", 6, ""),
    ]
    assert [s.id for s in fold.test] == ["Action/Happy/0000"]
    assert fold.train[0].source == tmp_path / "2_ClipsforFaceCrop" / "Action" / "Sad" / "0010"


clips = st.tuples(st.sampled_from(["Action", "War"]), st.sampled_from(WORDS), st.integers(0, 9999))


@given(st.lists(clips, min_size=2, max_size=30, unique=True))
def test_every_row_is_read(tmp_path_factory: pytest.TempPathFactory, names: list[tuple[str, str, int]]) -> None:
    ids = [f"{scene}/{word}/{number:04d}" for scene, word, number in names]
    fold = SPEC.load(write(tmp_path_factory.mktemp("ferv"), rows(ids[1:]), rows(ids[:1])), "1")
    expected = [(clip, WORDS.index(clip.split("/")[1])) for clip in ids]
    assert [(s.id, s.label) for s in [*fold.test, *fold.train]] == expected


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("War/Happy/0001 Hapy", "unknown label 'Hapy'; did you mean 'Happy'?; valid: Happy, Sad, Neutral, Angry"),
        ("War/Hapy/0001 Happy", "no emotion is called 'Hapy'; did you mean 'Happy'?"),
        ("War/Sad/0001 1", "unknown label '1'; valid: Happy, Sad, Neutral, Angry, Surprise, Disgust, Fear"),
        ("War/Sad/0001 Fear", "clip 'War/Sad/0001' lies in another folder than its label 'Fear'"),
        ("War/Sad/0001", "expected 2 columns (clip, label), found 1: 'War/Sad/0001'"),
        ("War/Sad/0001,Sad", "expected 2 columns (clip, label), found 1: 'War/Sad/0001,Sad'"),
        ("War/Sad/0001 Sad 16", "unknown label '16'"),
        ("0001 Sad", "clip id '0001' is not of the form 'Scene/Emotion/0015'"),
        ("../Sad/0001 Sad", "clip id '../Sad/0001' is not a plain path"),
        ("/etc/../War/Sad/0001 Sad", "clip id '/etc/../War/Sad/0001' is not a plain path"),
        ("War/Sad/.. Sad", "clip id 'War/Sad/..' is not a plain path"),
        ("War/Sad/0009 Sad", "duplicate id 'War/Sad/0009', first in line 1"),
        ("War/Fear/0000 Fear", "train and test share id 'War/Fear/0000', first in "),
    ],
)
def test_bad_rows_name_file_and_line(tmp_path: Path, bad: str, reason: str) -> None:
    write(tmp_path, "War/Fear/0000 Fear", f"War/Sad/0009 Sad\n\n{bad}\n")
    with pytest.raises(BadData) as caught:
        SPEC.load(tmp_path, "1")
    assert str(caught.value).startswith(f"{list_of(tmp_path, 'test')}:3: {reason}")


def test_without_lists_the_folders_tell_the_labels_and_the_rule_makes_the_official_split(tmp_path: Path) -> None:
    for clip in official_ids():
        (tmp_path / "2_ClipsforFaceCrop" / clip).mkdir(parents=True)
    found = ferv39k.LAYOUTS.read(tmp_path, "")
    assert is_official(SPEC, "1", found.folds["1"])
    assert found.derived == ("1",)


def test_a_missing_list_is_what_the_other_leaves(tmp_path: Path) -> None:
    train, test = scene_fifths(official_ids()[:700])
    write(tmp_path, rows(train), rows(test))
    list_of(tmp_path, "test").unlink()
    for clip in official_ids()[:700]:
        (tmp_path / "2_ClipsforFaceCrop" / clip).mkdir(parents=True)
    assert sorted(s.id for s in SPEC.load(tmp_path, "1").test) == sorted(test)


def test_missing_lists_and_missing_crops(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"no clips found: expected them at '2_ClipsforFaceCrop' below"):
        SPEC.load(tmp_path, "1")
    list_of(write(tmp_path, "War/Sad/0001 Sad", "War/Sad/0000 Sad"), "train").unlink()
    with pytest.raises(BadData, match=r"FERV39k fold 1: no train list; expected '4_setups/All_scenes/train_All\.csv'"):
        SPEC.load(tmp_path, "1")


def test_there_is_one_fold(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="FERV39k has no fold '2'; known: 1"):
        SPEC.load(tmp_path, "2")
