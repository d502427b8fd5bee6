"""Programs are used in place where the servers' user can, and copied whole where it cannot."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from dbaas.core.process import Command
from dbaas.laptop.access import find_closed
from dbaas.laptop.layout import Layout
from dbaas.laptop.machine import Machine, server_user
from dbaas.laptop.programs import ProgramMissing, Programs
from fixtures.laptop import Laptop, needs_root


@pytest.fixture
def hidden(home: Path) -> Path:
    """An installation, as wheels have them, below a folder that only its owner may enter."""
    installation = home / "secret" / "package" / "server"
    (installation / "bin").mkdir(parents=True)
    (installation / "lib").mkdir()
    (installation.parents[1] / "package.libs").mkdir()
    (installation.parents[1] / "package.libs" / "shared").write_text("shared")
    program = installation / "bin" / "serve"
    program.write_text('#!/bin/sh\ncat "${0%/*}/../../../package.libs/shared" "${0%/*}/alias"\n')
    program.chmod(0o700)
    (installation / "bin" / "alias").symlink_to("../lib/text")
    (installation / "lib" / "text").write_text(" and text")
    (home / "secret").chmod(0o700)
    return installation / "bin"


def server_machine(laptop: Laptop) -> Machine:
    return replace(laptop.machine, user=server_user())


async def test_programs_are_used_in_place_where_they_can_be(laptop: Laptop) -> None:
    programs = Programs(Layout(laptop.home), laptop.machine)
    assert await programs.usable(Path("/bin"), "sh") == Path("/bin")


@needs_root
async def test_an_installation_out_of_reach_is_copied_with_its_libraries(laptop: Laptop, hidden: Path) -> None:
    machine = server_machine(laptop)
    layout = Layout(laptop.home, machine.user)
    copy = await Programs(layout, machine).usable(hidden, "serve")
    assert copy.is_relative_to(layout.programs)
    assert await find_closed(copy / "serve", machine) is None
    done = await machine.processes.run(
        Command((str(copy / "serve"),), Path("/"), {"PATH": "/usr/bin:/bin"}, machine.user), 5
    )
    assert done.output == "shared and text"


@needs_root
async def test_a_copy_is_made_once_and_anew_for_another_version(laptop: Laptop, hidden: Path) -> None:
    machine = server_machine(laptop)
    layout = Layout(laptop.home, machine.user)
    first = await Programs(layout, machine).usable(hidden, "serve")
    assert await Programs(layout, machine).usable(hidden, "serve") == first
    (hidden / "serve").write_text("#!/bin/sh\necho another version\n")
    assert await Programs(layout, machine).usable(hidden, "serve") != first


@needs_root
async def test_two_processes_that_start_together_share_one_copy(laptop: Laptop, hidden: Path) -> None:
    machine = server_machine(laptop)
    layout = Layout(laptop.home, machine.user)
    programs = Programs(layout, machine)
    one, two = await asyncio.gather(programs.usable(hidden, "serve"), programs.usable(hidden, "serve"))
    assert one == two
    assert len(list(layout.programs.iterdir())) == 1


@needs_root
async def test_a_folder_that_is_no_installation_is_never_copied(laptop: Laptop, hidden: Path) -> None:
    """Below a home folder there may be anything beside `bin`."""
    (hidden.parent / "lib").rename(hidden.parent / "other")
    machine = server_machine(laptop)
    with pytest.raises(ProgramMissing, match="their user may not enter"):
        await Programs(Layout(laptop.home, machine.user), machine).usable(hidden, "serve")


async def test_a_missing_program_is_named(laptop: Laptop) -> None:
    with pytest.raises(ProgramMissing, match="there is no program 'serve' in /bin"):
        await Programs(Layout(laptop.home), laptop.machine).usable(Path("/bin"), "serve")
