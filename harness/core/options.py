"""Typed options of methods: declared as dataclass fields, listed, parsed and checked."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from harness.core.errors import BadOption, HarnessError, suggestion
from harness.core.limits import MOST_ELEMENTS, most_of
from harness.core.text import in_short

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
    maximum: float | None = None,
) -> Any:
    """Return a dataclass field that documents itself. A value below `minimum` or above `maximum` is refused.

    A whole number without a maximum is one that can be meant: at most 10,000 epochs, 65,536 clips of a batch, and a
    million of anything (`harness.core.limits`).
    """
    return field(default=default, metadata={"help": help, "minimum": minimum, "maximum": maximum})


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
    try:
        return cls(**parsed) if base is None else dataclasses.replace(base, **parsed)  # type: ignore[type-var]
    except HarnessError:
        raise
    except Exception as error:  # of the class itself, in any way: its values do not fit together
        raise BadOption(f"{owner}: {type(error).__name__}: {error}") from error


def parse(
    kind: Any,
    value: Any,
    owner: str,
) -> Any:
    """Convert what a command line or a TOML file said to the declared type, or say what was expected."""
    failure = BadOption(f"{owner}: {in_short(value)} is not {type_name(kind)}")
    for candidate in _readings(kind, value):
        try:
            parsed = TypeAdapter(kind).validate_python(candidate)
        except ValidationError as error:
            failure = BadOption(
                f"{owner}: {in_short(value)} does not fit {type_name(kind)}: {_reason(kind, error, value)}"
            )
            continue
        if isinstance(parsed, float) and not math.isfinite(parsed):
            raise BadOption(f"{owner}: {in_short(value)} is not a finite number")
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
    return {f.name: _bounded(f, hints[f.name]) for f in _settable(cls)}


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return `{"input": {"frames": 8}}` as `{"input.frames": 8}`. Raises: BadOption for one that is there twice."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        inner = flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
        for name in flat.keys() & inner.keys():
            raise BadOption(f"option {name!r} is given twice, in a table and by its whole name")
        flat |= inner
    return flat


def out_of_bounds(values: Any) -> Iterator[str]:
    """Yield what is wrong with the values of an options dataclass that are beyond what their fields declare."""
    for f in dataclasses.fields(values):
        value, minimum, maximum = getattr(values, f.name), f.metadata.get("minimum"), f.metadata.get("maximum")
        if minimum is not None and value < minimum:
            yield f"{f.name}={value} is less than {minimum}"
        if maximum is not None and value > maximum:
            yield f"{f.name}={value} is more than {maximum:,}"


def _settable(cls: type) -> list[dataclasses.Field[Any]]:
    """Return the fields that a user can set, and not only the harness itself."""
    return [f for f in dataclasses.fields(cls) if not f.metadata.get("internal")]


def _bounded(f: dataclasses.Field[Any], kind: Any) -> Any:
    """Return the type of an option with its bounds; those of a list of whole numbers are of each."""
    least, most = f.metadata.get("minimum"), f.metadata.get("maximum")
    if kind is int:
        return Annotated[kind, Field(ge=least, le=most_of(f.name) if most is None else most)]
    if get_origin(kind) in (tuple, list):
        return Annotated[kind, Field(max_length=MOST_ELEMENTS)]
    return kind if least is most is None else Annotated[kind, Field(ge=least, le=most)]


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
    except (ValueError, RecursionError):  # no TOML, a number of thousands of digits, lists within lists
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
