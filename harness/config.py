"""Where things are: the user's configuration file, data roots and the cache."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path, user_config_path

from harness.errors import HarnessError
from harness.files import write_atomically
from harness.specs import DatasetSpec

APP = "dfer-harness"
DATA_ROOT = "HARNESS_DATA_ROOT"


def cache_folder() -> Path:
    """Features, sample lists and weights: `HARNESS_CACHE`, or the user's cache folder."""
    return Path(os.environ.get("HARNESS_CACHE") or user_cache_path(APP))


def config_file() -> Path:
    """The user's configuration: `HARNESS_CONFIG`, or `config.toml` in the user's configuration folder."""
    return Path(os.environ.get("HARNESS_CONFIG") or user_config_path(APP) / "config.toml")


def configured_roots() -> dict[str, Path]:
    """Dataset name -> folder, as written by `harness data set`."""
    path = config_file()
    if not path.is_file():
        return {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8")).get("data", {})
        return {str(name): Path(folder) for name, folder in data.items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, TypeError) as error:
        raise HarnessError(f"{path}: not a valid configuration ({error}); mend or remove it") from error


def set_root(name: str, folder: Path) -> Path:
    """Remember where a dataset is. Returns the configuration file. Raises: HarnessError if it cannot be written."""
    roots = {**configured_roots(), name: folder.expanduser().resolve()}
    text = "\n".join(["[data]", *(f"{_quoted(key)} = {_quoted(str(roots[key]))}" for key in sorted(roots))])
    path = config_file()
    write_atomically(path, lambda draft: draft.write_text(text + "\n", encoding="utf-8"))
    return path


def _quoted(text: str) -> str:
    """A TOML string. JSON's escapes are TOML's, but for surrogate pairs and the bare DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def dataset_root(spec: DatasetSpec, data_root: Path | None) -> Path:
    """The folder of one dataset: `--data-root`, then HARNESS_DATA_ROOT, then the configuration file.

    Raises:
        HarnessError: none of them names it.
    """
    if data_root is not None:
        return data_root / spec.folder
    if os.environ.get(DATA_ROOT):
        return Path(os.environ[DATA_ROOT]).expanduser() / spec.folder
    roots: Mapping[str, Path] = configured_roots()
    if spec.name in roots:
        return roots[spec.name]
    raise HarnessError(
        f"where is {spec.title}? Give --data-root DIR (the folder that holds {spec.folder}/), set {DATA_ROOT}, "
        f"or run `harness data set {spec.name} PATH` once. To try things out without data: harness bench --demo"
    )
