"""Protocol releases: their hashes are those of the official data, and a board of one can be rendered by itself."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from harness.core.digest import digest
from harness.core.errors import HarnessError
from harness.core.job import Protocol
from harness.leaderboard.releases import release_named, release_of, released, releases
from harness.plugin import registry
from harness.results.store import Store
from helpers.commands import Invoke
from helpers.planted import Planted, TestSet


@pytest.mark.parametrize("name", ["dfew", "ferv39k", "mafw"])
def test_the_first_release_is_of_the_official_splits_and_crops(name: str) -> None:
    spec = registry.datasets()[name]
    crops = importlib.import_module(f"harness_plugins.datasets.{name}").LAYOUTS.crops[0].name
    splits = {fold: {"train": train, "test": test} for fold, (train, test) in spec.split_sha256.items()}
    listed = release_named("dfer-2026.1").protocols[name]
    assert set(listed) == {"last", "val", "oracle"}
    for selection in ("last", "val", "oracle"):
        protocol = Protocol(name, spec.version, crops, digest(splits, 64), spec.class_names, selection)
        assert listed[selection] == protocol.hash


def test_releases_are_named_once_and_the_newest_comes_first() -> None:
    names = [release.name for release in releases()]
    assert len(set(names)) == len(names)
    assert [release.date for release in releases()] == sorted((r.date for r in releases()), reverse=True)
    assert all(release.changes for release in releases())


def test_a_protocol_knows_its_release() -> None:
    assert release_of("ddeace03a6b9") == "dfer-2026.1"
    assert release_of("0" * 12) == ""


def released_row(root: Path) -> None:
    """One row under a protocol of the release, and one under another."""
    spec = registry.datasets()["ferv39k"]
    splits = {fold: {"train": train, "test": test} for fold, (train, test) in spec.split_sha256.items()}
    official = {"crop_source": "2_ClipsforFaceCrop", "split_sha256": digest(splits, 64), "classes": spec.class_names}
    on = TestSet("ferv39k", "1", clips=40, classes=spec.class_names)
    Planted(root).row("inside", on=on, identity={"protocol": official})
    Planted(root).row("outside", on=on)


def test_a_board_of_one_release_has_its_rows_alone(invoke: Invoke, tmp_path: Path) -> None:
    released_row(tmp_path / "runs")
    invoke("leaderboard", "--out", "all")
    invoke("leaderboard", "--out", "one", "--release", "dfer-2026.1")
    assert "outside" in (tmp_path / "all/ferv39k.md").read_text()
    page = (tmp_path / "one/ferv39k.md").read_text()
    assert "inside" in page
    assert "outside" not in page
    assert "release dfer-2026.1" in page
    invoke("publish", "site", "--release", "dfer-2026.1")
    assert "Protocol release dfer-2026.1." in (tmp_path / "site/index.html").read_text()


def test_a_release_without_results_and_an_unknown_one_are_told(invoke: Invoke, tmp_path: Path) -> None:
    Planted(tmp_path / "runs").row("outside", on=TestSet("ferv39k", "1", clips=30))
    answer = invoke("leaderboard", "--release", "dfer-2026.1")
    assert (answer.code, answer.out) == (2, "")
    assert "no results in runs of protocol release dfer-2026.1" in answer.err
    with pytest.raises(HarnessError, match=r"no protocol release 'dfer-2026'; did you mean 'dfer-2026\.1'"):
        released(Store(tmp_path), "dfer-2026")
