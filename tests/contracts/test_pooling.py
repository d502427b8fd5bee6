"""A pooler's instance, and where it leads."""

from __future__ import annotations

from dbaas.contracts.pooling import SERVER_HOST, SERVER_PORT, Pooler, pooler_login
from dbaas.contracts.provider import File, Instance

FILES = (
    File("pool.conf", content=f"to {SERVER_HOST}:{SERVER_PORT}, as $(OTHER)\n"),
    File("key", secret=pooler_login("main")),
)
POOLER = Pooler(Instance("main-pooler", ("pool",), files=FILES), "pool", pooler_login("main"), {"username": "pool"})


def test_its_files_say_where_the_server_is_and_nothing_else_is_changed() -> None:
    instance = POOLER.leading_to("127.0.0.1", 5432)
    assert [file.content for file in instance.files] == ["to 127.0.0.1:5432, as $(OTHER)\n", None]
    assert instance.files[1] == FILES[1]
    assert (instance.name, instance.command) == ("main-pooler", ("pool",))
