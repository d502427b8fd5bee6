"""A pooler's instance, and where it leads."""

from __future__ import annotations

from dbaas.contracts.pooling import SERVER_HOST, SERVER_PORT, Pooler, PoolerFacts, pooler_login
from dbaas.contracts.provider import File, Instance, ServerImage

FILES = (
    File("pool.conf", content=f"to {SERVER_HOST}:{SERVER_PORT}, as $(OTHER)\n"),
    File("key", secret=pooler_login("main")),
)
POOLER = Pooler(
    Instance("main-pooler", ("pool",), files=FILES), "pool", pooler_login("main"), {"username": "pool"},
    ServerImage("registry.test/pool:1", 1, 1),
)  # fmt: skip


def test_its_files_say_where_the_server_is_and_nothing_else_is_changed() -> None:
    instance = POOLER.leading_to("127.0.0.1", 5432)
    assert [file.content for file in instance.files] == ["to 127.0.0.1:5432, as $(OTHER)\n", None]
    assert instance.files[1] == FILES[1]
    assert (instance.name, instance.command) == ("main-pooler", ("pool",))


def test_it_is_whole_when_all_serve_as_they_are_wanted() -> None:
    assert PoolerFacts(2, 2).is_whole
    for other in (PoolerFacts(), PoolerFacts(2, 1), PoolerFacts(2, 2, is_rolling=True)):
        assert not other.is_whole
