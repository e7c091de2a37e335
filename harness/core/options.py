"""Typed options of methods: declared as dataclass fields, listed, parsed and checked."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from harness.core.errors import BadOption, suggestion

T = TypeVar("T")


@dataclass(frozen=True)
class OptionInfo:
    """One line of `harness list methods --options`."""

    name: str
    type: str
    default: Any
    help: str


def option(
    default: Any,
    help: str,
    *,
    minimum: float | None = None,
) -> Any:
    """Return a dataclass field that documents itself. A value below `minimum` is refused."""
    return field(default=default, metadata={"help": help, "minimum": minimum})


def describe(cls: type, prefix: str = "") -> list[OptionInfo]:
    """Name, type, default and help of every option of a dataclass."""
    hints = get_type_hints(cls)
    return [
        OptionInfo(prefix + f.name, type_name(hints[f.name]), _default(f), f.metadata.get("help", ""))
        for f in _settable(cls)
    ]


def build(
    cls: type[T],
    values: Mapping[str, Any],
    owner: str,
    base: T | None = None,
) -> T:
    """Return the options dataclass with `values` laid over `base` (or the defaults).

    Raises:
        BadOption: an unknown name (with the closest right one) or a value of the wrong type.
    """
    types = field_types(cls)
    parsed = {}
    for name, value in values.items():
        if name not in types:
            raise BadOption(f"{owner} has no option {name!r}; {suggestion(name, types)}")
        parsed[name] = parse(types[name], value, f"{owner}.{name}")
    if base is None:
        return cls(**parsed)
    return dataclasses.replace(base, **parsed)  # type: ignore[type-var]


def parse(
    kind: Any,
    value: Any,
    owner: str,
) -> Any:
    """Convert what a command line or a TOML file said to the declared type, or say what was expected."""
    failure = BadOption(f"{owner}: {value!r} is not {type_name(kind)}")
    for candidate in _readings(kind, value):
        try:
            parsed = TypeAdapter(kind).validate_python(candidate)
        except ValidationError as error:
            failure = BadOption(f"{owner}: {value!r} does not fit {type_name(kind)}: {_reason(kind, error, value)}")
            continue
        if isinstance(parsed, float) and not math.isfinite(parsed):
            raise BadOption(f"{owner}: {value!r} is not a finite number")
        return parsed
    raise failure


def type_name(kind: Any) -> str:
    """Return a type as a person writes it: `int`, `'end' | 'middle'`, `tuple[str, ...]`."""
    if get_origin(kind) is Annotated:
        return type_name(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return " | ".join(map(repr, get_args(kind)))
    if get_args(kind):
        inner = ", ".join("..." if part is Ellipsis else type_name(part) for part in get_args(kind))
        return f"{type_name(get_origin(kind))}[{inner}]"
    return kind.__name__ if isinstance(kind, type) else str(kind)


def field_types(cls: type) -> dict[str, Any]:
    """Return the declared type of every field, with its lower bound if it has one."""
    hints = get_type_hints(cls, include_extras=True)
    return {f.name: _bounded(hints[f.name], f.metadata.get("minimum")) for f in _settable(cls)}


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return `{"input": {"frames": 8}}` as `{"input.frames": 8}`."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return flat


def below_minimum(values: Any) -> Iterator[str]:
    """Yield what is wrong with the values of an options dataclass that are below what their fields declare."""
    for f in dataclasses.fields(values):
        value, minimum = getattr(values, f.name), f.metadata.get("minimum")
        if minimum is not None and value < minimum:
            yield f"{f.name}={value} is less than {minimum}"


def _settable(cls: type) -> list[dataclasses.Field[Any]]:
    """Return the fields that a user can set, and not only the harness itself."""
    return [f for f in dataclasses.fields(cls) if not f.metadata.get("internal")]


def _bounded(kind: Any, minimum: float | None) -> Any:
    return kind if minimum is None else Annotated[kind, Field(ge=minimum)]


def _default(f: dataclasses.Field[Any]) -> Any:
    if f.default is not MISSING:
        return f.default
    return f.default_factory() if f.default_factory is not MISSING else None


def _readings(kind: Any, value: Any) -> list[Any]:
    """Yield what a text can stand for: a list in TOML's brackets or with commas, else as it is or as a TOML value."""
    if not isinstance(value, str):
        return [value]
    lists = "tuple" in type_name(kind) or "list" in type_name(kind)
    plain: Any = [part.strip() for part in value.split(",") if part.strip()] if lists else value
    try:
        toml = tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        return [plain]
    return [toml, plain] if lists and isinstance(toml, list) else [plain, toml]


def _reason(
    kind: Any,
    error: ValidationError,
    value: Any,
) -> str:
    choices = [c for c in get_args(kind) if isinstance(c, str)] if get_origin(kind) is Literal else []
    if choices:
        return suggestion(str(value), choices)
    return error.errors()[0]["msg"]


@dataclass(frozen=True)
class NoOptions:
    """A method without options."""
