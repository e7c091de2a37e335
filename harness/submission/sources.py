"""Sources of one-file plugins: text to read, with the hash that results hold of it. Nothing here runs it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import HarnessError
from harness.submission import limits, places
from harness.submission.remark import Remark, objection
from harness.system.regular import read_regular

SHIPPED = "harness_plugins."  # beginning of the names of plugins that everyone has


def to_hand_in(result: Mapping[str, Any], file: Path) -> bytes:
    """Return the source of the plugin that made a result.

    Raises:
        HarnessError: the file is another than the result was made with, or names a folder of this machine.
    """
    content, plugin = content_of(file), result["plugin"]
    if source_hash(f"{plugin['name']}.py", content) != plugin["source_sha256"]:
        raise HarnessError(
            f"--plugin {file}: {result['path']} was made by another source of it; give the file as it was, or run the "
            f"jobs again. (A network that lies in a package of its own is handed in as an installed plugin.)"
        )
    place = places.in_source(content)
    if place:
        raise HarnessError(
            f"--plugin {file}: names {place!r}, a folder of this machine; read it from an option or an environment "
            f"variable, and run the jobs again"
        )
    return content


def judged(
    name: str,
    content: bytes,
    made: set[str],
) -> Iterator[Remark]:
    """Yield what is wrong with a source that was handed in.

    Args:
        name: of its file in the bundle.
        content: of it.
        made: hashes of the plugin's source that the results of the bundle hold.
    """
    if made != {source_hash(Path(name).name, content)}:
        text = "is not the source that its results were made with, or no result was made with it"
        yield objection("source-differs", name, text)
    place = places.in_source(content)
    if place:
        yield objection("place", name, f"names the folder {place[:80]!r}")


def source_hash(name: str, content: bytes) -> str:
    """Return the hash that results hold of a plugin of one file of that name."""
    return hashlib.sha256(name.encode() + b"\0" + content).hexdigest()


def content_of(path: Path) -> bytes:
    """Return the content of a file. Raises: HarnessError if it cannot be read."""
    try:
        return read_regular(path, limits.BUNDLE)
    except OSError as error:
        raise HarnessError(f"{path}: {error.strerror}; run the job again, or remove its folder") from error
