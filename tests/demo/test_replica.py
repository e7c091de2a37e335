"""Writing: marker last, real data refused, unfinished replicas redone, equal bytes from equal seeds."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from harness.core.errors import HarnessError
from harness.data.places import MARKER, PARTIAL, is_demo
from harness.demo import render as rendering
from harness.demo.expressions import PROTOTYPES
from harness.demo.film import Performance
from harness.demo.render import ClipPlan
from harness.demo.replica import VERSION, write_replica
from harness.demo.sheet import write_sheet

CLIPS = [
    ClipPlan("frames/1", "{:03d}.jpg", Performance("happiness", "a", "1")),
    ClipPlan("frames/2", "{:03d}.png", Performance("anger", "b", "2")),
]
TEXTS = {"labels/all.txt": "1 happiness\n2 anger"}


def _hashes(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_frames_texts_and_marker_are_written(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    write_replica(tmp_path, CLIPS, TEXTS, (), 3, lambda done, total: calls.append((done, total)))
    assert is_demo(tmp_path)
    assert not (tmp_path / PARTIAL).exists()
    marker = json.loads((tmp_path / MARKER).read_text())
    assert marker["demo"] is True
    assert marker["version"] == VERSION
    assert marker["seed"] == 3
    assert marker["note"]
    assert (tmp_path / "labels/all.txt").read_bytes() == b"1 happiness\n2 anger"
    for name, kind in (("1/001.jpg", "JPEG"), ("2/001.png", "PNG")):
        with Image.open(tmp_path / "frames" / name) as frame:
            assert (frame.format, frame.size, frame.mode) == (kind, (64, 64), "RGB")
    assert calls == [(1, 2), (2, 2)]


def test_two_processes_write_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "MOST_WORKERS", 1)
    write_replica(tmp_path / "one", CLIPS, TEXTS, (), 0)
    monkeypatch.setattr(rendering, "MOST_WORKERS", 2)
    write_replica(tmp_path / "two", CLIPS, TEXTS, (), 0)
    assert _hashes(tmp_path / "one") == _hashes(tmp_path / "two")


def test_an_equal_replica_is_left_alone_and_another_seed_replaces_it(tmp_path: Path) -> None:
    write_replica(tmp_path, CLIPS, TEXTS, (), 0)
    written = (tmp_path / MARKER).stat().st_mtime_ns
    write_replica(tmp_path, CLIPS, TEXTS, (), 0)
    assert (tmp_path / MARKER).stat().st_mtime_ns == written
    write_replica(tmp_path, CLIPS[:1], TEXTS, (), 1)
    assert json.loads((tmp_path / MARKER).read_text())["seed"] == 1
    assert not (tmp_path / "frames/2").exists()


def test_real_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Clip").mkdir()
    with pytest.raises(HarnessError, match=r"Clip.*DEMO\.json.*another folder"):
        write_replica(tmp_path, CLIPS, TEXTS, (), 0)
    assert [path.name for path in tmp_path.iterdir()] == ["Clip"]


def test_a_stopped_write_is_unfinished_and_redone(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_replica(tmp_path / "a", CLIPS, TEXTS, (), 0, stop)
    assert not is_demo(tmp_path / "a")
    stray = tmp_path / "a/frames/1/099.jpg"  # whether its folder is there depends on when the others were stopped
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.touch()
    write_replica(tmp_path / "a", CLIPS, TEXTS, (), 0)
    write_replica(tmp_path / "b", CLIPS, TEXTS, (), 0)
    assert _hashes(tmp_path / "a") == _hashes(tmp_path / "b")


def test_the_demo_needs_no_torch(python: str) -> None:
    code = "import sys, harness.demo.replica, harness.demo.sheet; assert 'torch' not in sys.modules"
    subprocess.run([python, "-c", code], check=True)


def test_the_contact_sheet_opens(tmp_path: Path) -> None:
    write_sheet(tmp_path / "deep/sheet.png", list(PROTOTYPES), [("sadness", "anger")])
    with Image.open(tmp_path / "deep/sheet.png") as sheet:
        assert sheet.format == "PNG"
        assert sheet.height == (len(PROTOTYPES) + 1) * 128
        assert len(sheet.convert("RGB").getcolors(1 << 24) or []) > 1000


def test_what_stops_a_process_is_said(tmp_path: Path) -> None:
    hostile = [ClipPlan("frames/1", "{:03d}.nonsense", CLIPS[0].act)]  # Pillow knows no such format
    with pytest.raises(HarnessError, match=r"could not be written; the reason stands above"):
        write_replica(tmp_path / "a", hostile, TEXTS, (), 0)
    assert not is_demo(tmp_path / "a")


def test_a_script_needs_no_guard(tmp_path: Path, python: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from harness.demo import ClipPlan, Performance, write_replica\n"
        "acts = [Performance('anger', 'a', str(n)) for n in range(9)]\n"
        "clips = [ClipPlan(f'frames/{n}', '{:03d}.jpg', act) for n, act in enumerate(acts)]\n"
        "write_replica(Path('replica'), clips, {'list.txt': 'a'}, (), 0)\n"
    )
    subprocess.run([python, str(script)], cwd=tmp_path, check=True)
    assert len(list((tmp_path / "replica" / "frames").iterdir())) == 9
