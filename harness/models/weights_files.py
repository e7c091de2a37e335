"""Files of weights on this machine: where they lie, how they come here, and their tensors. Imports no torch itself."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from harness.core.errors import HarnessError, WeightsMissing
from harness.core.text import first_line
from harness.core.weights_spec import ANY, WeightsSpec
from harness.models.weights_form import check_form
from harness.system.folders import cache_folder

if TYPE_CHECKING:
    from torch import Tensor

CONNECT_SECONDS = 5.0

HOLDS_MORE = "it holds other objects than tensors, which could run code"

SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt")


def weights_folder() -> Path:
    """Return where hand-placed weights are looked for: `HARNESS_WEIGHTS`, or a folder of the user's cache."""
    return Path(os.environ.get("HARNESS_WEIGHTS") or cache_folder() / "weights")


@lru_cache
def _sha256(path: Path, size: int, changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, which are read again when its size or its time has changed."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


def placed(name: str) -> Path | None:
    """Return the file of that name in the folder of weights, if there is one."""
    paths = [weights_folder() / f"{name}{suffix}" for suffix in SUFFIXES]
    return next((path for path in paths if path.is_file()), None)


def find(spec: WeightsSpec) -> Path | None:
    """Return the file of declared weights if it is on this machine; nothing is downloaded."""
    return placed(spec.name) or _downloaded(spec)


def fetch(spec: WeightsSpec) -> Path:
    """Return the file of declared weights, downloading it if it is not on this machine, and compare its hash.

    Raises:
        WeightsMissing: it can neither be found nor downloaded, or is another file; says what to do.
    """
    path = find(spec) or _download(spec)
    check_form(path)
    found = file_sha256(path)
    if spec.sha256 not in (ANY, found):
        raise WeightsMissing(
            f"weights {spec.name!r}: {path} is another file (SHA-256 {found[:12]}, expected {spec.sha256[:12]}). "
            f"{remedy(spec)}"
        )
    return path


def remedy(spec: WeightsSpec) -> str:
    """Say how weights come to this machine."""
    origin = f"Get them from {spec.source}" if spec.source else "Get the file"
    hint = f" ({spec.hint.rstrip('.')})" if spec.hint else ""
    return f"{origin}{hint} and save it as {weights_folder() / spec.name}.safetensors, or .pt, .pth, .bin, .ckpt"


def read_tensors(path: Path, containers: Sequence[str] = ()) -> dict[str, Tensor]:
    """Read a file of weights as tensors only, by name.

    A checkpoint that holds them under one key, such as `state_dict`, is opened; what is no tensor is left out.

    Args:
        path: of the file.
        containers: keys under which they are looked for first, whatever stands beside them.

    Raises:
        HarnessError: it holds anything else, or none.
    """
    check_form(path)
    try:
        tensors = _tensors_in(_opened(_read(path), containers))
    except HarnessError:
        raise
    except Exception as error:  # a hostile file can make the readers fail in any way
        why = HOLDS_MORE if isinstance(error, UnpicklingError) else f"{type(error).__name__}: {first_line(error)}"
        raise HarnessError(
            f"{path}: cannot be read as tensors ({why}). Expected a .safetensors file, or a checkpoint that holds "
            f"tensors only; anything else has to be converted first"
        ) from error
    if not tensors:
        raise HarnessError(f"{path}: holds no tensors by name, alone or under one key such as state_dict")
    return tensors


def check_readable(path: Path) -> None:
    """Read a file of weights once, before any work. Raises: HarnessError if it holds anything but tensors."""
    check_form(path)
    state = path.stat()
    _check_readable(path, state.st_size, state.st_mtime_ns)


@lru_cache
def _check_readable(path: Path, size: int, changed_ns: int) -> None:
    read_tensors(path)


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


def _opened(data: Any, containers: Sequence[str]) -> Any:
    """Return what stands under the first of some keys that a checkpoint has, or all of it."""
    if not isinstance(data, Mapping):
        return data
    return next((data[key] for key in containers if isinstance(data.get(key), Mapping)), data)


def _tensors_in(data: Any) -> dict[str, Tensor]:
    import torch

    if not isinstance(data, Mapping):
        return {}
    tensors = {str(name): value for name, value in data.items() if isinstance(value, torch.Tensor)}
    if tensors:
        return tensors
    inner = [found for value in data.values() if (found := _tensors_in(value))]
    return inner[0] if len(inner) == 1 else {}


def _downloaded(spec: WeightsSpec) -> Path | None:
    """Return what a source's own cache holds."""
    kind, _, rest = spec.source.partition(":")
    if not spec.source:
        return None
    if kind == "hub":
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(*_hub_place(spec, rest))
        return Path(found) if isinstance(found, str) else None
    import torch

    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(_address(spec)).path).name
    return path if path.is_file() else None


def _download(spec: WeightsSpec) -> Path:
    if not spec.source:
        raise WeightsMissing(f"weights {spec.name!r} are not on this machine. {remedy(spec)}")
    kind, _, rest = spec.source.partition(":")
    try:
        if kind == "hub":
            from huggingface_hub import hf_hub_download

            with hub_asked_once():
                return Path(hf_hub_download(*_hub_place(spec, rest)))
        return _from_address(spec, _address(spec))
    except Exception as error:
        raise WeightsMissing(
            f"weights {spec.name!r} are not on this machine and cannot be downloaded ({type(error).__name__}: "
            f"{first_line(error)}). {remedy(spec)}"
        ) from error


def _from_address(spec: WeightsSpec, address: str) -> Path:
    import torch

    if urlsplit(address).scheme != "file" and not reachable(address):
        raise OSError("no network")
    suffix = Path(urlsplit(address).path).suffix
    path = weights_folder() / f"{spec.name}{suffix if suffix in SUFFIXES else '.pt'}"
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.hub.download_url_to_file(address, str(path), progress=False)
    return path


def _address(spec: WeightsSpec) -> str:
    kind, _, rest = spec.source.partition(":")
    if kind != "torchvision":
        return spec.source
    from torchvision.models import get_weight

    try:
        return str(get_weight(rest).url)
    except (ValueError, AttributeError, KeyError) as error:
        raise HarnessError(
            f"weights {spec.name!r}: torchvision has no weights {rest!r} ({first_line(error)})"
        ) from error


def _hub_place(spec: WeightsSpec, text: str) -> tuple[str, str]:
    parts = text.split("/", 2)
    if len(parts) != 3:
        raise HarnessError(f"weights {spec.name!r}: source {spec.source!r} is not hub:OWNER/NAME/FILE")
    return "/".join(parts[:2]), parts[2]


@contextmanager
def hub_asked_once() -> Iterator[None]:
    """Ask the hub once. Without a network its client goes on trying for most of a minute;
    then it looks in its cache only.
    """
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not reachable(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def reachable(endpoint: str) -> bool:
    """Return whether the host of an address can be connected to."""
    if getproxies():  # then names are the proxy's business, and a look of our own tells nothing
        return True
    address = urlsplit(endpoint)
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname or "", port), timeout=CONNECT_SECONDS).close()
    except OSError:
        return False
    return True
