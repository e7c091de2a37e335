"""What produced a number: packages, commit, hardware. Stored with every result; part of no identity."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness.core.context import RunContext

PACKAGES = (
    "dfer-harness",
    "torch",
    "torchvision",
    "open_clip_torch",
    "numpy",
    "pandas",
    "scikit-learn",
    "fvcore",
    "ray",
    "pillow",
    "pluggy",
)
SHIPPED_COMMIT = "shipped-commit.json"  # beside the packages that `--ship-code` sent


def now() -> str:
    """Return the time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def package_versions() -> dict[str, str]:
    """Return installed versions of what a result depends on."""
    return {name: found for name in PACKAGES if (found := _version(name))}


@lru_cache
def commit() -> dict[str, Any]:
    """Return commit of this project and whether files differ from it; empty when it does not run from a checkout."""
    folder = Path(__file__).parents[1]
    sent = folder.parent / SHIPPED_COMMIT
    if sent.is_file():
        found: dict[str, Any] = json.loads(sent.read_text(encoding="utf-8"))
        return found
    head = _git(folder, "rev-parse", "HEAD")
    if head is None or _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return {}  # an installed copy, or one that happens to lie inside somebody else's repository
    return {"commit": head, "dirty": bool(_git(folder, "status", "--porcelain", "--", ".", "../plugins"))}


@lru_cache
def hardware() -> dict[str, Any]:
    """Return processor, cores and GPUs, by which latencies may be compared, and the kernels that torch chose."""
    import torch

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "gpus": gpus,
        "machine": platform.machine(),
        "kernels": torch.backends.cpu.get_cpu_capability(),  # "AMD EPYC" names processors of several generations
    }


def provenance(
    context: RunContext,
    started: str,
    distribution: str = "",
    weights: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return everything at once, at the end of a job.

    Args:
        context: of the run.
        started: when the job did.
        distribution: the installed package that holds the method's plugin, and its version.
        weights: SHA-256 of each file that the method needs, by name.
    """
    return {
        "packages": package_versions(),
        "distribution": distribution,
        "weights": dict(weights or {}),
        "python": platform.python_version(),
        "source": commit(),
        "hardware": hardware(),
        "host": socket.gethostname(),
        "threads": context.threads,
        "compile": context.compile,
        "started": started,
        "finished": now(),
    }


@lru_cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git(folder: Path, *args: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *args],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        platform.processor(),
    )
