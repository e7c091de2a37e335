"""The token of a local Ray: of its own, for its owner, for as long as it is needed."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.execution.executors.can_start import check_ray
from harness.execution.executors.token import found_token, own_token, readable_by_others, token_file
from harness.planning.cluster import Cluster


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_TMPDIR", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_each_session_has_its_own(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "of somebody else")
    seen = set()
    for _ in range(2):
        with own_token():
            file = token_file()
            assert file.is_relative_to(temporary)
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
            assert (os.environ["RAY_AUTH_MODE"], "RAY_AUTH_TOKEN" in os.environ) == ("token", False)
            assert not readable_by_others(file)
            seen.add(file.read_text())
    assert [len(token) for token in seen] == [64, 64]
    assert list(temporary.iterdir()) == []
    assert (os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"]) == ("disabled", "of somebody else")


def test_what_a_killed_driver_left_is_removed(temporary: Path) -> None:
    child = os.fork()
    if not child:
        context = own_token()
        context.__enter__()
        os._exit(0)
    os.waitpid(child, 0)
    assert len(list(temporary.glob("harness-ray-*/token"))) == 1
    with own_token():
        assert len(list(temporary.glob("harness-ray-*/token"))) == 1
    assert list(temporary.glob("harness-ray-*")) == []


def test_a_driver_shows_the_token_that_its_user_has(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with found_token():
        assert "RAY_AUTH_MODE" not in os.environ
    file = temporary / "home" / ".ray" / "auth_token"
    file.parent.mkdir(parents=True)
    file.write_text("0" * 64)
    with found_token():
        assert os.environ["RAY_AUTH_MODE"] == "token"
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with found_token():
        assert os.environ["RAY_AUTH_MODE"] == "disabled"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TMPDIR", "/tmp/" + "x" * 100, "TMPDIR is too long for its sockets, at most"),
        ("RAY_TMPDIR", "/proc/nothing", "RAY_TMPDIR /proc/nothing cannot be written"),
        ("RAY_TMPDIR", "/dev/null", "cannot be written"),
    ],
)
def test_a_ray_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(HarnessError, match=rf"Ray cannot start on this machine \(.*{said}.*--executor inline"):
        check_ray(Cluster())


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense", "host:99999"])
def test_an_address_of_nobody_is_said_at_once(address: str) -> None:
    with pytest.raises(HarnessError, match=f"no Ray at {address}"):
        check_ray(Cluster(address=address))


def test_a_machine_that_is_well_may_start_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    check_ray(Cluster())
