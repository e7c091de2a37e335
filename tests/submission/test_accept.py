"""Bundles on their way to the board: honest ones get there, forged ones do not, and nothing of either is run."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.errors import HarnessError
from harness.results.records import job_of
from harness.results.store import Store
from harness.submission.accept import Known, Review, review
from harness.submission.quarantine import Quarantine
from harness.submission.review import as_json, as_markdown
from harness.submission.tables import clean
from helpers.handed_in import SHIPPED, bundle_of, known, listed, official, parquet, plant, unzipped, zipped
from helpers.planted import TestSet

ON = TestSet("dfew", "12345", clips=60)
MEASURE = known(official(ON))
Spoil = Callable[[dict[str, Any], pd.DataFrame], None]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    for number in range(3):
        plant(tmp_path / "store", f"held-{number}", 0.3 * number, on=ON)
    return Store(tmp_path / "store")


def mine(tmp_path: Path, **changes: Any) -> Path:
    plant(tmp_path / "mine", "mine", 0.9, on=ON, **changes)
    return bundle_of(tmp_path / "mine", tmp_path / "b.zip")


def forged(tmp_path: Path, spoil: Spoil, **changes: Any) -> Path:
    """A bundle whose first result a forger has changed, with a manifest that fits."""
    files = unzipped(mine(tmp_path, **changes))
    folder = min(name for name in files if name.endswith("result.json")).rpartition("/")[0]
    result = json.loads(files[f"{folder}/result.json"])
    frame = pd.read_parquet(io.BytesIO(files[f"{folder}/predictions.parquet"]))
    spoil(result, frame)
    files |= {f"{folder}/result.json": json.dumps(result).encode(), f"{folder}/predictions.parquet": parquet(frame)}
    return zipped(tmp_path / "forged.zip", listed(files).items())


def codes(found: Review) -> set[str]:
    return {remark.code for remark in found.objections}


def test_an_honest_bundle_is_placed_tested_and_added(tmp_path: Path, store: Store) -> None:
    found = review(mine(tmp_path), MEASURE, store, adding=True)
    assert (found.accepted, found.jobs, found.added) == (True, 5, 5)
    [row] = found.rows
    assert (row.place, row.of, row.folds, row.jobs, row.held) == ("1", 4, "5/5", 5, 0)
    assert [other.name.partition(",")[0] for other in row.neighbours] == ["held-2", "held-1"]
    assert all(other.tests["war"]["difference"] > 0 for other in row.neighbours)
    before = {r["id"]: r for r in Store(tmp_path / "mine").results()}
    for result in Store(store.root).results():
        if result["id"] in before:
            assert result | {"path": ""} == before[result["id"]] | {"path": ""}
            told = pd.read_parquet(Path(result["path"], "predictions.parquet"))
            pd.testing.assert_frame_equal(
                told, pd.read_parquet(Path(before[result["id"]]["path"], "predictions.parquet"))
            )
    assert review(tmp_path / "b.zip", MEASURE, store, adding=True).added == 0


def test_without_a_store_a_bundle_is_checked_all_the_same(tmp_path: Path) -> None:
    found = review(mine(tmp_path), MEASURE)
    assert (found.accepted, found.added, len(found.rows)) == (True, None, 1)
    assert "it is alone" in as_markdown(found)


def _better(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["metrics"]["war"] = 0.99


def _labels(_: dict[str, Any], frame: pd.DataFrame) -> None:
    frame.loc[0, "label"] = next(name for name in ON.classes if name != frame.loc[0, "label"])


def _other_clip(_: dict[str, Any], frame: pd.DataFrame) -> None:
    frame.loc[0, "sample_id"] = "another"


def _fewer(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["n_scored"] -= 1


def _logits(_: dict[str, Any], frame: pd.DataFrame) -> None:
    frame.loc[:, [name for name in frame.columns if name.startswith("logit.")]] *= np.float32(-1)


def _seed(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["seed"] = 7


def _split(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["split_sha256"]["train"] = "0" * 64


def _unofficial(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["official"] = False


def _hash(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["protocol_hash"] = "0" * 12


def _confusion(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["confusion"][0][0] += 1


def _types(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["metric_versions"] = {"war": ["1"]}


def _classes(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["classes"] = ["other", *result["classes"][1:]]


def _quick(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["quick"] = True


def _place(result: dict[str, Any], _: pd.DataFrame) -> None:
    result["warnings"] = ["read /home/me/data/labels.csv"]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_better, "scores-differ"),
        (_confusion, "scores-differ"),
        (_labels, "labels-differ"),
        (_other_clip, "labels-differ"),
        (_fewer, "unreadable"),
        (_logits, "scores-differ"),
        (_seed, "unreadable"),
        (_split, "not-official"),
        (_unofficial, "not-official"),
        (_hash, "unreadable"),
        (_types, "unreadable"),
        (_classes, "edited"),
        (_quick, "unreadable"),
        (_place, "unreadable"),
    ],
)
def test_a_forged_result_is_objected_to_and_nothing_is_added(
    spoil: Spoil, code: str, tmp_path: Path, store: Store
) -> None:
    before = sorted(path for path in store.root.rglob("*"))
    found = review(forged(tmp_path, spoil), MEASURE, store, adding=True)
    assert code in codes(found)
    assert found.added is None
    assert sorted(path for path in store.root.rglob("*")) == before


def test_another_split_or_other_classes_are_not_the_official_ones(tmp_path: Path) -> None:
    other = known(official(TestSet("dfew", "12345", clips=60, rng=np.random.default_rng(1))))
    found = review(mine(tmp_path), other)
    assert codes(found) == {"not-official"}
    assert any("its test split is not the official one of DFEW" in remark.text for remark in found.objections)
    assert any("the splits of its protocol" in remark.text for remark in found.objections)


def test_the_demo_and_datasets_that_are_not_known_are_told_of(tmp_path: Path) -> None:
    plant(tmp_path / "demo", "mine", 0.9, on=ON, folds="1")
    [file] = (tmp_path / "demo").rglob("result.json")
    result = json.loads(file.read_text())
    told = {"demo": True, "official": False, "id": replace(job_of(result), demo=True).id}
    file.write_text(json.dumps(result | told))
    path = bundle_of(tmp_path / "demo", tmp_path / "demo.zip")
    measure = Known({}, MEASURE.metrics, MEASURE.methods)
    found = [remark.text for remark in review(mine(tmp_path), measure).notes if remark.code == "unverified-split"]
    assert found == [
        "no dataset 'dfew' is registered here, so that nothing tells whether its split is the official one"
    ]
    demo = review(path, MEASURE)
    assert demo.accepted
    assert "the results on dfew are of the synthetic demo, which is no benchmark" in [n.text for n in demo.notes]


def test_a_job_that_the_store_holds_otherwise_is_not_replaced(tmp_path: Path, store: Store) -> None:
    plant(store.root, "mine", 0.1, on=ON, folds="1")
    found = review(mine(tmp_path), MEASURE, store, adding=True)
    assert "other-result" in codes(found)


def test_a_bundle_does_not_outvote_the_store_on_what_the_test_clips_are(tmp_path: Path) -> None:
    own, other = (TestSet("toyset", "1", clips=60, rng=np.random.default_rng(seed)) for seed in (1, 2))
    same = {"split_sha256": "a" * 64}
    plant(tmp_path / "store", "held", 0.5, on=own, protocol=same)
    for method in ("one", "two"):
        plant(tmp_path / "mine", method, 0.5, on=other, protocol=same)
    found = review(bundle_of(tmp_path / "mine", tmp_path / "b.zip"), MEASURE, Store(tmp_path / "store"), adding=True)
    assert (codes(found), found.added) == ({"outvoted"}, None)


def test_the_source_is_read_and_never_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    content = f"import pathlib\npathlib.Path({str(marker)!r}.replace('/', '/')).touch()\n".encode()
    sha256 = hashlib.sha256(b"mine.py\0" + content).hexdigest()
    plugin = {**SHIPPED, "name": "mine", "source_sha256": sha256}
    files = unzipped(mine(tmp_path, plugin=SHIPPED | {"name": "harness_plugins.x"}))
    plant(tmp_path / "other", "mine", 0.9, on=ON, plugin=plugin)
    (tmp_path / "mine.py").write_bytes(content)
    path = bundle_of(tmp_path / "other", tmp_path / "with.zip", {"mine": tmp_path / "mine.py"})
    found = review(path, MEASURE)
    assert (found.accepted, found.sources) == (True, {"mine": hashlib.sha256(content).hexdigest()})
    spoiled = unzipped(path) | {"plugins/mine.py": b"x = 1\n"}
    assert codes(review(zipped(tmp_path / "s.zip", listed(spoiled).items()), MEASURE)) == {"source-differs"}
    unused = files | {"plugins/unused.py": b"x = 1\n"}
    assert codes(review(zipped(tmp_path / "u.zip", listed(unused).items()), MEASURE)) == {"source-differs"}
    assert not marker.exists()


def test_hostile_names_are_escaped_in_the_review(tmp_path: Path, store: Store) -> None:
    name = "<script>alert(1)</script>|**x** @everyone [l](http://e.vil)\n# title"
    plant(tmp_path / "mine", name, 0.9, on=ON)
    found = review(bundle_of(tmp_path / "mine", tmp_path / "b.zip"), MEASURE, store)
    text = as_markdown(found)
    for raw in ("<script>", "@everyone", "[l](http://", "\n# title", "**x**"):
        assert raw not in text
    assert "&lt;script&gt;" in text
    assert str(store.root) not in text
    assert "harness-accept-" not in text
    assert json.loads(json.dumps(as_json(found)))["ok"] is True


def test_what_is_wrong_with_the_store_is_not_the_bundles_fault(tmp_path: Path, store: Store) -> None:
    path = mine(tmp_path)
    next(store.root.rglob("result.json")).write_text("{}")
    with pytest.raises(HarnessError, match="schema"):
        review(path, MEASURE, store)
    with pytest.raises(HarnessError, match="no such folder"):
        review(path, MEASURE, Store(tmp_path / "nothing"))


def places_in(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside plain data."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [where, *(place for key, one in inner for place in places_in(one, (*where, key)))]


def rightful_id(result: dict[str, Any]) -> Any:
    """The id that a forger would give the result; the one that it has where it describes no job."""
    try:
        job_of({**result, "id": ""})
    except HarnessError as error:
        found = re.search(r"its job is (\w+)", str(error))
        return found[1] if found else result.get("id")
    except (TypeError, ValueError, AttributeError, IndexError, KeyError):
        return result.get("id")


HOSTILE = st.sampled_from(
    [None, True, -1, 2**70, 1e300, "", "x" * 50, "<b>|`", "../../x", "2026-13-45", [], {}, [[]], {"a": {"b": []}}, [1]]
)


@pytest.mark.slow
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_value_of_a_result_raises_anything(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tables are read in this process here: it is `result.json` that is hostile."""
    root = tmp_path_factory.mktemp("values")
    files = unzipped(mine(root, folds="1"))
    [name] = [name for name in files if name.endswith("result.json")]
    result = json.loads(files[name])
    *way, last = data.draw(st.sampled_from(places_in(result)[1:]))
    inner = result
    for key in way:
        inner = inner[key]
    inner[last] = data.draw(HOSTILE)
    result["id"] = rightful_id(result)
    files[name] = json.dumps(result).encode()
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(Quarantine, "clean", lambda self, *tables: clean(*tables))
        found = review(zipped(root / "b.zip", listed(files).items()), MEASURE)
    as_markdown(found)
    assert found.jobs == 1 or not found.accepted
