"""Patroni in Kubernetes mode: leaders are elected through ConfigMaps of the embedded API server, without TLS.

Three real members with real PostgreSQL servers. Its own light client differs from the official one: strategic merge
patches for everything, watches that it compares by version, a kubeconfig as the only way to plain HTTP.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
import yaml

from clients.members import TIMING, Member, PatroniCluster
from clients.served import ServedStore
from fixtures.control_plane import Api
from fixtures.postgres import usable_programs

pytestmark = [pytest.mark.slow, pytest.mark.real_server]
NAMES = ("demo-0", "demo-1", "demo-2")
TAKEOVER_SECONDS = TIMING["ttl"] + TIMING["loop_wait"] + TIMING["retry_timeout"]
SLOW_MACHINE_SECONDS = 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ServedStore]:
    served = ServedStore(tmp_path / "store")
    served.start()
    try:
        yield served
    finally:
        served.kill()


@pytest_asyncio.fixture
async def cluster(store: ServedStore) -> AsyncIterator[PatroniCluster]:
    """Started, with one leader and two replicas that stream."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="dbaas-patroni-", dir=memory if memory.exists() else None))
    folder.chmod(0o755)
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(store.kubeconfig()))
    programs = usable_programs("18", folder)
    members = {name: Member(name, folder / name, programs) for name in NAMES}
    for member in members.values():
        member.folder.mkdir(mode=0o700)
    headers = {"authorization": f"Bearer {store.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        made = PatroniCluster(Api("embedded", store.url, session, "default"), folder, kubeconfig, members)
        try:
            await made.start()
            await made.until_whole()
            yield made
        finally:
            await made.stop()


async def test_another_member_takes_over_from_a_killed_leader_and_hands_over_when_asked(
    cluster: PatroniCluster,
) -> None:
    first = (await cluster.see()).leader
    await cluster.members[first].query("create table kept as select 42 as answer")
    await cluster.members[first].kill()
    limit = TAKEOVER_SECONDS + SLOW_MACHINE_SECONDS
    second = (
        await cluster.until(lambda s: s.leader not in ("", first) and s.roles[s.leader] == "primary", limit)
    ).leader
    assert await cluster.members[second].query("select answer from kept") == "42"
    await cluster.members[second].until_answers("select pg_is_in_recovery()", "False")  # its role is said before

    await cluster.restart(first)
    whole = await cluster.until_whole()
    assert (whole.leader, whole.roles[first]) == (second, "replica")

    asked = {"leader": second, "candidate": first}
    status, text = await cluster.members[second].ask("POST", "/switchover", asked)
    assert status == 200, text
    whole = await cluster.until(lambda s: s.leader == first and s.is_whole(len(NAMES)), 60)
    assert whole.roles == {name: "primary" if name == first else "replica" for name in NAMES}
    assert await cluster.members[first].query("select answer from kept") == "42"


async def test_a_killed_server_that_comes_back_costs_no_leader(cluster: PatroniCluster, store: ServedStore) -> None:
    leader = cluster.members[(await cluster.see()).leader]
    started = await leader.query("select pg_postmaster_start_time()::text")
    store.kill()
    store.start()
    since = len(leader.lines)
    await leader.until_said("the leader with the lock", since)
    whole = await cluster.until_whole()
    assert whole.leader == leader.name
    assert await leader.query("select pg_postmaster_start_time()::text") == started
    assert (await leader.query("select timeline_id from pg_control_checkpoint()")) == "1"


async def test_without_the_server_a_leader_goes_on_only_where_all_members_agree(
    cluster: PatroniCluster, store: ServedStore
) -> None:
    agreed = await cluster.until(lambda sight: len(sight.failsafe) == len(NAMES), 60)
    leader = cluster.members[agreed.leader]
    for _ in range(2):  # it relies on the list that it has read back, in the round after the one that wrote it
        await leader.until_said("the leader with the lock", len(leader.lines))
    since = len(leader.lines)
    store.kill()
    await leader.until_said("failsafe mode is enabled and all members are accessible", since)
    assert await leader.query("select pg_is_in_recovery()") == "False"
    other = next(member for member in cluster.members.values() if member is not leader)
    since = len(leader.lines)
    await other.kill()
    await leader.until_said("demoted self because DCS is not accessible", since)
    await leader.until_said("DCS is not accessible", len(leader.lines))
    assert await leader.query("select pg_is_in_recovery()") == "True"
    store.start()
    await cluster.restart(other.name)
    whole = await cluster.until_whole()
    assert sorted(whole.roles.values()) == ["primary", "replica", "replica"]
