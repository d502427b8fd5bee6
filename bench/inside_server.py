"""200 databases, users and grants, from the first create to all Ready, against a bare script.

The bare script sends the same SQL over as many connections to the same server, and makes the fewest API writes that
are possible, to the same API: create, one finalizer and one status for each object, one Secret for each user. Both have
the server's data in memory, because disks vary threefold from one minute to the next.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Iterator
from typing import Any

import psycopg

from _laptop import GROUP, ON_MAIN, Api, build_body, empty_laptop, open_api, report, send_all, start_server, timed
from _units import CONNECTIONS, SHARED, WRITERS, make_unit

UNITS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
CORE = "/api/v1/namespaces/default"
KINDS = ("databases", "databaseusers", "databasegrants")


def main() -> None:
    with empty_laptop(in_memory=True) as laptop:
        start_server(laptop)
        ours, bare = asyncio.run(_compare(laptop))
    report(f"{UNITS} databases, users and grants, against a bare script", ours, bare, "s", "≤ 1.25 ×")


async def _compare(laptop: Any) -> tuple[float, float]:
    async with open_api(laptop) as api:
        with timed() as bare:
            await _by_hand(api)
        with timed() as ours:
            bodies = [each for number in range(UNITS) for each in _unit(number)]
            waiting = [asyncio.create_task(api.until_ready(f"{GROUP}/{plural}", UNITS)) for plural in KINDS]
            await send_all(api, [("POST", f"{GROUP}/{plural}", body, "json") for plural, body in bodies], WRITERS)
            await asyncio.gather(*waiting)
    return ours[0], bare[0]


def _unit(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    name, user = f"db-{number}", f"user-{number}"
    grant = {"on": "database", "privileges": ["CONNECT", "TEMPORARY"]}
    yield "databases", build_body("Database", name, {"instanceRef": ON_MAIN})
    yield "databaseusers", build_body("DatabaseUser", user, {"instanceRef": ON_MAIN, "databaseRef": {"name": name}})
    references = {"userRef": {"name": user}, "databaseRef": {"name": name}}
    yield "databasegrants", build_body("DatabaseGrant", f"grant-{number}", {**references, "privileges": [grant]})


async def _by_hand(api: Api) -> None:
    """The API writes go beside the SQL, as the fastest script would do it."""
    instance = await api.send("GET", f"{GROUP}/databaseinstances/main")
    where = instance["spec"]["connection"]
    secret = await api.send("GET", f"{CORE}/secrets/{where['secretRef']['name']}")
    login = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    address = {"host": where["host"], "port": where["port"], "user": login["username"], "password": login["password"]}
    numbers = iter(range(UNITS))

    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(**address, dbname="postgres", autocommit=True) as connection:
            for number in numbers:
                await make_unit(connection, f"bare-{number}", f"bare-user-{number}")

    await asyncio.gather(_writes(api), *(work() for _ in range(CONNECTIONS)))


async def _writes(api: Api) -> None:
    """ConfigMaps of the same size stand in for the objects, so that no controller touches them."""
    creates, finalizers, states = [], [], []
    for number in range(UNITS):
        creates.append(("POST", f"{CORE}/secrets", _plain("Secret", f"bare-{number}", {"stringData": SHARED}), "json"))
        for kind in KINDS:
            name = f"bare-{kind}-{number}"
            path, patch = f"{CORE}/configmaps/{name}", "merge-patch+json"
            creates.append(
                ("POST", f"{CORE}/configmaps", _plain("ConfigMap", name, {"data": {"spec": "x" * 300}}), "json")
            )
            finalizers.append(
                ("PATCH", path, {"metadata": {"annotations": {"finalizer": "dbaas.io/finalizer"}}}, patch)
            )
            states.append(("PATCH", path, {"data": {"status": "x" * 600}}, patch))
    for calls in (creates, finalizers, states):
        await send_all(api, calls, WRITERS)


def _plain(kind: str, name: str, rest: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **rest}


if __name__ == "__main__":
    main()
