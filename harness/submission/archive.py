"""The bundle as a ZIP archive: its list of files is judged before any is unpacked, and each is unpacked to memory.

Nothing is ever extracted by the names that it has. PKWARE's APPNOTE 6.3.10 describes the records.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from harness.core.errors import HarnessError
from harness.core.text import first_line
from harness.submission import layout, limits
from harness.submission.limits import Refused

END = struct.Struct("<4s4H2LH")  # the record that ends an archive
END_SIGNATURE, LARGE_SIGNATURE = b"PK\x05\x06", b"PK\x06\x07"
LARGE = 20  # bytes of the record before it, of archives beyond 4 GB
KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device file",
    stat.S_IFBLK: "a device file",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}
CHUNK = 1 << 16


class NoBundle(HarnessError):
    """A file that is not there, or that `harness submit` cannot have made."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an archive: the file's name as it stands there, and what is wrong."""

    name: str
    text: str


class Archive:
    """An open bundle. Raises: NoBundle on opening, for a file that is no ZIP archive of a bundle's form."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _check_end(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
            raise NoBundle(f"{path}: no bundle ({first_line(error)}); `harness submit` makes one") from error
        self.members = {info.filename: info for info in self._zip.infolist()}

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def faults(self) -> Iterator[Fault]:
        """Yield all that is wrong with the list of files. Nothing has been unpacked by then."""
        infos = self._zip.infolist()
        if len(infos) > limits.FILES:
            yield Fault("", f"holds {len(infos):,} files; {limits.FILES:,} are taken")
            return
        unpacked = sum(info.file_size for info in infos)
        if unpacked > limits.UNPACKED:
            yield Fault("", f"unpacks to {unpacked:,} bytes; {limits.UNPACKED:,} are taken")
        seen: dict[str, str] = {}
        for info in infos:
            yield from (Fault(info.orig_filename, text) for text in _faults(info))
            key = unicodedata.normalize("NFKC", info.filename).casefold()
            if key in seen:
                same = seen[key] == info.filename
                yield Fault(info.filename, "is there twice" if same else "differs from another in case or form only")
            seen[key] = info.filename

    def read(self, name: str) -> bytes:
        """Return a file, unpacked to memory. Raises: Refused if it is broken or larger than it says."""
        info = self.members[name]
        most = min(info.file_size, limits.most_bytes(name))
        parts, size = [], 0
        try:
            with self._zip.open(info) as file:
                while part := file.read(CHUNK):
                    size += len(part)
                    if size > most:
                        raise Refused("is larger than it says")
                    parts.append(part)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise Refused(f"cannot be unpacked ({first_line(error)})") from error
        if size != info.file_size:
            raise Refused("is smaller than it says")
        return b"".join(parts)


def _check_end(path: Path) -> None:
    """Look at the last record of the archive, by which its list of files is found, before that is read.

    Raises:
        NoBundle: there is no such record where `harness submit` puts it, or it says that more is there than is taken.
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or not END.size <= size <= limits.BUNDLE:
            raise NoBundle(f"{path}: no bundle; it has {size:,} bytes, and {limits.BUNDLE:,} are taken")
        with path.open("rb") as file:
            file.seek(max(0, size - END.size - LARGE))
            tail = file.read()
    except OSError as error:
        raise NoBundle(f"{path}: {error.strerror}; name a file that `harness submit` made") from error
    signature, disk, start, here, count, listed, offset, comment = END.unpack(tail[-END.size :])
    if signature != END_SIGNATURE or comment or tail.startswith(LARGE_SIGNATURE) or disk or start or here != count:
        raise NoBundle(f"{path}: no bundle: it does not end as the ZIP archives of `harness submit` do")
    if offset + listed + END.size != size or count > limits.FILES or listed > limits.DIRECTORY:
        raise NoBundle(f"{path}: no bundle: its list of files is not where it says, or too long ({count:,} files)")


def _faults(info: zipfile.ZipInfo) -> Iterator[str]:
    if "\0" in info.orig_filename or info.filename != info.orig_filename:
        yield "has a name that is not what it seems"
    yield from layout.faults(info.filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        yield f"is {KINDS.get(kind, 'no plain file')}"
    if info.flag_bits & 0x1:
        yield "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield f"is packed by method {info.compress_type}, not by DEFLATE"
    most = limits.most_bytes(info.filename)
    if most and info.file_size > most:
        yield f"unpacks to {info.file_size:,} bytes; {most:,} are taken"


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write files by name. Equal files give equal bytes: nothing of it depends on when and where it was written."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, allowZip64=False) as made:
        for name in sorted(files):
            info = zipfile.ZipInfo(name)  # of 1980
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.create_system = 3  # Unix
            made.writestr(info, files[name])
