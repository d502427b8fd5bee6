"""Whether the servers' user can reach a path, and who stands in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaas.core.clock import SystemClock
from dbaas.core.offload import InlineOffload
from dbaas.core.process import LocalProcesses, User
from dbaas.core.randomness import SeededRandomness
from dbaas.laptop.access import NotReachable, find_closed, require_reachable
from dbaas.laptop.machine import Machine, server_user
from fixtures.laptop import needs_root


def machine(user: User | None) -> Machine:
    clock = SystemClock()
    return Machine(LocalProcesses(clock), clock, SeededRandomness(1), InlineOffload(), user)


@needs_root
async def test_the_outermost_closed_folder_is_named(home: Path) -> None:
    inner = home / "closed folder" / "also" / "data"
    inner.mkdir(parents=True)
    assert await find_closed(inner, machine(server_user())) is None
    (home / "closed folder" / "also").chmod(0o700)
    (home / "closed folder").chmod(0o700)
    assert await find_closed(inner, machine(server_user())) == home / "closed folder"
    with pytest.raises(NotReachable, match=r"who cannot enter .*closed folder on the way to"):
        await require_reachable(inner, machine(server_user()))


async def test_without_another_user_nothing_is_asked(tmp_path: Path) -> None:
    await require_reachable(tmp_path / "nowhere", machine(None))
