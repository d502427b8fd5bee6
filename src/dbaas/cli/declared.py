"""The operations that a cluster's DatabaseEngine declares, for people."""

from __future__ import annotations

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database_engine import DATABASE_ENGINE, DatabaseEngineSpec, EngineOperation
from dbaas.api.resource import Key
from dbaas.cli.session import Session


async def list_operations(session: Session, cluster: str) -> list[str]:
    """A line for each, as it is asked for; none where the cluster is not there."""
    from dbaas.contracts.registry import find_registry
    from dbaas.controllers.cluster.subject import entry_key

    found = await session.find(DATABASE_CLUSTER, Key(session.namespace, cluster))
    entry = await session.find(DATABASE_ENGINE, entry_key(found, find_registry())) if found is not None else None
    if entry is None:
        return []
    declared = DatabaseEngineSpec.model_validate(entry.spec).operations
    return [f"DatabaseEngine {entry.key.name!r} declares:", *map(describe, declared)] if declared else []


def describe(operation: EngineOperation) -> str:
    """What to write, and what it does."""
    words = [
        f"{parameter.name}=…" if parameter.default is None else f"[{parameter.name}={parameter.default}]"
        for parameter in operation.parameters
    ]
    does = f": {operation.description}" if operation.description else ""
    return " ".join([operation.name, *words]) + does
