"""Who holds a home, what is left in it, and who may read it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from dbaas.core.home import AlreadyRunning, Home, HomeNotUsable, Running
from dbaas.core.secrets import Secret


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "home")
    found.make(shared=False)
    return found


def test_nobody_runs_in_a_fresh_home(home: Home) -> None:
    assert home.running() is None


def test_who_holds_it_is_known_to_others(home: Home) -> None:
    with home.hold(Running(17, "2026-01-01T00:00:00Z")):
        home.announce(Running(17, "2026-01-01T00:00:00Z", "http://127.0.0.1:1"))
        found = home.running()
    assert found is not None
    assert (found.pid, found.is_serving) == (17, True)
    assert home.running() is None


def test_a_second_holder_is_told_who_the_first_is(home: Home) -> None:
    with home.hold(Running(17)), pytest.raises(AlreadyRunning, match="process 17"), home.hold(Running(18)):
        pass


def test_what_a_killed_holder_has_left_does_not_count(home: Home) -> None:
    home.lock.write_text(json.dumps({"pid": 17, "endpoint": "http://127.0.0.1:1"}))
    assert home.running() is None
    with home.hold(Running(18)):
        pass


def test_tokens_are_readable_by_their_owner_only(home: Home) -> None:
    home.write_kubeconfig("http://127.0.0.1:6440", Secret("t0ken"))
    for file in (home.token, home.kubeconfig):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    config = json.loads(home.kubeconfig.read_text())
    assert config["users"][0]["user"]["token"] == "t0ken"
    assert config["current-context"] == "dbaas"


def test_the_folder_is_closed_to_others_unless_servers_must_pass(tmp_path: Path) -> None:
    Home(tmp_path / "own").make(shared=False)
    Home(tmp_path / "shared").make(shared=True)
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o711


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeNotUsable, match="cannot use"):
        Home(tmp_path / "file" / "home").make(shared=False)


def test_a_file_that_cannot_be_written_is_told(home: Home) -> None:
    home.lock.mkdir()
    with pytest.raises(HomeNotUsable, match="as home folder: Is a directory"), home.hold(Running(17)):
        pass
    home.token.mkdir()
    with pytest.raises(HomeNotUsable, match=f"cannot write {home.token}: "):
        home.write_kubeconfig("http://127.0.0.1:6440", Secret("t0ken"))


def test_a_port_is_kept(home: Home) -> None:
    assert home.read_port() == 0
    home.port.write_text("6440")
    assert home.read_port() == 6440
