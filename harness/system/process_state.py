"""Settings of a process that all of its jobs share, put back after a plugin's code. Imports neither torch nor NumPy."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from harness.system.shared_code import SharedCode

TINY = 1e-310  # below the smallest number of full precision

LOGGERS = ("root", "harness")


@dataclass(frozen=True)
class Setting:
    """A setting of torch that lasts.

    Attributes:
        name: in words.
        code: what code that changes it writes, by which the line to mend is found.
        read: returns it, given torch.
        write: sets it, given torch and a value.
        fresh: what it is in a process that has not imported torch yet.
    """

    name: str
    code: str
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any]
    fresh: Any


def _fresh_dtype(torch: Any) -> Any:
    return torch.float32


def _flushes(torch: Any) -> bool:
    """Return whether numbers too small for full precision become 0; torch itself cannot be asked."""
    return bool((torch.full((), TINY, dtype=torch.float64, device="cpu") / 2 == 0).item())


def _allows(kind: str, torch: Any) -> bool:
    return bool(getattr(torch.backends.cuda, f"{kind}_sdp_enabled")())


def _allow(kind: str, torch: Any, value: bool) -> None:
    getattr(torch.backends.cuda, f"enable_{kind}_sdp")(value)


def _attention(kind: str) -> Setting:
    """Return whether these kernels of attention may be chosen."""
    return Setting(
        f"{kind} attention",
        f"enable_{kind}_sdp",
        partial(_allows, kind),
        partial(_allow, kind),
        True,
    )


SETTINGS = (
    Setting(
        "default dtype",
        "set_default_dtype",
        lambda t: t.get_default_dtype(),
        lambda t, v: t.set_default_dtype(v),
        _fresh_dtype,
    ),
    Setting("grad mode", "set_grad_enabled", lambda t: t.is_grad_enabled(), lambda t, v: t.set_grad_enabled(v), True),
    Setting(
        "autocast",
        "set_autocast_enabled",
        lambda t: t.is_autocast_enabled("cpu"),
        lambda t, v: t.set_autocast_enabled("cpu", v),
        False,
    ),
    Setting("anomaly mode", "anomaly", lambda t: t.is_anomaly_enabled(), lambda t, v: t.set_anomaly_enabled(v), False),
    Setting(
        "precision of matrix products",
        "matmul_precision",
        lambda t: t.get_float32_matmul_precision(),
        lambda t, v: t.set_float32_matmul_precision(v),
        "highest",
    ),
    Setting(
        "fast path of attention",
        "set_fastpath_enabled",
        lambda t: t.backends.mha.get_fastpath_enabled(),
        lambda t, v: t.backends.mha.set_fastpath_enabled(v),
        True,
    ),
    Setting(
        "cuDNN's benchmark mode",
        "cudnn.benchmark",
        lambda t: t.backends.cudnn.benchmark,
        lambda t, v: setattr(t.backends.cudnn, "benchmark", v),
        False,
    ),
    Setting(
        "default device",
        "set_default_device",
        lambda t: str(t.get_default_device()),
        lambda t, v: t.set_default_device(None if v == "cpu" else v),
        "cpu",
    ),
    Setting(
        "oneDNN",
        "mkldnn",
        lambda t: t.backends.mkldnn.enabled,
        lambda t, v: setattr(t.backends.mkldnn, "enabled", v),
        True,
    ),
    Setting("flush of tiny numbers", "set_flush_denormal", _flushes, lambda t, v: t.set_flush_denormal(v), False),
    *map(_attention, ("flash", "mem_efficient", "math", "cudnn")),
    Setting(
        "cuDNN's TF32",
        "allow_tf32",
        lambda t: t.backends.cudnn.allow_tf32,
        lambda t, v: setattr(t.backends.cudnn, "allow_tf32", v),
        True,
    ),
)
DURING_A_JOB = (  # which a job sets itself before it calls a method
    Setting(
        "number of threads", "set_num_threads", lambda t: t.get_num_threads(), lambda t, v: t.set_num_threads(v), None
    ),
    Setting(
        "deterministic kernels",
        "deterministic",
        lambda t: t.get_deterministic_debug_mode(),
        lambda t, v: t.set_deterministic_debug_mode(v),
        None,
    ),
)


CHANGED_BY = {  # what was changed, as `settings_kept` names it -> what code that changes it writes
    **{f"torch's {setting.name}": setting.code for setting in (*SETTINGS, *DURING_A_JOB)},
    **{f"the level of logger {name!r}": "setLevel" for name in LOGGERS},
    "torch's hooks of every module": "register_module_",
    "NumPy's handling of errors": "seterr",
    "the working folder": "chdir",
}


@contextmanager
def settings_kept(changes: list[str], *, job: bool = False) -> Iterator[None]:
    """Put back what the code inside changes of the process, and name it.

    Args:
        changes: what was changed is added to it, in words.
        job: whether the code is that of a job: then threads and kernels are watched, too, and code that others call.
    """
    watched = (*SETTINGS, *(DURING_A_JOB if job else ()))
    torch = sys.modules.get("torch")
    before = {setting.name: setting.read(torch) for setting in watched} if torch else None
    code = SharedCode.now() if job else None
    numpy = sys.modules.get("numpy")
    numpy_errors, folder = numpy.geterr() if numpy else {}, _folder()
    levels = _levels()
    try:
        yield
    finally:
        changes.extend(dict.fromkeys(code.put_back()) if code else ())  # first: torch is asked by its own functions
        torch = sys.modules.get("torch")
        for setting in watched if torch else ():
            expected = before[setting.name] if before else _fresh(setting, torch)
            if expected is not None and setting.read(torch) != expected:
                changes.append(f"torch's {setting.name}")
                setting.write(torch, expected)
        if numpy and numpy.geterr() != numpy_errors:
            changes.append("NumPy's handling of errors")
            numpy.seterr(**numpy_errors)
        for name, level in _levels().items():
            if level != levels[name]:
                changes.append(f"the level of logger {name!r}")
                logging.getLogger(name).setLevel(levels[name])
        if folder and _folder() != folder:
            changes.append("the working folder")
            os.chdir(folder)


def _fresh(setting: Setting, torch: Any) -> Any:
    return setting.fresh(torch) if callable(setting.fresh) else setting.fresh


def _levels() -> dict[str, int]:
    """Return below which level the harness says nothing."""
    return {name: logging.getLogger(name).level for name in LOGGERS}


def _folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None  # it was removed
