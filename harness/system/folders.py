"""Folders of the user: cache and configuration."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_config_path

APP = "dfer-harness"


def cache_folder() -> Path:
    """Return the folder of features, sample lists and weights: `HARNESS_CACHE`, or the user's cache folder."""
    return Path(os.environ.get("HARNESS_CACHE") or user_cache_path(APP))


def config_file() -> Path:
    """Return the user's configuration: `HARNESS_CONFIG`, or `config.toml` in the user's configuration folder."""
    return Path(os.environ.get("HARNESS_CONFIG") or user_config_path(APP) / "config.toml")
