"""What is shipped: packages, typing markers, demo weights."""

from __future__ import annotations

import tomllib
from pathlib import Path

import harness
import harness_plugins

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOP_LEVEL = {"harness", "plugins", "leaderboards", "tests", "docs", "benchmarks"}


def test_every_package_is_shipped() -> None:
    folders = [p.parent for top in ("harness", "plugins") for p in (ROOT / top).rglob("__init__.py")]
    dotted = [".".join(folder.relative_to(ROOT).parts) for folder in folders]
    named = {name.replace("plugins", "harness_plugins", 1) if name.startswith("plugins") else name for name in dotted}
    assert named == set(PROJECT["tool"]["setuptools"]["packages"])


def test_the_version_is_stated_once_in_each_place() -> None:
    version = PROJECT["project"]["version"]
    assert harness.__version__ == version
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text()


def test_types_are_shipped() -> None:
    for package in (harness, harness_plugins):
        assert (Path(package.__path__[0]) / "py.typed").is_file()


def test_the_demo_backbone_is_shipped_and_small() -> None:
    weights = Path(harness_plugins.__path__[0]) / "backbones" / "demo" / "weights.safetensors"
    assert 0 < weights.stat().st_size <= 8_000_000


def test_no_upper_bounds() -> None:
    for requirement in PROJECT["project"]["dependencies"]:
        assert "<" not in requirement
        assert "==" not in requirement


def test_the_top_level_is_the_agreed_one() -> None:
    for name in (*TOP_LEVEL, "pyproject.toml", "tox.ini", "README.md", "CHANGELOG.md", "LICENSE", ".ci/run"):
        assert (ROOT / name).exists(), name
