"""Settings of a process that all of its jobs share, put back after a plugin's code. Imports neither torch nor NumPy."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Setting:
    """A setting of torch that lasts.

    Attributes:
        name: in words.
        read: returns it, given torch.
        write: sets it, given torch and a value.
        fresh: what it is in a process that has not imported torch yet.
    """

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any]
    fresh: Any


def _fresh_dtype(torch: Any) -> Any:
    return torch.float32


SETTINGS = (
    Setting("default dtype", lambda t: t.get_default_dtype(), lambda t, v: t.set_default_dtype(v), _fresh_dtype),
    Setting("grad mode", lambda t: t.is_grad_enabled(), lambda t, v: t.set_grad_enabled(v), True),
    Setting("anomaly mode", lambda t: t.is_anomaly_enabled(), lambda t, v: t.set_anomaly_enabled(v), False),
    Setting(
        "precision of matrix products",
        lambda t: t.get_float32_matmul_precision(),
        lambda t, v: t.set_float32_matmul_precision(v),
        "highest",
    ),
    Setting(
        "fast path of attention",
        lambda t: t.backends.mha.get_fastpath_enabled(),
        lambda t, v: t.backends.mha.set_fastpath_enabled(v),
        True,
    ),
    Setting(
        "cuDNN's benchmark mode",
        lambda t: t.backends.cudnn.benchmark,
        lambda t, v: setattr(t.backends.cudnn, "benchmark", v),
        False,
    ),
    Setting(
        "cuDNN's TF32",
        lambda t: t.backends.cudnn.allow_tf32,
        lambda t, v: setattr(t.backends.cudnn, "allow_tf32", v),
        True,
    ),
)
DURING_A_JOB = (  # which a job sets itself before it calls a method
    Setting("number of threads", lambda t: t.get_num_threads(), lambda t, v: t.set_num_threads(v), None),
    Setting(
        "deterministic kernels",
        lambda t: t.get_deterministic_debug_mode(),
        lambda t, v: t.set_deterministic_debug_mode(v),
        None,
    ),
)


@contextmanager
def settings_kept(changes: list[str], *, job: bool = False) -> Iterator[None]:
    """Put back what the code inside changes of the process, and name it.

    Args:
        changes: what was changed is added to it, in words.
        job: whether the code is that of a job: then threads and kernels are watched, too, and torch's own functions.
    """
    watched = (*SETTINGS, *(DURING_A_JOB if job else ()))
    torch = sys.modules.get("torch")
    before = {setting.name: setting.read(torch) for setting in watched} if torch else None
    functions = _functions(torch) if torch and job else {}
    numpy = sys.modules.get("numpy")
    numpy_errors, folder = numpy.geterr() if numpy else {}, _folder()
    try:
        yield
    finally:
        torch = sys.modules.get("torch")
        for setting in watched if torch else ():
            expected = before[setting.name] if before else _fresh(setting, torch)
            if expected is not None and setting.read(torch) != expected:
                changes.append(f"torch's {setting.name}")
                setting.write(torch, expected)
        changes.extend(_put_back(functions))
        if numpy and numpy.geterr() != numpy_errors:
            changes.append("NumPy's handling of errors")
            numpy.seterr(**numpy_errors)
        if folder and _folder() != folder:
            changes.append("the working folder")
            os.chdir(folder)


def _fresh(setting: Setting, torch: Any) -> Any:
    return setting.fresh(torch) if callable(setting.fresh) else setting.fresh


def _folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None  # it was removed


def _functions(torch: Any) -> dict[tuple[Any, str], Any]:
    """Return every function of torch that code calls by name, by the place where it stands."""
    places = (torch, torch.nn.functional, torch.Tensor, torch.nn.Module)
    found: dict[tuple[Any, str], Any] = {}
    for place in places:
        found.update({(place, name): value for name, value in vars(place).items() if callable(value)})
    return found


def _put_back(functions: Mapping[tuple[Any, str], Any]) -> Iterator[str]:
    for (place, name), value in functions.items():
        if vars(place).get(name) is not value:
            setattr(place, name, value)
            yield f"{getattr(place, '__name__', 'torch')}.{name}"
