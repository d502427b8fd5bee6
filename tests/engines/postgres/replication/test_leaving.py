"""A server that is the only one left keeps nothing for replicas that it had."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dbaas.engines.postgres.replication.leaving import forget_replicas
from dbaas.laptop.machine import server_user
from fixtures.postgres import log_in, own_server, usable_programs


def kept(cluster: str, *slots: str) -> list[str]:
    """Slots that stay."""
    statement = forget_replicas(cluster, "data").command[5]
    (pattern,) = re.findall("~ '(.*)'", statement)
    return [slot for slot in slots if not re.search(pattern, slot)]


def test_slots_of_members_are_dropped_and_no_others() -> None:
    assert kept("main", "main", "main_2", "main_3", "main_2_0") == []
    assert kept("main", "mine", "main_copy", "other_2", "main_2x") == ["mine", "main_copy", "other_2", "main_2x"]
    assert kept("shop-eu", "shop_eu_2", "shop-eu-2") == ["shop-eu-2"]


@pytest.mark.parametrize("slots", [(), ("main_2",)])
def test_only_where_there_is_a_slot_at_all_the_server_is_asked(tmp_path: Path, slots: tuple[str, ...]) -> None:
    for slot in slots:
        (tmp_path / "data" / "pg_replslot" / slot).mkdir(parents=True)
    (tmp_path / "prepared").mkdir()
    (tmp_path / "postgres").write_text("#!/bin/sh\ncat > " + str(tmp_path / "asked") + "\n")
    (tmp_path / "postgres").chmod(0o755)
    command = [word.replace("$(DIRECTORY)", str(tmp_path)) for word in forget_replicas("main", "data").command]
    subprocess.run(command, check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert (tmp_path / "asked").exists() is bool(slots)
    assert not (tmp_path / "prepared").exists(), "the next time that it is one of several it is prepared again"
    if slots:
        assert "pg_drop_replication_slot" in (tmp_path / "asked").read_text()


@pytest.mark.real_server
@pytest.mark.parametrize("version", ["16", "18"])
async def test_slots_of_others_and_prepared_transactions_stay_and_do_not_keep_it_from_coming_up(version: str) -> None:
    settings = {"wal_level": "logical", "max_prepared_transactions": "5", "max_replication_slots": "20"}
    with own_server(version, **settings) as server:
        async with await log_in(server.address) as connection:
            await connection.execute("select pg_create_physical_replication_slot('main_2', true)")
            await connection.execute("select pg_create_logical_replication_slot('theirs', 'pgoutput')")
            await connection.execute("create table kept (number int)")
            await connection.execute("begin; insert into kept values (1); prepare transaction 'open'")
        os.kill(server.pid, signal.SIGKILL)
        os.waitpid(server.pid, 0)
        folder = Path(server.folder)
        programs = usable_programs(version, folder)
        command = [word.replace("$(DIRECTORY)", str(folder)) for word in forget_replicas("main", "data").command]
        asked = "select 'left: ' || string_agg(slot_name, ' ') from pg_replication_slots"
        left = (
            f'echo "{asked}" | postgres --single -D data -c wal_level=logical -c max_prepared_transactions=5 postgres'
        )
        user = server_user() if os.geteuid() == 0 else None
        owned: Mapping[str, Any] = {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}
        given: Mapping[str, Any] = {"env": {"PATH": f"{programs}:/usr/bin:/bin"}, "cwd": folder, **owned}
        subprocess.run(command, check=True, capture_output=True, **given)
        told = subprocess.run(["/bin/sh", "-c", left], check=True, capture_output=True, text=True, **given)
        assert re.findall('"left: (.*)"', told.stdout) == ["theirs"]
