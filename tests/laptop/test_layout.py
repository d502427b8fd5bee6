"""Where things lie, who owns them, and what happens when somebody else was there first."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dbaas.api.resource import Key
from dbaas.core.process import User
from dbaas.laptop.layout import FolderNotOurs, Layout
from fixtures.laptop import WEB, needs_root

NOBODY = User("nobody", 65534, 65534)


def modes(layout: Layout) -> list[str]:
    folders = (layout.processes, layout.folder(WEB), layout.data(WEB), layout.sockets(WEB), layout.log(WEB).parent)
    return [f"{folder.stat().st_uid}:{folder.stat().st_mode & 0o777:o}" for folder in folders]


def test_all_folders_are_ours_alone_when_servers_run_as_we_do(home: Path) -> None:
    layout = Layout(home)
    layout.make(WEB)
    assert modes(layout) == [f"{os.geteuid()}:700"] * 5


@needs_root
def test_the_user_of_servers_owns_its_data_and_sockets_and_can_only_pass_through_the_rest(home: Path) -> None:
    layout = Layout(home, NOBODY)
    layout.make(WEB)
    layout.make(WEB)
    assert modes(layout) == ["0:711", "0:711", "65534:700", "65534:700", "0:700"]


def test_a_mode_that_was_changed_is_put_right(home: Path) -> None:
    layout = Layout(home)
    layout.make(WEB)
    layout.data(WEB).chmod(0o755)
    layout.make(WEB)
    assert layout.data(WEB).stat().st_mode & 0o777 == 0o700


@needs_root
def test_a_folder_of_another_user_is_refused_with_what_to_do(home: Path) -> None:
    Layout(home, NOBODY).make(WEB)
    with pytest.raises(FolderNotOurs, match="data belongs to user 65534 instead of us: change its owner, or move it"):
        Layout(home).make(WEB)


def test_something_else_in_place_of_a_folder_is_refused(home: Path) -> None:
    (home / "processes").symlink_to("/tmp")
    with pytest.raises(FolderNotOurs, match="it is not a folder"):
        Layout(home).make(WEB)


def test_a_socket_fits_even_where_the_home_is_deep(home: Path) -> None:
    deep = home / ("d" * 100)
    layout = Layout(deep)
    layout.make(WEB)
    try:
        assert len(str(layout.sockets(WEB) / ("s" * 30))) <= 103
        assert layout.sockets(WEB) != Layout(home / ("e" * 100)).sockets(WEB)
    finally:
        shutil.rmtree(layout.sockets(WEB).parent)


def test_sockets_of_an_earlier_run_are_cleared(home: Path) -> None:
    layout = Layout(home)
    layout.make(WEB)
    (layout.sockets(WEB) / "old.lock").touch()
    layout.clear_sockets(WEB)
    assert list(layout.sockets(WEB).iterdir()) == []


def test_two_processes_share_no_path(home: Path) -> None:
    layout, one, two = Layout(home), Key("a", "b.c"), Key("a", "b")
    assert layout.folder(one) != layout.folder(two)
    assert layout.sockets(one) != layout.sockets(two)
    assert layout.log(one) != layout.log(two)


def test_a_folder_that_is_thrown_away_leaves_nothing_even_where_that_was_interrupted(home: Path) -> None:
    layout = Layout(home)
    layout.make(WEB)
    (layout.data(WEB) / "inner").mkdir()
    layout.data(WEB).rename(layout.folder(WEB) / "data.gone")
    layout.make(WEB)
    (layout.data(WEB) / "inner").mkdir()
    layout.discard(WEB)
    assert list(layout.folder(WEB).iterdir()) == [layout.data(WEB)]
    assert list(layout.data(WEB).iterdir()) == []
