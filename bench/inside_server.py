"""200 databases, users and grants, from the first create to all Ready, against a bare script.

The bare script sends the same SQL over as many connections to the same server, and makes the fewest API writes that
are possible, to the same API: create, one finalizer and one status for each object, one Secret for each user. Its
objects are of the same schemas, in a group that no controller watches. Both have the server's data in memory, because
disks vary threefold from one minute to the next.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from _laptop import GROUP, ON_MAIN, Api, Laptop, empty_laptop, open_api, report, send_all, start_server, timed
from _units import BARE, CONNECTIONS, DONE, HOLD, KINDS, SHARED, WRITERS, copy_definition, make_objects, make_unit

UNITS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SECRETS = "/api/v1/namespaces/default/secrets"
_SECRET = {"apiVersion": "v1", "kind": "Secret"}
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def main() -> None:
    bare, ours = (_measure(way) for way in (_script, _declare))
    report(f"{UNITS} databases, users and grants, against a bare script", ours, bare, "s", "≤ 1.25 ×")


def _measure(way: Callable[[Api], Awaitable[float]]) -> float:
    """Each on a server of its own: the later of two would have the databases of the earlier one in its way."""

    async def run(laptop: Laptop) -> float:
        async with open_api(laptop) as api:
            return await way(api)

    with empty_laptop(in_memory=True) as laptop:
        start_server(laptop)
        return asyncio.run(run(laptop))


async def _script(api: Api) -> float:
    await _define(api)
    with timed() as seconds:
        await _by_hand(api)
    return seconds[0]


async def _declare(api: Api) -> float:
    with timed() as seconds:
        waiting = [asyncio.create_task(api.until_ready(f"{GROUP}/{plural}", UNITS)) for plural in KINDS]
        await send_all(api, _creates("dbaas.io"), WRITERS)
        await asyncio.gather(*waiting)
    return seconds[0]


async def _by_hand(api: Api) -> None:
    """The API writes go beside the SQL, as the fastest script would do it."""
    instance = await api.send("GET", f"{GROUP}/databaseinstances/main")
    where = instance["spec"]["connection"]
    secret = await api.send("GET", f"{SECRETS}/{where['secretRef']['name']}")
    login = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    address = {"host": where["host"], "port": where["port"], "user": login["username"], "password": login["password"]}
    numbers = iter(range(UNITS))

    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(**address, dbname="postgres", autocommit=True) as connection:
            for number in numbers:
                await make_unit(connection, f"bare-{number}", f"bare-user-{number}")

    await asyncio.gather(_writes(api), *(work() for _ in range(CONNECTIONS)))


async def _writes(api: Api) -> None:
    secrets = [
        ("POST", SECRETS, {**_SECRET, "metadata": {"name": f"bare-{number}"}, "stringData": SHARED}, "json")
        for number in range(UNITS)
    ]
    creates = _creates(BARE)
    places = [f"{path}/{body['metadata']['name']}" for _, path, body, _ in creates]
    await send_all(api, [*secrets, *creates], WRITERS)
    await send_all(api, [("PATCH", place, HOLD, "merge-patch+json") for place in places], WRITERS)
    await send_all(api, [("PATCH", f"{place}/status", DONE, "merge-patch+json") for place in places], WRITERS)


async def _define(api: Api) -> None:
    for plural in KINDS:
        await api.send("POST", DEFINITIONS, copy_definition(await api.send("GET", f"{DEFINITIONS}/{plural}.dbaas.io")))


def _creates(group: str) -> list[tuple[str, str, dict[str, Any], str]]:
    return [
        ("POST", f"/apis/{group}/v1/namespaces/default/{plural}", body, "json")
        for number in range(UNITS)
        for plural, body in make_objects(group, number, ON_MAIN)
    ]


if __name__ == "__main__":
    main()
