"""Plugins: how they come, and that a bad one costs nothing but itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.errors import HarnessError, UnknownName
from harness.plugin import registry
from harness.plugin.registry import Plugins
from harness.system.source_hash import source_sha256
from helpers.commands import Invoke, forget

METHOD = """
from harness import MethodSpec, hookimpl

@hookimpl
def register_methods():
    return [MethodSpec({name!r}, "1", "{name}:Nothing", summary={summary!r})]
"""


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The registry of a new process; what tests import is forgotten."""
    before = set(sys.modules)
    monkeypatch.setattr(registry, "_loaded", None)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("harness_plugin_"):
            del sys.modules[name]


def load(folder: Path, source: str, name: str = "mine") -> Plugins:
    path = folder / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    loaded = registry.plugins()
    loaded.add_file(path)
    return loaded


def reasons(plugins: Plugins, name: str = "mine") -> list[str]:
    for kind in registry.KINDS:
        plugins.offers(kind)
    return [problem.reason for problem in plugins.problems if problem.plugin == name]


def built_in_works(plugins: Plugins) -> bool:
    return "zero-shot-clip" in plugins.offers("methods") and "dfew" in plugins.offers("datasets")


def test_built_in_plugins_load_without_a_problem(fresh: None) -> None:
    loaded = registry.plugins()
    assert {"zero-shot-clip", "coop"} <= set(loaded.offers("methods"))
    assert {"dfew", "ferv39k", "mafw"} <= set(loaded.offers("datasets"))
    assert {"war", "uar", "macro_f1", "recall", "ece"} <= set(loaded.offers("metrics"))
    assert [problem for problem in loaded.problems if problem.plugin.startswith("harness_plugins")] == []


def test_a_plugin_file_offers_what_it_registers(fresh: None, tmp_path: Path) -> None:
    loaded = load(tmp_path, METHOD.format(name="own", summary=""))
    offer = registry.method("own")
    assert (offer.plugin, len(offer.source_sha256)) == ("mine", 64)
    assert loaded.files == [(tmp_path / "mine.py").resolve()]


def test_a_plugin_file_is_loaded_once(fresh: None, tmp_path: Path) -> None:
    loaded = load(tmp_path, METHOD.format(name="own", summary=""))
    loaded.add_file(tmp_path / "mine.py")
    assert reasons(loaded) == []
    assert len(loaded.files) == 1


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import not_installed_anywhere", "ModuleNotFoundError: No module named 'not_installed_anywhere'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "PluginEnded: it tried to end the process by SystemExit(3)"),
        ("raise GeneratorExit", "PluginEnded: it tried to end the process by GeneratorExit"),
        ("import os\nos._exit(0)", "PluginEnded: it tried to end the process by os._exit(0)"),
        ("def again(): again()\nagain()", "RecursionError"),
        ("def broken(:", "SyntaxError"),
    ],
)
def test_a_plugin_that_fails_to_import_is_named_with_the_reason(
    fresh: None, tmp_path: Path, source: str, reason: str
) -> None:
    loaded = load(tmp_path, source)
    assert [r[: len(reason)] for r in reasons(loaded)] == [reason]
    assert built_in_works(loaded)


def test_a_misspelt_hook_is_named_with_the_closest_one(fresh: None, tmp_path: Path) -> None:
    source = METHOD.format(name="own", summary="") + "\n@hookimpl\ndef job_finnished(job, result): ...\n"
    loaded = load(tmp_path, source)
    assert reasons(loaded) == ["unknown hook 'job_finnished'; did you mean 'job_finished'?"]
    assert "own" in loaded.offers("methods")  # the rest of the plugin counts
    assert built_in_works(loaded)


def test_a_hook_like_no_other_gets_the_list_of_all(fresh: None, tmp_path: Path) -> None:
    loaded = load(tmp_path, "from harness import hookimpl\n@hookimpl\ndef zzz(): ...\n")
    (reason,) = reasons(loaded)
    assert "unknown hook 'zzz'; known hooks: " in reason
    assert "register_methods" in reason


def test_a_hook_with_an_unknown_argument_is_named(fresh: None, tmp_path: Path) -> None:
    loaded = load(tmp_path, "from harness import hookimpl\n@hookimpl\ndef job_started(jobb): ...\n")
    (reason,) = reasons(loaded)
    assert reason.startswith("PluginValidationError")
    assert "jobb" in reason
    assert built_in_works(loaded)


def test_a_hook_that_raises_is_named_with_the_reason(fresh: None, tmp_path: Path) -> None:
    source = "from harness import hookimpl\n@hookimpl\ndef register_methods(): raise KeyError('lost')\n"
    loaded = load(tmp_path, source)
    assert reasons(loaded) == ["register_methods failed: KeyError: 'lost'"]
    assert built_in_works(loaded)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("['coop']", "register_methods offers 'coop', which is not a MethodSpec"),
        ("7", "register_methods failed: TypeError"),
        ("[MethodSpec('own', '1', 'x:Y', options=int)]", "options of method 'own' are not a dataclass"),
    ],
)
def test_a_wrong_spec_is_left_out_and_named(fresh: None, tmp_path: Path, given: str, reason: str) -> None:
    source = f"from harness import MethodSpec, hookimpl\n@hookimpl\ndef register_methods(): return {given}\n"
    loaded = load(tmp_path, source)
    assert [r[: len(reason)] for r in reasons(loaded)] == [reason]
    assert "own" not in loaded.offers("methods")
    assert built_in_works(loaded)


def test_the_first_plugin_to_offer_a_name_keeps_it(fresh: None, tmp_path: Path) -> None:
    loaded = load(tmp_path, METHOD.format(name="coop", summary="an impostor"))
    assert registry.method("coop").spec.summary != "an impostor"
    (reason,) = reasons(loaded)
    assert reason == "offers 'coop' in methods, which harness_plugins.methods.coop already offers; left out"


def test_two_plugin_files_of_one_name_leave_the_first_in_place(fresh: None, tmp_path: Path) -> None:
    load(tmp_path / "a", METHOD.format(name="first", summary=""))
    loaded = load(tmp_path / "b", METHOD.format(name="second", summary=""))
    assert "first" in loaded.offers("methods")
    assert reasons(loaded) == ["another plugin has this name; rename one of them"]


def test_a_missing_plugin_file_is_the_users_error(fresh: None, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"--plugin .*nowhere\.py: no such file"):
        registry.plugins().add_file(tmp_path / "nowhere.py")


def test_a_distribution_on_the_path_comes_by_its_entry_point(
    fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_distribution(tmp_path, "dfer_outsider", METHOD.format(name="outsider", summary=""))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert registry.method("outsider").plugin == "from_outside"
    assert registry.plugins().files == []  # workers find it by its entry point


def test_a_broken_distribution_costs_only_itself(fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_distribution(tmp_path, "dfer_broken_outsider", "import not_installed_anywhere")
    monkeypatch.syspath_prepend(str(tmp_path))
    (reason,) = reasons(registry.plugins(), "from_outside")
    assert "not_installed_anywhere" in reason
    assert built_in_works(registry.plugins())


def fake_distribution(folder: Path, module: str, source: str) -> None:
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[harness]\nfrom_outside = {module}\n")


@pytest.mark.parametrize(
    ("kind", "name", "closest"), [("dataset", "dfwe", "dfew"), ("method", "zeroshot-clip", "zero-shot-clip")]
)
def test_an_unknown_name_gets_the_closest_one(fresh: None, kind: str, name: str, closest: str) -> None:
    with pytest.raises(UnknownName, match=f"unknown {kind} '{name}'; did you mean '{closest}'"):
        getattr(registry, kind)(name)


def test_an_unregistered_backbone_is_left_to_open_clip(fresh: None) -> None:
    assert "RN50" not in registry.backbones()


def test_the_hash_is_that_of_the_source_that_was_loaded(fresh: None, tmp_path: Path) -> None:
    load(tmp_path, METHOD.format(name="own", summary=""))
    before = registry.method("own").source_sha256
    (tmp_path / "mine.py").write_text(METHOD.format(name="own", summary="edited while the process runs"))
    assert registry.method("own").source_sha256 == before


def test_an_edited_file_is_loaded_again(fresh: None, tmp_path: Path) -> None:
    """Also one of the same length, a moment later: Python's own cache would take it for the old one."""
    for number in range(5):
        loaded = load(tmp_path, METHOD.format(name="own", summary=f"edit {number}"))
        assert registry.method("own").spec.summary == f"edit {number}"
        assert registry.method("own").source_sha256 == source_sha256(sys.modules["harness_plugin_mine"])
    assert (reasons(loaded), len(loaded.files)) == ([], 1)
    load(tmp_path, METHOD.format(name="other", summary=""))
    assert "own" not in loaded.offers("methods")


def test_a_broken_file_that_was_mended_is_loaded(fresh: None, tmp_path: Path) -> None:
    loaded = load(tmp_path, "def broken(:\n")
    assert "SyntaxError" in reasons(loaded)[0]
    load(tmp_path, METHOD.format(name="own", summary=""))
    assert reasons(loaded) == []
    assert "own" in loaded.offers("methods")
    assert "SyntaxError" in reasons(load(tmp_path, "def broken(:\n"))[0]
    assert "own" not in loaded.offers("methods")


def test_a_second_file_of_one_name_never_takes_the_place_of_the_first(fresh: None, tmp_path: Path) -> None:
    loaded = load(tmp_path / "a", METHOD.format(name="first", summary=""))
    for name in ("second", "third"):
        load(tmp_path / "b", METHOD.format(name=name, summary=""))
        assert "another plugin has this name" in reasons(loaded)[0]
        assert "first" in loaded.offers("methods")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "folder.py"
    folder.mkdir()
    with pytest.raises(HarnessError, match="no such file"):
        registry.plugins().add_file(folder)


def test_a_hook_without_its_mark_is_said(tmp_path: Path) -> None:
    file = tmp_path / "unmarked.py"
    file.write_text("def register_methods():\n    return []\n")
    registry.plugins().add_file(file)
    try:
        (problem,) = [p for p in registry.plugins().problems if p.plugin == "unmarked"]
        assert problem.reason == "register_methods is not marked as a hook; write @hookimpl above it"
    finally:
        forget("unmarked")


def test_an_unknown_method_is_answered_with_what_was_left_out_of_plugins(
    invoke: Invoke, toy_args: list[str], tmp_path: Path
) -> None:
    (tmp_path / "unmarked.py").write_text("def register_methods():\n    return []\n")
    (tmp_path / "config.toml").write_text('plugins = ["unmarked.py"]\n')
    try:
        answer = invoke(*toy_args, "--methods", "mine")
    finally:
        forget("unmarked")
    assert answer.code == 2
    assert "unknown method 'mine'" in answer.err
    assert "plugin unmarked: register_methods is not marked as a hook; write @hookimpl above it" in answer.err


def test_a_plugin_that_replaces_shared_code_when_it_is_imported_is_refused(tmp_path: Path) -> None:
    from torch import nn

    before = nn.LayerNorm.forward
    text = "from torch import nn\ndef zero(self, x):\n    return x * 0\nnn.LayerNorm.forward = zero\n"
    (tmp_path / "replacing.py").write_text(text)
    try:
        with pytest.raises(HarnessError, match=r"plugin replacing replaces LayerNorm\.forward when it is imported"):
            registry.plugins().add_file(tmp_path / "replacing.py")
        nn.LayerNorm.forward = before
        with pytest.raises(HarnessError, match="plugin replacing replaces"):  # and is not there the next time
            registry.plugins().add_file(tmp_path / "replacing.py")
    finally:
        nn.LayerNorm.forward = before
        forget("replacing")
