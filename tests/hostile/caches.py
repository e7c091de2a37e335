"""Caches whose entries are damaged: they are made again, which is said, and every number stays the same bit for bit."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from hostile import damage
from hostile.damage import Harm, to_all, to_first
from hostile.entry import Hostile, Prepare, words
from hostile.places import toy_bench

AGAIN = toy_bench("--methods zero-shot-clip --out again")
SHARD, ABOUT, INDEX = "cache/features/*/*.npy", "cache/features/*/view.json", "cache/index/*.parquet"
SAID = r"(not used \(.*encoded again|encoded again, such as)"
COUNTED = r"index/[^ ]* not used .*looked at again"


def same(place: Path) -> str:
    """The predictions have to be those that were made before anything was damaged."""
    found = sorted((place / "again").glob("toy/*/*/predictions.parquet"))
    if not found:
        return "no predictions"
    for path in found:
        first = place / "runs" / path.relative_to(place / "again")
        if not pd.read_parquet(path).equals(pd.read_parquet(first)):
            return f"{path.name} differs from before"
    return damage.no_code(place)


def shard(name: str, harm: Harm, says: str = SAID) -> Hostile:
    return Hostile(f"a shard: {name}", AGAIN, says, 0, to_first(SHARD, harm), "store", after=same)


def all_shards(name: str, harm: Harm) -> Hostile:
    return Hostile(f"all shards: {name}", AGAIN, SAID, 0, to_all(SHARD, harm), "store", after=same)


def index(name: str, harm: Harm, says: str = COUNTED) -> Hostile:
    def prepare(folder: Path) -> None:
        root = hashlib.sha256(str((folder / "data" / "TOY").resolve()).encode()).hexdigest()[:16]
        path = next(folder.glob(INDEX))
        harm(path.rename(path.with_stem(root)))  # it is named after the root of the data

    return Hostile(f"the index of clips: {name}", AGAIN, says, 0, prepare, "store", after=same)


def parts(path: Path) -> tuple[bytes, np.ndarray, bytes]:
    """Header, rows and checksum of a shard."""
    data = path.read_bytes()
    array = np.load(path, mmap_mode="r")
    start = data.index(b"\n") + 1
    return data[:start], np.array(array), data[start + array.nbytes :]


def with_rows(change: object) -> Harm:
    """Change the rows and leave header and checksum as they are."""

    def harm(path: Path) -> None:
        header, rows, end = parts(path)
        path.write_bytes(header + np.ascontiguousarray(change(rows)).tobytes() + end)  # type: ignore[operator]

    return harm


def with_header(old: bytes, new: bytes) -> Harm:
    def harm(path: Path) -> None:
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new.ljust(len(old)), 1))

    return harm


def plain(path: Path) -> None:
    """As an earlier version wrote it."""
    header, rows, _ = parts(path)
    path.write_bytes(header + rows.tobytes())


def objects(path: Path) -> None:
    whole = io.BytesIO()
    np.save(whole, np.array([damage.Payload()], dtype=object), allow_pickle=True)
    path.write_bytes(whole.getvalue() + path.read_bytes()[-12:])


def compressed(path: Path) -> None:
    whole = io.BytesIO()
    np.savez_compressed(whole, features=np.zeros((12, 2, 16), np.float32))
    path.write_bytes(whole.getvalue())


def bomb(path: Path) -> None:
    """An archive of a few kilobytes that unpacks to a gigabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("features.npy", "w") as file:
        for _ in range(64):
            file.write(bytes(16 * 1024**2))


def swapped(folder: Path) -> None:
    """Put each shard in the place of the other."""
    one, two = sorted(folder.glob(SHARD))[:2]
    contents = one.read_bytes(), two.read_bytes()
    one.write_bytes(contents[1])
    two.write_bytes(contents[0])


def reasons(data: str | bytes) -> Prepare:
    def prepare(folder: Path) -> None:
        path = sorted(folder.glob(SHARD))[0]
        damage.content(data)(path.with_suffix(".bad.json"))

    return prepare


def reasons_by(harm: Harm) -> Prepare:
    return lambda folder: harm(sorted(folder.glob(SHARD))[0].with_suffix(".bad.json"))


def bad(name: str, prepare: Prepare) -> Hostile:
    return Hostile(f"reasons of bad clips: {name}", AGAIN, SAID, 0, prepare, "store", after=same)


def view_in_the_way(folder: Path) -> None:
    path = next(folder.glob("cache/features/*/view.json")).parent
    shutil.rmtree(path)
    path.write_text("in the way")


def lease(harm: Harm) -> Prepare:
    """Let rubbish stand where a lease of a shard is taken, which is not there."""

    def prepare(folder: Path) -> None:
        path = sorted(folder.glob(SHARD))[0]
        leases = folder / "cache" / "features" / ".leases"
        leases.mkdir(exist_ok=True)
        harm(leases / f"{path.parent.name}-{path.stem}")
        path.write_bytes(b"")

    return prepare


INFO, CLEAR = words("cache info"), words("cache clear")
SHARDS = [
    shard("a flipped bit", damage.flipped),
    shard("zeros", damage.zeros),
    shard("rows of zeros under a sound header", with_rows(np.zeros_like)),
    shard("rows in another order", with_rows(lambda rows: rows[::-1])),
    shard("one row twice", with_rows(lambda rows: rows[[0] * len(rows)])),
    shard("frames of each clip in another order", with_rows(lambda rows: rows[:, ::-1])),
    shard("rows of NaN", with_rows(lambda rows: rows * np.nan)),
    shard("rows of infinity", with_rows(lambda rows: rows * np.inf)),
    shard("one last bit of one number", with_rows(lambda rows: np.nextafter(rows, np.float32(9)))),
    shard("cut to half", damage.cut),
    shard("cut by one byte", damage.cut_by_one),
    shard("empty", damage.content("")),
    shard("with more behind it", damage.longer),
    shard("as an earlier version wrote it", plain),
    shard("a pickle", damage.content(damage.PICKLED)),
    shard("objects behind a sound end", objects),
    shard("an archive", damage.zipped),
    shard("an archive of arrays", compressed),
    shard("an archive that unpacks to a gigabyte", bomb),
    shard("a header that claims more clips", with_header(b"(12,", b"(99,")),
    shard("a header of another type", with_header(b"<f4", b"<f2")),
    shard("a header of objects", with_header(b"'<f4'", b"'|O' ")),
    shard("a header of another order", with_header(b"False", b"True ")),
    shard("a header of another version", with_header(b"NUMPY\x01", b"NUMPY\x09")),
    shard("a header of 4 GB", with_header(b"NUMPY\x01\x00", b"NUMPY\x02\x00")),
    shard("text", damage.content("features")),
    shard("a terabyte", damage.giant),
    shard("a folder", damage.folder),
    shard("a pipe", damage.pipe),
    shard("a socket", damage.bound_socket),
    shard("a link to /dev/zero", damage.link("/dev/zero")),
    shard("a link to /dev/random", damage.link("/dev/random")),
    shard("a link to a file of /proc", damage.link("/proc/self/mem")),
    shard("links in a circle", damage.circle),
    shard("a link that leads nowhere", damage.link("gone")),
    all_shards("zeros", damage.zeros),
    all_shards("pickles", damage.content(damage.PICKLED)),
    all_shards("links to /dev/zero", damage.link("/dev/zero")),
    Hostile("shards in each other's place", AGAIN, SAID, 0, swapped, "store", after=same),
    bad("rubbish", reasons("rubbish")),
    bad("a clip that is sound", reasons('{"000": "cannot be read"}')),
    bad("a list", reasons("[1]")),
    bad("numbers", reasons('{"000": 1}')),
    bad("lists in lists", reasons(damage.NESTED)),
    bad("bytes that are no text", reasons(b"\xff\xfe\x00")),
    bad("a pipe", reasons_by(damage.pipe)),
    bad("a folder", reasons_by(damage.folder)),
    bad("a device", reasons_by(damage.link("/dev/zero"))),
    bad("a terabyte", reasons_by(damage.giant)),
    Hostile("a file in the place of a view", AGAIN, "2 jobs done|1 jobs done", 0, view_in_the_way, "store", after=same),
    Hostile("a folder for a lease", AGAIN, "jobs done, 0 failed", 0, lease(damage.folder), "store", after=same),
    Hostile("a pipe for a lease", AGAIN, "jobs done, 0 failed", 0, lease(damage.pipe), "store", after=same),
    Hostile("rubbish for a lease", AGAIN, "jobs done, 0 failed", 0, lease(damage.content(b"\xff\x00")), "store",
            after=same),
    Hostile("a lost link for a lease", AGAIN, "jobs done, 0 failed", 0, lease(damage.link("gone")), "store",
            after=same),
]  # fmt: skip

OTHERS = [
    index("a flipped bit", damage.flipped),
    index("cut short", damage.cut),
    index("empty", damage.content("")),
    index("rubbish", damage.content("rubbish")),
    index("zeros", damage.zeros),
    index("a pickle", damage.content(damage.PICKLED)),
    index("a pipe", damage.pipe),
    index("a device", damage.link("/dev/zero")),
    index("a folder", damage.folder),
    index("a terabyte", damage.giant),
    index("links in a circle", damage.circle),
    Hostile("cache info: a description that is rubbish", INFO, "view.json cannot be read", 0,
            to_first(ABOUT, damage.content("{")), "store"),
    Hostile("cache info: a description in lists in lists", INFO, "view.json cannot be read", 0,
            to_first(ABOUT, damage.content(damage.NESTED)), "store"),
    Hostile("cache info: a description of another form", INFO, "view.json cannot be read", 0,
            to_first(ABOUT, damage.content(json.dumps({"dataset": 3}))), "store"),
    Hostile("cache info: a pipe for a description", INFO, "view.json cannot be read", 0,
            to_first(ABOUT, damage.pipe), "store"),
    Hostile("cache info: a device for a description", INFO, "view.json cannot be read", 0,
            to_first(ABOUT, damage.link("/dev/zero")), "store"),
    Hostile("cache info: links in a circle for shards", INFO, "toy", 0, to_first(SHARD, damage.circle), "store"),
    Hostile("cache clear: a pipe for a shard", CLEAR, "freed", 0, to_first(SHARD, damage.pipe), "store"),
    Hostile("a description that is rubbish", AGAIN, "jobs done, 0 failed", 0,
            to_first(ABOUT, damage.content("{")), "store", after=same),
]  # fmt: skip

ENTRIES = [*SHARDS, *OTHERS]
