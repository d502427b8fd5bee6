"""A real server as an object of a session, with all kinds as this program installs them."""

from __future__ import annotations

import base64

from cli.conftest import put
from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION, SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.kinds import DEFINITIONS
from dbaas.cli.session import Session
from dbaas.contracts.engine import Address
from dbaas.contracts.registry import find_registry
from fixtures.definitions import built_crd


async def put_server(session: Session, address: Address) -> None:
    """As DatabaseInstance main, with its login."""
    registry = find_registry()
    for definition in DEFINITIONS:
        body = built_crd(definition, registry.blocks(definition.kind.kind))
        await session.rest.apply(CUSTOM_RESOURCE_DEFINITION, body, force=True)
    login = {"username": address.username, "password": address.password.reveal()}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in login.items()}
    metadata = {"name": "admin", "namespace": "default"}
    await session.rest.apply(SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    connection = {"host": address.host, "port": address.port, "secretRef": {"name": "admin"}}
    spec = {"engine": "postgres", "connection": connection, "postgres": {"sslMode": "disable"}}
    await put(session, DATABASE_INSTANCE, "main", spec)
