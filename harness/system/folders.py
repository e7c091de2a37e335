"""Folders of the user: cache and configuration."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_config_path

from harness.core.errors import HarnessError
from harness.core.text import is_text

APP = "dfer-harness"


def cache_folder() -> Path:
    """Return the folder of features, sample lists and weights: `HARNESS_CACHE`, or the user's cache folder."""
    return written_as_text(Path(os.environ.get("HARNESS_CACHE") or user_cache_path(APP)), "HARNESS_CACHE")


def config_file() -> Path:
    """Return the user's configuration: `HARNESS_CONFIG`, or `config.toml` in the user's configuration folder."""
    return Path(os.environ.get("HARNESS_CONFIG") or user_config_path(APP) / "config.toml")


def written_as_text(path: Path, named_by: str) -> Path:
    """Return a path that the harness writes to.

    Raises:
        HarnessError: its name is not UTF-8, which Parquet and others do not take. Data may lie below such folders.
    """
    if not is_text(os.fspath(path.absolute())):
        raise HarnessError(
            f"{named_by} {path}: this name is not UTF-8, so not everything can write there; choose another"
        )
    return path
