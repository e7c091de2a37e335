"""What is handed in, what stays behind, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import HarnessError
from harness.results.store import Store
from harness.submission import places
from harness.submission.bundle import make, write
from helpers.handed_in import SHIPPED, bundle_of, plant, unzipped
from helpers.planted import TestSet

ON = TestSet("dfew", "12345", clips=40)
PLACES = {
    "warnings": ["read '/home/me/data/labels.csv' and https://example.org/a/b"],
    "provenance": {"host": "my-machine", "packages": {}, "python": "3.11.0", "source": {"at": "/home/me/x"}},
}


def changed(runs: Path, **changes: Any) -> None:
    """Replace keys of every result, whatever its id says."""
    for path in runs.rglob("result.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_bundle_holds_results_tables_and_hashes_and_no_place(tmp_path: Path) -> None:
    plant(tmp_path / "runs", "m", 0.5, on=ON, **PLACES)
    for path in tmp_path.rglob("result.json"):
        (path.parent / "weights.safetensors").write_bytes(b"weights")
    bundle = make(Store(tmp_path / "runs").results(), {})
    assert list(bundle.said()) == [
        "provenance: names of folders or of the machine were taken out of 5 results",
        "warnings: names of folders or of the machine were taken out of 5 results",
        "not in it: frames, weights, logs",
    ]
    files = unzipped(bundle_of(tmp_path / "runs", tmp_path / "b.zip"))
    assert {name.rpartition("/")[2] for name in files} == {
        "manifest.json", "result.json", "predictions.parquet", "history.parquet",
    }  # fmt: skip
    facts = json.loads(files["manifest.json"])
    rest = {name: content for name, content in files.items() if name != "manifest.json"}
    assert {n: f["sha256"] for n, f in facts["files"].items()} == {
        n: hashlib.sha256(c).hexdigest() for n, c in rest.items()
    }
    assert facts["jobs"] == 5
    whole = b"".join(files.values())
    assert b"/home" not in whole
    assert b"my-machine" not in whole
    assert str(tmp_path).encode() not in whole
    assert b"read 'labels.csv' and https://example.org/a/b" in whole


def test_what_accept_would_refuse_is_not_written(tmp_path: Path) -> None:
    plant(tmp_path / "runs", "m", 0.5, on=ON, folds="1")
    bundle = make(Store(tmp_path / "runs").results(), {})
    first = next(name for name in bundle.files if "/m/" in name)
    bundle.files[first.replace("/m/", "/M/")] = bundle.files[first]
    with pytest.raises(HarnessError, match="differs from another in case or form only, which `harness accept` refuses"):
        write(bundle, tmp_path / "b.zip")
    assert list(tmp_path.glob("*.zip")) == []


def test_equal_results_give_equal_bundles(tmp_path: Path) -> None:
    for name in ("one", "other"):
        plant(tmp_path / name, "m", 0.5, on=TestSet("dfew", "12345", clips=40))
        bundle_of(tmp_path / name, tmp_path / f"{name}.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_failed_and_quick_results_stay_behind(tmp_path: Path) -> None:
    plant(tmp_path / "runs", "m", 0.5, on=ON, folds="1")
    plant(tmp_path / "runs", "failed", 0.5, on=ON, folds="12", status="failed")
    plant(tmp_path / "runs", "quick", 0.5, on=ON, folds="1", quick=True)
    bundle = make(Store(tmp_path / "runs").results(), {})
    assert bundle.jobs == 1
    assert list(bundle.said())[:2] == [
        "left out: 2 results of jobs that failed",
        "left out: 1 result of `bench --quick`, which no table ranks",
    ]
    with pytest.raises(HarnessError, match="nothing to hand in"):
        make([], {})


def test_a_path_that_a_result_stands_for_is_refused(tmp_path: Path) -> None:
    plant(tmp_path / "runs", "m", 0.5, on=ON, folds="1", identity={"options": {"file": "/home/me/prompts.txt"}})
    with pytest.raises(HarnessError, match=r"options\.file is '/home/me/prompts\.txt', a path of this machine"):
        make(Store(tmp_path / "runs").results(), {})


def test_edited_results_and_broken_tables_are_refused(tmp_path: Path) -> None:
    plant(tmp_path / "runs", "m", 0.5, on=ON, folds="1")
    changed(tmp_path / "runs", seed=77)
    with pytest.raises(HarnessError, match="was edited"):
        make(Store(tmp_path / "runs").results(), {})
    plant(tmp_path / "other", "m", 0.5, on=ON, folds="1")
    [path] = (tmp_path / "other").rglob("predictions.parquet")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(HarnessError, match=r"predictions\.parquet: is not the Parquet"):
        make(Store(tmp_path / "other").results(), {})
    path.unlink()
    with pytest.raises(HarnessError, match=r"predictions\.parquet: No such file"):
        make(Store(tmp_path / "other").results(), {})


def test_the_source_of_a_one_file_plugin_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("x = 1\n")
    sha256 = hashlib.sha256(b"mine.py\0x = 1\n").hexdigest()
    plant(tmp_path / "runs", "m", 0.5, on=ON, folds="1", plugin={**SHIPPED, "name": "mine", "source_sha256": sha256})
    results = list(Store(tmp_path / "runs").results())
    with pytest.raises(HarnessError, match="came from the plugin 'mine'; give its file with --plugin"):
        make(results, {})
    assert make(results, {"mine": file}).files["plugins/mine.py"] == b"x = 1\n"
    file.write_text("x = 2\n")
    with pytest.raises(HarnessError, match="was made by another source of it"):
        make(results, {"mine": file})
    packaged = {**results[0], "provenance": {"distribution": "my-package 1.0"}}
    assert next(make([packaged], {}).said()) == "no source: the method came from the package my-package 1.0"


def test_a_source_that_names_a_folder_of_a_machine_is_refused(tmp_path: Path) -> None:
    content = b'DATA = "/home/me/faces"\n'
    (tmp_path / "mine.py").write_bytes(content)
    sha256 = hashlib.sha256(b"mine.py\0" + content).hexdigest()
    plant(tmp_path / "runs", "m", 0.5, on=ON, folds="1", plugin={**SHIPPED, "name": "mine", "source_sha256": sha256})
    with pytest.raises(HarnessError, match="names '/home/me/faces', a folder of this machine"):
        make(Store(tmp_path / "runs").results(), {"mine": tmp_path / "mine.py"})


@pytest.mark.parametrize(
    "text", ["/data/x", "~/x", "C:\\x", "C:/x", "\\\\server\\x", "in '/data/x/y'", "see /data/x/y now"]
)
def test_places(text: str) -> None:
    assert list(places.found_in({"a": [{"b": text}]})) == [("a.b", text)]


@pytest.mark.parametrize("text", ["", "a/b", "https://example.org/a/b", "1 / 2", "Action/Happy/0015", "~ 3", "a: b"])
def test_no_places(text: str) -> None:
    assert list(places.found_in({"a": [{"b": text}]})) == []
