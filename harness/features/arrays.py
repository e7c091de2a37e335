"""Arrays of the cache: NumPy's files with a checksum behind, of which nothing is unpickled and no size is believed."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from harness.system.regular import open_regular
from harness.system.sealed import MOST, Damaged, check_seal, read_sealed, write_sealed

HEADER = 4096  # bytes; NumPy's own has 128


def write_array(
    path: Path,
    array: np.ndarray,
    about: str,
) -> None:
    """Write an array as an entry of the cache. Raises: CannotWrite."""
    whole = io.BytesIO()  # into a file itself NumPy writes without saying why the disk would not take it
    np.save(whole, array)
    write_sealed(path, whole.getbuffer(), about)


def read_array(
    path: Path,
    about: str,
    most: int,
) -> np.ndarray:
    """Return an array of at most so many bytes. Raises: FileNotFoundError; Damaged if it is not what was written."""
    content = read_sealed(path, about, most)
    shape, dtype, start = _described(content)
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def map_array(path: Path, about: str) -> np.ndarray:
    """Return an array that is mapped from its file, once all of it was held against its checksum.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it is not what was written.
    """
    try:
        with open_regular(path, MOST) as file:
            whole = np.memmap(file, np.uint8, "r")
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # the latter of an empty file
        raise Damaged(str(getattr(error, "strerror", "") or error)) from error
    size = check_seal(whole.data, about)
    shape, dtype, start = _described(whole[: min(size, HEADER)].tobytes(), size)
    return whole[start:size].view(dtype).reshape(shape)


def _described(content: bytes, size: int | None = None) -> tuple[tuple[int, ...], np.dtype, int]:
    """Return shape, type and beginning of the numbers of an array.

    Raises:
        Damaged: it says other than its size tells, or its items are no plain numbers.
    """
    file = io.BytesIO(content)
    try:
        read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
        shape, backwards, dtype = read(file)
    except Exception as error:  # whatever NumPy makes of a header that it did not write
        raise Damaged("it is no array of NumPy's") from error
    numbers = (len(content) if size is None else size) - file.tell()
    if dtype.kind not in "fiu" or backwards or math.prod(shape) * dtype.itemsize != numbers:
        raise Damaged(f"it says that it holds {dtype} of shape {shape}, which is not what it holds")
    return shape, dtype, file.tell()
