"""The checks of `harness doctor`: each says what it found, whether that is OK or not, and what to do if not."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.core.errors import HarnessError
from harness.core.request import DEFAULT_BACKBONE
from harness.data.places import DATA_ROOT, dataset_place
from harness.models import weights
from harness.planning.needed_weights import needed_weights
from harness.plugin import registry
from harness.results.provenance import package_versions
from harness.system.folders import cache_folder

LEAST_GB = 5.0  # the features of one dataset take 1 to 3 GB
MOST_SKEW = 2.0  # seconds between this clock and the file system's
Verdict = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Check:
    """One line of the doctor's report."""

    name: str
    verdict: Verdict
    found: str
    fix: str = ""


def all_checks(runs: Path, data_root: Path | None) -> Iterator[Check]:
    """Yield every check, in the order in which a run would stumble."""
    cache = cache_folder()
    yield _python()
    yield from _packages()
    yield _devices()
    yield _ray()
    yield from _ray_tokens()
    yield from _plugins()
    yield from _data(data_root)
    yield _weights()
    yield from _own_weights()
    for name, folder in (("results folder", runs), ("cache folder", cache)):
        yield _writable(name, folder)
        yield _room(name, folder)
        yield _clock(name, folder)


def _python() -> Check:
    return Check("python", "ok", f"{platform.python_version()} at {sys.executable}")


def _packages() -> Iterator[Check]:
    versions = package_versions()
    text = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield Check("packages", "ok", text)
    if "dfer-harness" not in versions:
        fix = "pip install . in the project's folder; workers need it too, or --ship-code"
        yield Check("installation", "warning", "the harness runs from its folder and is not installed", fix)


def _devices() -> Check:
    import torch

    count = torch.cuda.device_count()
    if count:
        names = ", ".join(torch.cuda.get_device_name(i) for i in range(count))
        return Check("devices", "ok", f"{count} GPUs: {names}; {os.cpu_count()} cores")
    built = torch.version.cuda
    fix = "zero-shot and prompt methods run well on a CPU; for others use a machine with a GPU"
    if built and shutil.which("nvidia-smi"):
        fix = f"the driver does not fit torch's CUDA {built}: update it, or install another build of torch"
    return Check("devices", "warning", f"no GPU; {os.cpu_count()} cores", fix)


def _ray() -> Check:
    if importlib.util.find_spec("ray") is None:
        return Check("ray", "problem", "not installed", "pip install 'ray[client]', or use --executor inline")
    address = os.environ.get("RAY_ADDRESS")
    if not address:
        return Check("ray", "ok", "installed; a run starts it on this machine unless --address names a cluster")
    return _reached(address)


def _ray_tokens() -> Iterator[Check]:
    """Look whether other users of this machine could run code as this one, by Ray's ports."""
    if importlib.util.find_spec("ray") is None:
        return
    from harness.execution.executors.token import MODE, readable_by_others, token_file

    if os.environ.get(MODE, "").lower() == "disabled":
        fix = f"unset {MODE}: without a token, whoever reaches Ray's ports runs code as you"
        yield Check("ray's token", "problem", f"{MODE}=disabled, so a cluster that you start asks for none", fix)
    file = token_file()
    if readable_by_others(file):
        yield Check("ray's token", "problem", f"{file} can be read by other users", f"chmod 600 {file}")


def _reached(address: str) -> Check:
    from harness.execution.executors.session import session
    from harness.planning.cluster import Cluster

    try:
        with session(Cluster(address=address)):
            import ray

            found = ray.cluster_resources()
            text = f"{found.get('CPU', 0):g} CPUs and {found.get('GPU', 0):g} GPUs at {address} (RAY_ADDRESS)"
            return Check("ray", "ok", text)
    except HarnessError as error:
        return Check("ray", "problem", str(error), "start it with `ray start --head`, or unset RAY_ADDRESS")


def _plugins() -> Iterator[Check]:
    plugins = registry.plugins()
    found = {kind: len(plugins.offers(kind)) for kind in registry.KINDS}
    yield Check(
        "plugins",
        "ok",
        ", ".join(f"{count} {kind}" for kind, count in found.items()),
    )
    for problem in plugins.problems:
        yield Check(f"plugin {problem.plugin}", "problem", problem.reason, "mend it, or leave it out")


def _data(data_root: Path | None) -> Iterator[Check]:
    for name, spec in registry.datasets().items():
        fix = f"--data-root DIR, {DATA_ROOT}, or: harness data set {name} PATH"
        try:
            folder = dataset_place(spec, data_root).root
        except HarnessError:
            yield Check(f"data of {name}", "warning", "not configured", fix)
            continue
        if folder.is_dir():
            yield Check(f"data of {name}", "ok", str(folder))
        else:
            yield Check(f"data of {name}", "problem", f"no folder {folder}", fix)


def _weights() -> Check:
    """Look for weights on this machine only: that must not start a download."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        source = weights.resolve(DEFAULT_BACKBONE, registry.backbones())
    except HarnessError as error:
        return Check("weights", "warning", f"none of {DEFAULT_BACKBONE}", str(error))
    return Check("weights", "ok", f"{DEFAULT_BACKBONE}: {source.file}")


def _own_weights() -> Iterator[Check]:
    """Look for the weights that methods and backbones of plugins declare."""
    for needed in needed_weights():
        name = f"weights {needed.name}"
        if needed.source.startswith(("open_clip:", "bundled")):
            continue  # `bench` asks for the one of its backbone only
        if needed.problem:
            yield Check(name, "problem", needed.problem, "harness weights where says where the right one belongs")
        elif needed.path is None:
            users = ", ".join(needed.needed_by)
            yield Check(name, "warning", f"not on this machine; {users} cannot run", needed.remedy)
        else:
            yield Check(name, "ok", f"{needed.path} (SHA-256 {needed.found_sha256[:12]})")


def _writable(name: str, folder: Path) -> Check:
    try:
        with tempfile.NamedTemporaryFile(dir=_existing(folder)):
            pass
    except OSError as error:
        fix = "give yourself the right to write there, or choose another folder"
        return Check(name, "problem", f"{folder} cannot be written: {error.strerror}", fix)
    return Check(name, "ok", f"{folder.resolve()} can be written")


def _room(name: str, folder: Path) -> Check:
    gigabytes = shutil.disk_usage(_existing(folder)).free / 1e9
    low = gigabytes < LEAST_GB
    fix = "free some: `harness cache clear` removes features, which are computed again" if low else ""
    return Check(f"room in {name}", "warning" if low else "ok", f"{gigabytes:.1f} GB free", fix)


def _clock(name: str, folder: Path) -> Check:
    """Compare this machine's clock with the file system's; a skew is no danger to leases, it only misleads people."""
    try:
        with tempfile.NamedTemporaryFile(dir=_existing(folder)) as file:
            file.write(b".")
            file.flush()
            skew = os.fstat(file.fileno()).st_mtime - time.time()
    except OSError as error:
        return Check(
            f"clock of {name}", "warning", f"cannot be read: {error.strerror}", "see above: it is not writable"
        )
    bad = abs(skew) > MOST_SKEW
    fix = "let all machines take their time from one server (NTP)" if bad else ""
    return Check(f"clock of {name}", "warning" if bad else "ok", f"{skew:+.1f} s from this machine's", fix)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
