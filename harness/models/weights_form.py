"""What a file of weights says of its size, held against the size that it has, before any of it is loaded or hashed."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import from_json

from harness.core.errors import HarnessError
from harness.core.text import first_line
from harness.system.regular import MB, check_regular, open_regular

LARGEST = 256 * 1024 * MB  # bytes of a file: more than anyone's have
HEADER = 100 * MB  # bytes of the header of a safetensors file, as its own readers have it
ARCHIVE = b"PK\x03\x04"  # how torch's checkpoints begin, but for those from before it packed them


def check_file(path: Path) -> None:
    """Look whether there is a regular file of a size that weights have. Raises: HarnessError if not."""
    try:
        check_regular(path, LARGEST)
    except OSError as error:
        raise HarnessError(f"{path}: cannot be read as tensors ({error.strerror or error})") from error


def check_form(path: Path) -> None:
    """Look whether a file has the form of weights, in a moment and without loading it.

    Raises:
        HarnessError: it is no regular file, cut short, or says that it holds more than a file of its size can.
    """
    try:
        with open_regular(path, LARGEST) as file:
            size = os.fstat(file.fileno()).st_size
            wrong = _of_safetensors(file, size) if path.suffix == ".safetensors" else _of_torch(file, size)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        wrong = first_line(getattr(error, "strerror", "") or error)
    if wrong:
        raise HarnessError(
            f"{path}: cannot be read as tensors ({wrong}). Expected a .safetensors file, or a checkpoint that holds "
            f"tensors only; copy it again if it was cut short"
        )


def _of_safetensors(file: BinaryIO, size: int) -> str:
    """Return what is wrong with a safetensors file, by its header: 8 bytes of length, then JSON."""
    length = int.from_bytes(file.read(8), "little")
    if not 0 < length <= min(HEADER, size - 8):
        return f"a header of {length:,} bytes in a file of {size:,}"
    header: Any = from_json(file.read(length))
    if not isinstance(header, dict):
        return "a header that is no object"
    ends = [_end(about) for name, about in header.items() if name != "__metadata__"]
    if not ends:
        return "no tensors"
    held = size - 8 - length
    return "" if max(ends) == held else f"it says that it holds {max(ends):,} bytes of tensors, and has {held:,}"


def _end(about: Any) -> int:
    """Return where the bytes of a tensor end. Raises: ValueError if the header does not say."""
    try:
        start, end = about["data_offsets"]
        if type(start) is int and type(end) is int and 0 <= start <= end:
            return end
    except (TypeError, KeyError, ValueError):
        pass
    raise ValueError("a header that does not say where a tensor lies")


def _of_torch(file: BinaryIO, size: int) -> str:
    """Return what is wrong with a checkpoint: torch packs nothing, so its parts are no larger than the file."""
    head = file.read(len(ARCHIVE))
    if head != ARCHIVE:
        return "" if any(head) else "it is empty"
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    return f"it unpacks to {unpacked:,} bytes" if unpacked > size else ""
