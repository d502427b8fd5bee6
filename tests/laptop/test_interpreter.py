"""A Python for servers: this one where their user can run it, else a copy with just what the packages need."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dbaas.core.process import Command
from dbaas.laptop.interpreter import Interpreters, find_needed
from dbaas.laptop.layout import Layout
from dbaas.laptop.machine import server_user
from dbaas.laptop.programs import ProgramMissing
from fixtures.laptop import Laptop, needs_root


async def test_it_is_used_in_place_where_it_can_be(laptop: Laptop) -> None:
    found = await Interpreters(Layout(laptop.home), laptop.machine).usable(["pyyaml"])
    assert (found.executable, dict(found.env)) == (Path(sys.executable), {})
    assert not (laptop.home / "programs").exists()


@needs_root
@pytest.mark.slow
async def test_the_servers_user_can_run_it_with_the_packages_and_what_they_need(laptop: Laptop) -> None:
    machine = replace(laptop.machine, user=server_user())
    layout = Layout(laptop.home, machine.user)
    found = await Interpreters(layout, machine).usable(["patroni[kubernetes]", "psycopg[binary]"])
    script = "import patroni.dcs.kubernetes, psycopg.pq, ssl, sqlite3, sys; print(psycopg.pq.__impl__, sys.prefix)"
    argv = (str(found.executable), "-I", "-c", script)
    done = await machine.processes.run(Command(argv, Path("/"), found.env, machine.user), 30)
    implementation, prefix = done.output.split(maxsplit=1)
    assert implementation == "binary", done.output
    if found.executable != Path(sys.executable):
        assert Path(prefix.strip()).is_relative_to(layout.programs)
        assert await Interpreters(layout, machine).usable(["patroni[kubernetes]", "psycopg[binary]"]) == found
        assert len(list(layout.programs.iterdir())) == 1


def test_what_a_package_needs_is_found_by_name_and_extra() -> None:
    plain = {each.name.lower() for each in find_needed(["psycopg"])}
    assert "psycopg" in plain
    assert "psycopg-binary" not in plain
    assert {each.name.lower() for each in find_needed(["psycopg[binary]"])} >= plain | {"psycopg-binary"}


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(
        ProgramMissing, match="the Python package 'no-such-thing' is not installed: pip install no-such"
    ):
        find_needed(["no-such-thing[extra]>=1"])
    with pytest.raises(ProgramMissing, match="names no Python package"):
        find_needed(["[extra]"])
