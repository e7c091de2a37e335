"""Predictions read by the hundred are those that one file at a time gives, and a bad file harms no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.results.predictions import (
    FILE,
    BadPredictions,
    PredictionTable,
    read_facts,
    read_predictions,
    read_together,
)

CLASSES = ("happiness", "sadness", "fear")
Frame = Any  # pd.DataFrame, whose stubs ask for more than these tests do


def predictions(clips: int, seed: int = 0) -> Frame:
    rng = np.random.default_rng(seed)
    words = np.array(CLASSES, dtype=object)
    logits = rng.normal(size=(clips, len(CLASSES))).astype(np.float32)
    return pd.DataFrame(
        {
            "sample_id": [f"clip {number:03d} \N{GREEK SMALL LETTER ALPHA}" for number in range(clips)],
            "label": words[rng.integers(0, len(CLASSES), clips)],
            "prediction": words[logits.argmax(1)],
            "frames": rng.integers(8, 60, clips),
            "group": [f"film {number % 3}" for number in range(clips)],
            **{f"logit.{name}": logits[:, i] for i, name in enumerate(CLASSES)},
        }
    )


def store(folder: Path, frame: Frame) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(folder / FILE)
    return str(folder)


def slowly(folder: str) -> tuple[list[str], list[int], list[int], Frame]:
    frame: Frame = pd.read_parquet(Path(folder) / FILE).sort_values("sample_id")
    logits = frame[[f"logit.{name}" for name in CLASSES]].to_numpy(np.float32)
    return (
        list(frame["sample_id"]),
        [CLASSES.index(word) for word in frame["label"]],
        [CLASSES.index(word) for word in frame["prediction"]],
        logits,
    )


def assert_equal(found: PredictionTable | BadPredictions, folder: str) -> None:
    assert isinstance(found, PredictionTable)
    ids, labels, predicted, logits = slowly(folder)
    assert found.ids.tolist() == ids
    assert found.labels.tolist() == labels
    assert found.predicted.tolist() == predicted
    np.testing.assert_array_equal(found.logits, logits)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    shuffled=st.booleans(),
    wide=st.booleans(),
    bare=st.booleans(),
    words=st.sampled_from(["str", "category"]),
)
def test_many_files_at_once_are_what_each_alone_is(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], shuffled: bool, wide: bool, bare: bool, words: str
) -> None:
    """Files of any size, order of clips and columns, and types that mean the same."""
    root = tmp_path_factory.mktemp("many")
    folders = []
    for number, size in enumerate(sizes):
        frame = predictions(size, number)
        if shuffled:
            frame = frame.sample(frac=1, random_state=number)
        if number % 2:
            frame = frame[sorted(frame.columns)].drop(columns=["frames"] if bare else [])
            frame = frame.astype({"label": words, **({"logit.fear": np.float64} if wide else {})})
        folders.append(store(root / str(number), frame))
    for found, folder in zip(read_together(folders, CLASSES, {}), folders, strict=True):
        assert_equal(found, folder)
        assert_equal(read_predictions(folder, CLASSES), folder)


@pytest.mark.parametrize("name", ["seed=1", "fold[1-3]", "a*b?", "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "50% {x}"])
def test_names_of_folders_are_taken_as_they_are(tmp_path: Path, name: str) -> None:
    folders = [store(tmp_path / name / str(fold), predictions(4, fold)) for fold in range(2)]
    for found, folder in zip(read_together(folders, CLASSES, {}), folders, strict=True):
        assert_equal(found, folder)


def test_jobs_that_saw_the_same_clips_share_their_ids(tmp_path: Path) -> None:
    same = [predictions(5, seed) for seed in (1, 2)]
    shuffled, other = predictions(5, 3).iloc[::-1], predictions(5, 4)
    other["sample_id"] = [f"x{name}" for name in other["sample_id"]]
    folders = [store(tmp_path / str(i), frame) for i, frame in enumerate([*same, shuffled, other])]
    known: dict[bytes, np.ndarray] = {}
    ids = [found.ids for found in read_together(folders, CLASSES, known) if isinstance(found, PredictionTable)]
    assert ids[0] is ids[1] is ids[2]
    assert ids[3] is not ids[0]
    assert len(known) == 2


def emptied(path: Path) -> None:
    pd.read_parquet(path).iloc[:0].to_parquet(path)


def changed(column: str, value: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        frame: Frame = pd.read_parquet(path)
        frame.loc[1, column] = value
        frame.to_parquet(path)

    return change


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: path.unlink(), "No such file"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-20]), "no Parquet file"),
    "no file of this kind": (lambda path: path.write_text("hello"), "no Parquet file"),
    "empty": (emptied, "holds no clip"),
    "no label": (lambda path: pd.read_parquet(path).drop(columns="label").to_parquet(path), "no column 'label'"),
    "no logit": (lambda p: pd.read_parquet(p).drop(columns="logit.fear").to_parquet(p), "no column 'logit.fear'"),
    "strange label": (changed("label", "joy"), "label 'joy' of clip 'clip 001 \N{GREEK SMALL LETTER ALPHA}' is no"),
    "no prediction": (changed("prediction", None), "prediction None of clip"),
    "twice": (changed("sample_id", "clip 000 \N{GREEK SMALL LETTER ALPHA}"), "is there more than once"),
    "nameless": (changed("sample_id", None), "a clip has no sample_id"),
    "words for logits": (
        lambda path: pd.read_parquet(path).assign(**{"logit.fear": "high"}).to_parquet(path),
        "not the columns of predictions",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_bad_file_is_named_and_harms_no_other(tmp_path: Path, fault: str, place: int) -> None:
    folders = [store(tmp_path / str(number), predictions(4, number)) for number in range(5)]
    harm, told = FAULTS[fault]
    harm(Path(folders[place]) / FILE)
    for number, (found, folder) in enumerate(zip(read_together(folders, CLASSES, {}), folders, strict=True)):
        if number == place:
            assert isinstance(found, BadPredictions)
            assert str(found).startswith(f"{folder}/{FILE}: ")
            assert told in str(found)
        else:
            assert_equal(found, folder)


@pytest.mark.parametrize("classes", [(), ("fear", "fear"), tuple(f"class {number}" for number in range(200))])
def test_classes_that_cannot_be_are_no_crash(tmp_path: Path, classes: tuple[str, ...]) -> None:
    folders = [store(tmp_path / str(number), predictions(4, number)) for number in range(2)]
    assert all(isinstance(found, BadPredictions) for found in read_together(folders, classes, {}))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_broken_bytes_end_in_an_error_of_ours(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    root = tmp_path_factory.mktemp("broken")
    folders = [store(root / str(number), predictions(6, number)) for number in range(2)]
    path = Path(folders[0]) / FILE
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    broken, whole = read_together(folders, CLASSES, {})
    assert isinstance(broken, (PredictionTable, BadPredictions))
    assert_equal(whole, folders[1])


def test_groups_and_frames_in_order_of_the_ids(tmp_path: Path) -> None:
    frame = predictions(5)
    frame.loc[2, "group"] = None
    groups, frames = read_facts(store(tmp_path, frame.iloc[::-1]))
    assert groups.tolist() == ["film 0", "film 1", "", "film 0", "film 1"]
    assert frames.tolist() == frame["frames"].tolist()
    store(tmp_path, frame.drop(columns="group"))
    with pytest.raises(BadPredictions, match=FILE):
        read_facts(tmp_path)
