"""The user's configuration file: where data are, and the plugins that every command loads."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.core.errors import HarnessError, suggestion
from harness.system.files import write_atomically
from harness.system.folders import config_file

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # that some editors write before the text


class Configuration(BaseModel):
    """The user's configuration file, as it was written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    plugins: list[str] = []  # Python files with hooks
    data: dict[str, str] = {}  # dataset -> its own folder
    named: dict[str, str] = {}  # dataset of one's own -> the one that reads it
    layout: dict[str, str] = {}  # dataset -> CLIPS:LISTS

    @property
    def plugin_files(self) -> list[Path]:
        """The plugins' files; what is not absolute is below the folder of the configuration."""
        return [config_file().absolute().parent / Path(file).expanduser() for file in self.plugins]


def read_configuration() -> Configuration:
    """Return what the user's configuration says; all defaults where there is no file.

    Raises:
        HarnessError: it is no TOML, has an unknown key (with the closest right one) or a value of another type.
    """
    path = config_file()
    if not path.is_file():
        return Configuration()
    try:
        return Configuration(**tomllib.loads(path.read_text(encoding="utf-8").removeprefix(MARK)))
    except ValidationError as error:
        reason = _explain(error)
    except RecursionError:
        reason = "lists or tables within too many others"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise HarnessError(f"{path}: not a valid configuration ({reason}); mend or remove it")


def write_configuration(configuration: Configuration) -> Path:
    """Write the user's configuration anew, without its comments. Returns its file.

    Raises:
        HarnessError: it cannot be written.
    """
    text = "\n".join(_lines(configuration))
    path = config_file()
    write_atomically(path, lambda draft: draft.write_text(text + "\n", encoding="utf-8"))
    return path


def _lines(configuration: Configuration) -> Iterator[str]:
    """Yield the lines of the file; what stands in no table has to come first."""
    if configuration.plugins:
        files = ", ".join(_quoted(file) for file in configuration.plugins)
        yield from (f"plugins = [{files}]", "")
    yield from _table("data", configuration.data)
    if configuration.named:
        yield ""
        yield from _table("named", configuration.named)
    if configuration.layout:
        yield ""
        yield from _table("layout", configuration.layout)


def _table(name: str, values: Mapping[str, str]) -> list[str]:
    return [f"[{name}]", *(f"{_quoted(key)} = {_quoted(values[key])}" for key in sorted(values))]


def _quoted(text: str) -> str:
    """Return a TOML string. JSON's escapes are TOML's, but for surrogate pairs and the bare DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{key}: unknown key; {suggestion(key, Configuration.model_fields)}"
    return f"{key}: {first['msg']}, got {first['input']!r}"
