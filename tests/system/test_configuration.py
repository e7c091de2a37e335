"""The user's configuration file: plugins that every command loads, and what is kept when it is written anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.data.places import DatasetPlace, configured_places, set_place
from harness.system.configuration import read_configuration
from harness.system.folders import config_file
from helpers.commands import TOY, Cli, Invoke, forget

METRIC = """
from harness import MetricSpec, hookimpl

@hookimpl
def register_metrics():
    return [MetricSpec("{name}", "{name}", lambda predictions: 0.5)]
"""


@pytest.fixture
def half() -> Iterator[str]:
    """Name of a plugin file that registers a metric; it is forgotten afterwards."""
    yield "half_metric"
    forget("half_metric")
    forget("other_metric")


def write_plugin(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(METRIC.format(name=name))
    return path


def test_a_relative_file_is_below_the_folder_of_the_configuration(cli: Cli, tmp_path: Path, half: str) -> None:
    write_plugin(tmp_path / "settings" / "own" / f"{half}.py", "half")
    (tmp_path / "settings" / "config.toml").write_text(f'plugins = ["own/{half}.py"]\n')
    listed = cli("list", "metrics", "--json", HARNESS_CONFIG="settings/config.toml").stdout
    assert "half" in {metric["name"] for metric in json.loads(listed)["metrics"]}
    assert "half" not in {metric["name"] for metric in json.loads(cli("list", "metrics", "--json").stdout)["metrics"]}


def test_the_flag_adds_to_it_and_a_file_named_twice_is_loaded_once(invoke: Invoke, tmp_path: Path, half: str) -> None:
    own = write_plugin(tmp_path / f"{half}.py", "half")
    other = write_plugin(tmp_path / "other_metric.py", "other")
    config_file().write_text(f"plugins = [{json.dumps(str(own))}]\n")
    answer = invoke("list", "metrics", "--json", "--plugin", other, "--plugin", own)
    assert {"half", "other"} <= {metric["name"] for metric in json.loads(answer.out)["metrics"]}
    assert answer.err == ""


def test_a_bench_runs_what_a_configured_plugin_offers_and_notes_its_file(cli: Cli, toy_args: list[str]) -> None:
    config_file().write_text(f"plugins = [{json.dumps(str(TOY))}]\n")
    args = [arg for arg in toy_args if arg not in ("--plugin", str(TOY))]
    (result,) = json.loads(cli(*args, "--json").stdout)["results"]
    assert (result["status"], result["plugin"]["name"]) == ("done", "toy")


@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("doctor",),
        ("flops", "--methods", "coop"),
        ("bench", "--demo", "--dry-run"),
        ("study", "--list"),
        ("study", "table1", "--demo", "--dry-run"),
        ("analyze", "--list"),
        ("status", "."),
        ("leaderboard",),
        ("audit",),
        ("compare", "a", "b"),
        ("publish", "site"),
        ("weights", "list"),
        ("data", "check", "dfew"),
        ("data", "set", "dfew", "."),
    ],
    ids=" ".join,
)
def test_every_command_that_needs_plugins_misses_a_file_by_place_and_key(
    command: tuple[str, ...], invoke: Invoke, tmp_path: Path
) -> None:
    config_file().write_text('plugins = ["lost.py"]\n')
    answer = invoke(*command)
    assert (answer.code, answer.out) == (2, "")
    assert f"harness: {config_file()}: plugins: {tmp_path / 'lost.py'}: no such file" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('plugins = "a.py"', r"plugins: Input should be a valid list, got 'a\.py'"),
        ("plugins = [3]", r"plugins\.0: Input should be a valid string, got 3"),
        ('plugin = ["a.py"]', r"plugin: unknown key; did you mean 'plugins'\?"),
    ],
)
def test_a_wrong_key_or_value_is_named(content: str, message: str) -> None:
    config_file().write_text(content)
    with pytest.raises(HarnessError, match=rf"config\.toml: not a valid configuration \({message}\); mend or remove"):
        read_configuration()


def test_where_a_dataset_is_can_be_set_beside_the_plugins(tmp_path: Path) -> None:
    config_file().write_text('plugins = ["own/ü \\"a\\".py", "~/b.py"]\n[data]\nmafw = "/data"\n')
    before = read_configuration()
    set_place("dfew", DatasetPlace(tmp_path, "A:B"))
    assert read_configuration().plugins == before.plugins == ['own/ü "a".py', "~/b.py"]
    assert configured_places() == {"dfew": DatasetPlace(tmp_path, "A:B"), "mafw": DatasetPlace(Path("/data"))}
    assert before.plugin_files == [tmp_path / 'own/ü "a".py', Path.home() / "b.py"]
