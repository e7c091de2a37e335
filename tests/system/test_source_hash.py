"""The hash of a plugin's source."""

from __future__ import annotations

import hashlib
import importlib
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from harness.plugin import registry
from harness.plugin.import_file import import_file
from harness.system.source_hash import installed_folder, source_sha256, with_build


def load(path: Path, source: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return source_sha256(import_file(path))


@pytest.fixture(autouse=True)
def forget_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.plugins()  # whose modules have to stay
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


def test_a_file_is_hashed_with_its_name(tmp_path: Path) -> None:
    expected = hashlib.sha256(b"one.py\0X = 1\n").hexdigest()
    assert load(tmp_path / "one.py", "X = 1\n") == expected


def test_the_folder_it_lies_in_does_not_matter(tmp_path: Path) -> None:
    assert load(tmp_path / "a" / "one.py", "X = 1\n") == load(tmp_path / "b" / "one.py", "X = 1\n")


def test_every_changed_byte_shows(tmp_path: Path) -> None:
    assert load(tmp_path / "one.py", "X = 1\n") != load(tmp_path / "one.py", "X = 2\n")


def test_a_folder_is_hashed_whole(tmp_path: Path) -> None:
    before = load(tmp_path / "kit" / "__init__.py", "")
    (tmp_path / "kit" / "deep").mkdir()
    (tmp_path / "kit" / "deep" / "model.py").write_text("X = 1\n")
    after = load(tmp_path / "kit" / "__init__.py", "")
    (tmp_path / "kit" / "notes.txt").write_text("no source")
    assert before != after
    assert load(tmp_path / "kit" / "__init__.py", "") == after


def installed(root: Path, **files: str) -> str:
    """The hash of the plugin `kit.plugin`, as an entry point names it, of a package with these files."""
    for name, source in {"__init__": "", **files}.items():
        (root / "kit").mkdir(parents=True, exist_ok=True)
        (root / "kit" / f"{name}.py").write_text(source)
    for name in [name for name in sys.modules if name.partition(".")[0] == "kit"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    return source_sha256(importlib.import_module("kit.plugin"))


def test_an_installed_module_is_hashed_with_the_package_that_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = installed(tmp_path, plugin="BUILD = 'kit.model:X'\n", model="X = 1\n")
    assert installed(tmp_path, model="X = 2\n") != before
    assert installed(tmp_path, model="X = 1\n") == before


def test_what_is_declared_presentation_is_not_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    declared = "PRESENTATION = ('figures.py',)\n"
    before = installed(tmp_path, plugin=declared, figures="TITLE = 'One'\n", model="X = 1\n")
    assert installed(tmp_path, figures="TITLE = 'Two'\n") == before
    assert installed(tmp_path, model="X = 2\n") != before
    whole = installed(tmp_path, plugin="", model="X = 1\n")
    assert installed(tmp_path, figures="TITLE = 'Three'\n") != whole


def test_a_caption_of_the_built_in_studies_and_figures_is_in_no_methods_hash() -> None:
    shipped = {name: of for name, of in registry.plugins().offers("methods").items() if "harness_plugins" in of.plugin}
    assert len(shipped) > 6
    for name, registered in shipped.items():
        folder = installed_folder(registered.plugin)
        assert not [file.name for file in folder.rglob("*.py") if file.stem in ("studies", "figures")], name


def test_a_plugin_object_is_hashed_by_the_file_of_its_class() -> None:
    class Tracker:
        pass

    assert source_sha256(Tracker()) == source_sha256(sys.modules[__name__])


def test_what_has_no_file_has_no_hash() -> None:
    assert source_sha256(object()) == ""


def write(root: Path, **files: str) -> None:
    for name, source in files.items():
        path = root.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)


def test_what_builds_a_method_elsewhere_counts_with_its_whole_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path, nets__init="", plug="X = 1\n")
    (tmp_path / "nets" / "__init__.py").touch()
    write(tmp_path, nets__deep__model="raise RuntimeError('imported')\n", nets__layers="X = 1\n")
    (tmp_path / "nets" / "deep" / "__init__.py").touch()
    importlib.invalidate_caches()
    plugin = import_file(tmp_path / "plug.py")

    def found(build: object = "nets.deep.model:Net") -> str:
        return with_build("0" * 64, plugin, build)

    before = found()
    assert before != "0" * 64
    assert "nets" not in sys.modules  # nothing is imported for it
    write(tmp_path, nets__layers="X = 2\n")
    after = found()
    assert after != before
    write(tmp_path, nets__layers="X = 1\n")
    assert found() == before
    write(tmp_path, nets__deep__model="X = 1\n")
    assert found() not in (before, after)


def test_what_builds_a_method_beside_its_plugin_counts_once(tmp_path: Path) -> None:
    plugin = import_file_of(tmp_path, "class Net: pass\n")
    for build in (plugin.Net, "json:loads", partial(plugin.Net), "nowhere.at.all:Net", "harness.models.method:Method"):
        assert with_build("0" * 64, plugin, build) == "0" * 64
    assert with_build("", plugin, plugin.Net) == ""
    for name, registered in registry.plugins().offers("methods").items():
        assert registered.source_sha256 == registry.plugins().hashes[registered.plugin], name


def import_file_of(folder: Path, source: str) -> ModuleType:
    (folder / "one.py").write_text(source)
    return import_file(folder / "one.py")
