"""Leases: one holder at a time, over when it is released, dead or silent."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import HarnessError
from harness.system.leases import EXPIRY, Leases
from harness.system.processes import machine


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    one, two = Leases(tmp_path), Leases(tmp_path)
    assert one.acquire("job")
    assert not two.acquire("job")
    assert two.held("job")
    two.release("job")  # not its own
    assert one.live() == {"job"}
    one.release("job")
    assert two.acquire("job")
    for leases in (one, two):
        leases.close()
    assert list((tmp_path / ".leases").iterdir()) == []


def test_without_hard_links_the_file_system_still_lets_one_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_if_bad(*args: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", raise_if_bad)
    one, two = Leases(tmp_path), Leases(tmp_path)
    assert (one.acquire("job"), two.acquire("job")) == (True, False)
    one.close()
    assert two.acquire("job")
    two.close()


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_holder_that_is_dead_or_silent_is_followed(tmp_path: Path, where: str) -> None:
    gone, mine = Leases(tmp_path), Leases(tmp_path)
    pid = 2**22 + 1  # above the largest process id
    gone.me = f"{machine()}-{pid}-1-abcdef" if where == "here" else f"0123abcd-{pid}-1-abcdef"
    gone.heartbeat = gone.folder / f"@{gone.me}"
    assert gone.acquire("job")
    assert mine.held("job") == (where == "elsewhere")  # of another machine only its silence tells
    silent = time.time() - EXPIRY - 1
    os.utime(gone.heartbeat, (silent, silent))
    assert not mine.held("job")
    assert mine.acquire("job")
    mine.close()
    mine.sweep()
    gone.close()
    assert list((tmp_path / ".leases").iterdir()) == []


def test_a_guard_that_a_killed_process_left_holds_nobody_up_for_ever(tmp_path: Path) -> None:
    gone, mine = Leases(tmp_path), Leases(tmp_path)
    gone.me = f"{machine()}-{2**22 + 1}-1-abcdef"
    gone.heartbeat = gone.folder / f"@{gone.me}"
    assert gone.acquire("job")
    guard = gone.folder / "@job.guard"
    guard.touch()
    assert not mine.acquire("job")  # somebody may be at it
    silent = time.time() - EXPIRY - 1
    os.utime(guard, (silent, silent))
    assert not mine.acquire("job")
    assert mine.acquire("job")
    mine.close()
    gone.close()


def test_a_folder_that_cannot_be_written_is_said() -> None:
    with pytest.raises(HarnessError, match=r"cannot write leases to /proc/nowhere"):
        Leases(Path("/proc/nowhere")).acquire("job")


def test_the_heart_stops_with_the_last_lease_and_beats_again_for_the_next(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    for _ in range(2):
        assert leases.acquire("a")
        assert leases.acquire("b")
        leases.release("a")
        assert leases.heartbeat.exists()
        assert Leases(tmp_path).held("b")
        leases.release("b")
        assert list(leases.folder.iterdir()) == []
