"""200 databases, users and grants to Ready, against a bare script that sends the same SQL over as many connections.

Both run in this one run, on servers of the same version with their data in a memory-backed folder. The bare script
also makes the fewest API writes that are possible (per object: create, one finalizer, one status; per user one
Secret) on an embedded API server of its own. Limit: 1.25 times the bare script.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import orjson
import psycopg
from psycopg import sql

from dbaas.api.kinds import DEFINITIONS
from dbaas.api.resource import Kind
from dbaas.api.schema import build_crd
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.transport import Request
from dbaas.core.clock import SystemClock
from dbaas.core.offload import ThreadOffload
from dbaas.core.randomness import SystemRandomness
from measuring import CLUSTER, Laptop, laptop, report, stopwatch

UNITS = 200
CONNECTIONS = 5
UNIT = """
---
apiVersion: dbaas.io/v1
kind: DatabaseUser
metadata: {{name: user-{n}}}
spec: {{instanceRef: {{name: main}}, username: user_{n}}}
---
apiVersion: dbaas.io/v1
kind: Database
metadata: {{name: data-{n}}}
spec: {{instanceRef: {{name: main}}, name: data_{n}, owner: user_{n}, deletionProtection: false}}
---
apiVersion: dbaas.io/v1
kind: DatabaseGrant
metadata: {{name: grant-{n}}}
spec:
  userRef: {{name: user-{n}}}
  databaseRef: {{name: data-{n}}}
  privileges: [{{on: database, privileges: [CONNECT, TEMPORARY]}}]
"""


def manifests(units: int) -> str:
    return "".join(UNIT.format(n=n) for n in range(units))


def administrator(here: Laptop) -> dict[str, str]:
    """Where the cluster's server is and how the administrator logs in."""
    instance = json.loads(here.run("get", "databaseinstances", "main", "-o", "json"))
    secret = json.loads(here.run("get", "secrets", "main-credentials", "-o", "json"))["data"]
    import base64

    connection = instance["spec"]["connection"]
    return {
        "host": connection["host"],
        "port": str(connection["port"]),
        "user": base64.b64decode(secret["username"]).decode(),
        "password": base64.b64decode(secret["password"]).decode(),
        "dbname": "postgres",
    }


async def send_sql(login: dict[str, str], units: int) -> None:
    """The statements of `units` units, each unit on one of the connections."""
    queue = iter(range(units))

    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(**login, autocommit=True) as connection:
            for n in queue:
                verifier = await asyncio.to_thread(
                    connection.pgconn.encrypt_password,
                    f"password {n}".encode(),
                    f"bare_user_{n}".encode(),
                    b"scram-sha-256",
                )
                user, database = sql.Identifier(f"bare_user_{n}"), sql.Identifier(f"bare_{n}")
                await connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(user, sql.Literal(verifier.decode()))
                )
                await connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(database, user)
                )
                await connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(database))
                await connection.execute(
                    sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, user)
                )
                async with await psycopg.AsyncConnection.connect(
                    **{**login, "dbname": f"bare_{n}"}, autocommit=True
                ) as inside:
                    await inside.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


async def write_api(folder: Path, units: int) -> None:
    """The fewest writes, five at a time."""
    server = ApiServer(folder / "store", SystemClock(), SystemRandomness(), ThreadOffload(1, "store"))
    await server.start()
    for definition in DEFINITIONS:
        await server.request(
            _post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", build_crd(definition, {}))
        )
    kinds = {d.kind.kind: d.kind for d in DEFINITIONS}
    queue = iter(range(units))

    async def work() -> None:
        for n in queue:
            for document in UNIT.format(n=n).split("---")[1:]:
                await _write_object(server, kinds, document)
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"user-{n}"}, "data": {}}
            await server.request(_post("/api/v1/namespaces/default/secrets", secret))

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    await server.stop()


async def _write_object(server: ApiServer, kinds: dict[str, Kind], document: str) -> None:
    import yaml

    body = yaml.safe_load(document)
    kind, name = kinds[body["kind"]], body["metadata"]["name"]
    await server.request(_post(kind.path("default"), body))
    finalizer = {"metadata": {"finalizers": ["dbaas.io/finalizer"]}}
    ready = {"type": "Ready", "status": "True", "reason": "Ready", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    for subresource, patch in (("", finalizer), ("status", {"status": {"conditions": [ready]}})):
        answer = await server.request(
            Request(
                "PATCH",
                kind.path("default", name, subresource),
                headers={"content-type": "application/merge-patch+json"},
                body=orjson.dumps(patch),
            )
        )
        if answer.status != 200:
            sys.exit(f"the bare script's write failed: {answer.body.decode()}")


def _post(path: str, body: dict[str, object]) -> Request:
    return Request("POST", path, headers={"content-type": "application/json"}, body=orjson.dumps(body))


if __name__ == "__main__":
    with laptop("/dev/shm") as here, tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        here.run("up", "-d")
        here.run("apply", "-f", "-", "--wait", stdin=CLUSTER)
        with stopwatch() as bare:
            asyncio.run(send_sql(administrator(here), UNITS))
            asyncio.run(write_api(Path(folder), UNITS))
        print(f"bare script: {bare[0]:.2f} s")
        with stopwatch() as ours:
            here.run("apply", "-f", "-", "--wait", "--timeout", "300s", stdin=manifests(UNITS))
        report(f"{UNITS} databases, users and grants to Ready", ours[0], 1.25 * bare[0], "s")
