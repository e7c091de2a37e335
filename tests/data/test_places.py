"""Where data, cache and configuration are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.errors import HarnessError
from harness.data.places import DatasetPlace, configured_places, dataset_place, set_place
from harness.plugin import registry
from harness.system.folders import cache_folder, config_file

DFEW = registry.dataset("dfew")


def test_the_flag_wins_over_the_variable_and_the_variable_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_place("dfew", DatasetPlace(tmp_path / "configured"))
    assert dataset_place(DFEW, None).root == tmp_path / "configured"
    monkeypatch.setenv("HARNESS_DATA_ROOT", str(tmp_path / "variable"))
    assert dataset_place(DFEW, None).root == tmp_path / "variable" / "DFEW"
    assert dataset_place(DFEW, tmp_path / "flag").root == tmp_path / "flag" / "DFEW"


def test_a_folder_that_differs_in_case_is_found(tmp_path: Path) -> None:
    (tmp_path / "dfew").mkdir()
    assert dataset_place(DFEW, tmp_path).root == tmp_path / "dfew"
    (tmp_path / "DFEW").mkdir()
    assert dataset_place(DFEW, tmp_path).root == tmp_path / "DFEW"


def test_without_any_of_them_the_error_names_all_three() -> None:
    with pytest.raises(HarnessError) as caught:
        dataset_place(DFEW, None)
    for way in ("--data-root", "HARNESS_DATA_ROOT", "harness data set dfew PATH", "--demo"):
        assert way in str(caught.value)


def test_roots_of_several_datasets_are_kept_beside_each_other(tmp_path: Path) -> None:
    set_place("dfew", DatasetPlace(tmp_path / "a"))
    set_place("mafw", DatasetPlace(tmp_path / "b"))
    set_place("dfew", DatasetPlace(tmp_path / "c"))
    assert configured_places() == {"dfew": DatasetPlace(tmp_path / "c"), "mafw": DatasetPlace(tmp_path / "b")}


def test_a_relative_path_is_stored_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    set_place("dfew", DatasetPlace(Path("data")))
    assert configured_places() == {"dfew": DatasetPlace(tmp_path / "data")}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(name=st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20))
def test_any_folder_name_comes_back(tmp_path: Path, name: str) -> None:
    folder = (tmp_path / f"x{name}x").resolve()
    set_place("dfew", DatasetPlace(folder))
    assert configured_places()["dfew"].root == folder


@pytest.mark.parametrize("content", [b"[data", b"data = 3", b"[data]\ndfew = 3", b"\xff\xfe"])
def test_a_broken_configuration_is_named_with_the_fix(content: bytes) -> None:
    config_file().write_bytes(content)
    with pytest.raises(HarnessError, match=r"config\.toml: not a valid configuration .*; mend or remove it"):
        configured_places()


def test_a_configuration_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARNESS_CONFIG", str(tmp_path / "file" / "config.toml"))
    with pytest.raises(HarnessError, match=r"cannot write .*config\.toml: (Not a directory|File exists)"):
        set_place("dfew", DatasetPlace(tmp_path))


def test_places_follow_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == tmp_path / "cache"
    assert config_file() == tmp_path / "config.toml"
    monkeypatch.delenv("HARNESS_CACHE")
    monkeypatch.delenv("HARNESS_CONFIG")
    assert cache_folder().name == config_file().parent.name == "dfer-harness"
