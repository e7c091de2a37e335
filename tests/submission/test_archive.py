"""Archives as strangers make them: nothing is unpacked of a list of files that is not right, and nothing raises."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.core.errors import HarnessError
from harness.submission import limits
from harness.submission.archive import Archive, NoBundle
from harness.submission.contents import unpack
from helpers.handed_in import bundle_of, listed, plant, unzipped, zipped
from helpers.planted import TestSet

FOLDER = "runs/dfew/m/1-s1-abcdefabcdef"
RESULT = f"{FOLDER}/result.json"


def faults(path: Path) -> list[tuple[str, str]]:
    with Archive(path) as archive:
        return [(fault.name, fault.text) for fault in archive.faults()]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("honest")
    plant(root / "runs", "m", 0.5, on=TestSet("dfew", "12345", clips=40), folds="1")
    return bundle_of(root / "runs", root / "honest.zip")


def test_what_submit_makes_has_no_fault(honest: Path) -> None:
    assert faults(honest) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("/etc/passwd", "is an absolute path"),
        ("C:/Windows/win.ini", "is an absolute path"),
        ("\\\\server\\share\\x", "is an absolute path"),
        ("~/x", "is an absolute path"),
        ("../result.json", "has `..` in its path"),
        ("runs/../../x/y/result.json", "has `..` in its path"),
        ("runs/dfew/m/..", "has `..` in its path"),
        ("runs/dfew\\m/x/y/result.json", "is not a plain path of a file"),
        ("runs//m/x/result.json", "is not a plain path of a file"),
        ("runs/./m/x/result.json", "is not a plain path of a file"),
        ("runs/dfew/m/1/", "is not a plain path of a file"),
        ("runs/dfew/m/1/weights.safetensors", "is no file of a bundle"),
        ("runs/dfew/m/1/frame.jpg", "is no file of a bundle"),
        ("runs/dfew/m/1/result.pkl", "is no file of a bundle"),
        ("plugins/a/b.py", "is no file of a bundle"),
        ("plugins/a.so", "is no file of a bundle"),
        ("manifest.json/x", "is no file of a bundle"),
        (f"runs/dfew/{'m' * 300}/1/result.json", "has a name that is too long, or that cannot be printed"),
        ("runs/dfew/\x1b[2J/1/result.json", "has a name that is too long, or that cannot be printed"),
    ],
)
def test_names_that_leave_the_bundle_or_are_of_no_bundle(tmp_path: Path, name: str, text: str) -> None:
    found = faults(zipped(tmp_path / "b.zip", [(name, b"x")]))
    assert (name, text) in found


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (stat.S_IFLNK, "is a link"),
        (stat.S_IFDIR, "is a folder"),
        (stat.S_IFCHR, "is a device file"),
        (stat.S_IFBLK, "is a device file"),
        (stat.S_IFIFO, "is a pipe"),
        (stat.S_IFSOCK, "is a socket"),
    ],
)
def test_links_and_devices(tmp_path: Path, kind: int, text: str) -> None:
    assert faults(zipped(tmp_path / "b.zip", [(RESULT, b"/etc/passwd")], {RESULT: kind | 0o777})) == [(RESULT, text)]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_there_twice_or_differ_in_case_or_form_only(tmp_path: Path) -> None:
    assert faults(zipped(tmp_path / "a.zip", [(RESULT, b"1"), (RESULT, b"2")])) == [(RESULT, "is there twice")]
    upper = RESULT.replace("/m/", "/M/")
    assert faults(zipped(tmp_path / "b.zip", [(RESULT, b"1"), (upper, b"2")])) == [
        (upper, "differs from another in case or form only")
    ]
    one, other = (RESULT.replace("/m/", f"/{letter}/") for letter in ("\u00e9", "e\u0301"))
    [(_, text)] = faults(zipped(tmp_path / "c.zip", [(one, b"1"), (other, b"2")]))
    assert text == "differs from another in case or form only"


def test_a_bomb_is_told_by_its_list_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(tmp_path / "bomb.zip", [(RESULT, bytes(4 * limits.MB))])
    assert bomb.stat().st_size < 10_000
    assert faults(bomb) == [(RESULT, f"unpacks to {4 * limits.MB:,} bytes; {limits.MB:,} are taken")]
    monkeypatch.setattr(limits, "UNPACKED", 2 * limits.MB)
    many = [(f"runs/d/m/{number}/predictions.parquet", bytes(limits.MB)) for number in range(3)]
    assert faults(zipped(tmp_path / "many.zip", many)) == [
        ("", f"unpacks to {3 * limits.MB:,} bytes; {2 * limits.MB:,} are taken")
    ]


def test_a_file_that_is_larger_than_it_says_is_not_unpacked_further(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", [(RESULT, b"a" * 100_000)])
    content = path.read_bytes()
    assert content.count(struct.pack("<L", 100_000)) == 2
    path.write_bytes(content.replace(struct.pack("<L", 100_000), struct.pack("<L", 10)))
    with Archive(path) as archive, pytest.raises(HarnessError, match="cannot be unpacked"):
        archive.read(RESULT)


def test_too_many_files_are_refused_before_they_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "b.zip", [(f"plugins/p{number}.py", b"") for number in range(30)])
    monkeypatch.setattr(limits, "FILES", 20)
    with pytest.raises(NoBundle, match="its list of files"):
        Archive(path)
    end = bytearray(path.read_bytes())
    end[-14:-10] = struct.pack("<2H", 5, 5)  # says five, and holds thirty
    path.write_bytes(bytes(end))
    assert faults(path) == [("", "holds 30 files; 20 are taken")]


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all" * 100, b"\x1f\x8b" + bytes(100)])
def test_what_is_no_archive_is_no_bundle(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(NoBundle, match="no bundle"):
        Archive(tmp_path / "b.zip")


def test_an_archive_with_more_before_or_behind_it_is_no_bundle(honest: Path, tmp_path: Path) -> None:
    content = honest.read_bytes()
    for number, other in enumerate((b"#!/bin/sh\n" + content, content + b"more", content[:-1])):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(other)
        with pytest.raises(NoBundle):
            Archive(path)
    with pytest.raises(NoBundle, match="No such file"):
        Archive(tmp_path / "nothing.zip")
    with pytest.raises(NoBundle):
        Archive(tmp_path)


def test_encrypted_files_and_other_packings(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(RESULT, b"{}")
    path = tmp_path / "b.zip"
    path.write_bytes(buffer.getvalue())
    assert faults(path) == [(RESULT, "is packed by method 14, not by DEFLATE")]
    content = bytearray(zipped(path, [(RESULT, b"{}")]).read_bytes())
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    path.write_bytes(bytes(content))
    assert (RESULT, "is encrypted") in faults(path)


PARTS = st.sampled_from(
    ["runs", "plugins", "dfew", "m", "M", "..", ".", "", "~", "C:", "result.json", "a.py", "\\", "\u200b"]
)
NAMES = st.lists(PARTS, min_size=1, max_size=6).map("/".join) | st.text(min_size=1, max_size=30)
MODES = st.sampled_from([0, *(kind | 0o777 for kind in (stat.S_IFREG, stat.S_IFLNK, stat.S_IFCHR, stat.S_IFDIR))])
MEMBERS = st.lists(st.tuples(NAMES, MODES, st.binary(max_size=50)), max_size=6)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=MEMBERS)
@example(members=[("runs/../../../escaped", 0, b"x")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_list_of_files_writes_anywhere_or_raises_anything_else(
    members: list[tuple[str, int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("hostile")
    path = root / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, mode, content in members:
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode())
            info.external_attr = mode << 16
            archive.writestr(info, content)
    try:
        with Archive(path) as archive:
            contents = unpack(archive, root / "staging")
        assert contents.remarks
        assert contents.results == []
    except NoBundle:
        pass  # without a manifest
    assert sorted(file.name for file in root.rglob("*") if file.is_file()) == ["b.zip"]
    assert not (root.parent / "escaped").exists()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255), cut=st.booleans())
def test_a_bundle_with_a_byte_changed_is_read_as_it_was_or_refused(
    place: float, value: int, cut: bool, honest: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A byte of an archive may be of no meaning (a time); one that has a meaning shows."""
    content = bytearray(honest.read_bytes())
    at = int(place * len(content))
    content[at] ^= value
    path = tmp_path_factory.mktemp("changed") / "b.zip"
    path.write_bytes(bytes(content[:at] if cut else content))
    try:
        with Archive(path) as archive:
            found = list(archive.faults())
            files = {} if found else {name: archive.read(name) for name in archive.members}
    except HarnessError:
        return
    assert found or files == unzipped(honest)


def test_files_that_the_manifest_does_not_fit_are_objected_to(honest: Path, tmp_path: Path) -> None:
    files = unzipped(honest)
    spoiled = {name: content + b" " if name.endswith("result.json") else content for name, content in files.items()}
    more = {**files, "plugins/extra.py": b"x = 1\n"}
    unlisted = b'{"format": "harness-submission", "version": 1, "files": [1]}'
    fewer = {name: content for name, content in files.items() if not name.endswith("history.parquet")}
    for number, (changed, text) in enumerate(
        [
            (spoiled, "is not the file that the manifest lists"),
            (more, "is not in the manifest"),
            (fewer, "is in the manifest, but not in the bundle"),
            ({**files, "manifest.json": b"[]"}, "holds no JSON object"),
            (
                {**files, "manifest.json": unlisted},
                "does not list",
            ),
            (listed({n: c for n, c in files.items() if not n.endswith("predictions.parquet")}), "is not there"),
        ]
    ):
        with Archive(zipped(tmp_path / f"{number}.zip", changed.items())) as archive:
            contents = unpack(archive, tmp_path / f"staging-{number}")
        assert any(text in remark.text for remark in contents.remarks if remark.level == "objection"), text
