"""What was answered is kept: through kills under load, a full disk, clean restarts and years of updates.

More rounds of the first: `python tools/soak.py kills`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from dbaas.apiserver.server import ApiServer
from dbaas.apiserver.store import Change, Database, Entry, Store
from dbaas.contracts.transport import Request
from dbaas.core.clock import SystemClock
from dbaas.core.offload import ThreadOffload
from dbaas.core.randomness import SeededRandomness
from fixtures.apiserver import send
from fixtures.disks import SmallDisk
from soak.kills import PROGRAM, Series

pytestmark = pytest.mark.slow

PLACE = "/api/v1/namespaces/default/configmaps"
ROUNDS = 5  # for each of two seeds
KIB = 1024
MIB = 1024 * 1024


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[ApiServer]:
    """As the control plane runs it, with threads."""
    offload = ThreadOffload(2, "store")
    server = ApiServer(path, SystemClock(), SeededRandomness(1), offload)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        offload.close()


def configmap(name: str, size: int, number: int = 0) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": {"filler": "x" * size, "number": str(number)}}


async def names(server: ApiServer) -> set[str]:
    status, listed = await send(server, "GET", PLACE)
    assert status == 200
    return {item["metadata"]["name"] for item in listed["items"]}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_every_answered_write_survives_kills_under_load(seed: int, tmp_path: Path) -> None:
    series = Series(tmp_path / "state.db", seed)
    for _ in range(ROUNDS):
        await series.run_round()
    await series.finish()
    assert series.ledger.writes > ROUNDS
    assert series.ledger.kept + series.ledger.dropped > 0  # writes were under way when it was killed


async def test_a_full_disk_is_answered_clearly_and_over_as_soon_as_there_is_room(small_disk: SmallDisk) -> None:
    path = small_disk.path / "state.db"
    answered = set()
    async with serving(path) as server:
        small_disk.fill()
        for number in range(1000):
            status, body = await send(server, "POST", PLACE, configmap(f"c{number}", 20 * KIB))
            if status != 201:
                break
            answered.add(f"c{number}")
        assert (status, body["reason"]) == (500, "InternalError")
        assert "its disk is full" in body["message"]
        assert str(path) in body["message"]
        assert [cause["reason"] for cause in body["details"]["causes"]] == ["StorageFull"]
        before = await names(server)
        assert answered <= before
        assert f"c{number}" not in before
        small_disk.make_room()
        status, _ = await send(server, "POST", PLACE, configmap("after", 20 * KIB))
        assert status == 201
    async with serving(path) as server:
        assert await names(server) == before | {"after"}


async def test_all_writes_of_many_clients_on_a_disk_that_fills_up_are_kept_or_refused(small_disk: SmallDisk) -> None:
    path = small_disk.path / "state.db"
    answered, refused = set(), set()

    async def write(server: ApiServer, client: int) -> None:
        for number in range(100):
            name = f"c{client}-{number}"
            status, _ = await send(server, "POST", PLACE, configmap(name, 30 * KIB))
            (answered if status == 201 else refused).add(name)

    async with serving(path) as server:
        await asyncio.gather(*(write(server, client) for client in range(8)))
        assert answered and refused
        assert await names(server) >= answered
        assert not await names(server) & refused
    async with serving(path) as server:  # its log may still wait to be written back
        assert await names(server) >= answered
        assert not await names(server) & refused


async def test_a_watch_goes_on_where_it_was_after_a_clean_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with serving(path) as server:
        _, made = await send(server, "POST", PLACE, configmap("a", 10))
    since = made["metadata"]["resourceVersion"]
    async with serving(path) as server:
        _, changed = await send(server, "PATCH", f"{PLACE}/a", {"data": {"b": "c"}}, "application/merge-patch+json")
        query = {"watch": "true", "resourceVersion": since}
        response = await server.request(Request("GET", PLACE, query, {}, b""))
        assert response.stream is not None
        event = orjson.loads(await anext(aiter(response.stream)))
        assert (event["type"], event["object"]) == ("MODIFIED", changed)
        assert event["object"]["metadata"]["uid"] == made["metadata"]["uid"]


async def test_a_watch_from_before_a_restart_that_missed_something_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with serving(path) as server:
        _, made = await send(server, "POST", PLACE, configmap("a", 10))
        await send(server, "DELETE", f"{PLACE}/a")
    async with serving(path) as server:
        query = {"watch": "true", "resourceVersion": made["metadata"]["resourceVersion"]}
        response = await server.request(Request("GET", PLACE, query, {}, b""))
        assert response.stream is not None
        event = orjson.loads(await anext(aiter(response.stream)))
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


async def test_the_file_grows_with_what_is_in_it_and_not_with_what_was(tmp_path: Path) -> None:
    """20,000 updates of 100 objects of up to 8 KiB; now and then most of them go away and come back."""
    path, objects, rounds = tmp_path / "state.db", 100, 200
    offload = ThreadOffload(1, "store")
    store = Store(Database(path), offload, history_limit=100)
    await store.open()
    largest = 0
    for turn in range(rounds):
        deletes = turn % 50 == 25
        await asyncio.gather(*(put(store, number, turn, deleted=deletes) for number in range(deletes, objects)))
        largest = max(largest, path.stat().st_size)
    live = sum(len(entry.body) for entry in store.collection("things"))
    log = path.with_name("state.db-wal").stat().st_size
    assert (len(store.collection("things")), store.collection("things").floor) == (objects, store.version - 100)
    await store.close()
    offload.close()
    assert log <= 8 * MIB
    assert path.stat().st_size <= largest < 3 * live + MIB
    assert [each.name for each in tmp_path.iterdir()] == ["state.db"]


def put(store: Store, number: int, turn: int, *, deleted: bool) -> asyncio.Future[None]:
    key, version = f"key-{number}", store.draw_version()
    filler = "x" * ((number * 97 + turn * 1009) % (8 * KIB))
    before = store.latest("things", key)
    entry = Entry.read(key, version, f'"metadata":{{"name":"{key}"}},"filler":"{filler}"}}'.encode())
    return store.submit(Change("things", before, entry, deleted))


async def test_what_was_deleted_is_given_back_while_the_server_runs(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    offload = ThreadOffload(1, "store")
    store = Store(Database(path), offload, history_limit=100)
    await store.open()
    await asyncio.gather(*(put(store, number, 0, deleted=False) for number in range(2000)))
    grown = path.stat().st_size
    await asyncio.gather(*(put(store, number, 1, deleted=True) for number in range(10, 2000)))
    later = [put(store, 0, turn, deleted=False) for turn in range(2, 5)]  # writes do not wait until it is done
    await asyncio.gather(*later)
    while any(task.get_name() == "store commits" for task in asyncio.all_tasks()):
        await asyncio.sleep(0)
    assert path.stat().st_size < 2 * MIB < 8 * MIB < grown
    await store.close()
    offload.close()


async def test_two_servers_cannot_have_one_file(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with serving(path) as server:
        other = subprocess.run(
            [sys.executable, str(PROGRAM), str(path), "token"], capture_output=True, text=True, timeout=60, check=False
        )
        assert (other.returncode, other.stdout) == (1, "")
        assert other.stderr == f"error: cannot open the store '{path}': another process has it open\n"
        status, _ = await send(server, "POST", PLACE, configmap("a", 10))
        assert status == 201


def up(home: Path) -> tuple[int, str]:
    """`dbaas up`, which is to end by itself: its exit code, and what it says to people."""
    program = [sys.executable, "-c", "from dbaas.cli.main import run; run()", "up", "--home", str(home)]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stderr


def test_the_control_plane_does_not_start_on_a_full_disk_and_says_why(small_disk: SmallDisk) -> None:
    small_disk.fill()
    code, said = up(small_disk.path / "home")
    assert code == 1
    assert "No space left on device" in said or "its disk is full" in said
    assert "Traceback" not in said


def test_a_home_whose_lock_file_was_removed_still_has_one_writer(tmp_path: Path) -> None:
    """The file itself is locked as well."""
    home = tmp_path / "home"
    home.mkdir()
    database = Database(home / "state.db")
    database.open()
    code, said = up(home)
    database.close()
    assert (code, said) == (1, f"error: cannot open the store '{home}/state.db': another process has it open\n")
