"""What must not get lost: objects that the user made and did not delete, and what was on a server before we came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbaas.api.resource import Key, Kind
from simulation.declared import Declared
from simulation.engine import ADMIN, Base
from simulation.servers import StormyServer

APPROVED = "Approved"
BASE, ROLE, SCHEMA, ENTRY, PASSWORD = "legacy", "dba", "legacy-a", "table legacy.legacy-a SELECT", "older than we are"


class Keepsakes:
    """Told of everything that the user does with success."""

    def __init__(self) -> None:
        self._made: dict[tuple[Kind, Key], str] = {}
        self._approved: dict[tuple[Kind, Key], str] = {}

    def made(self, kind: Kind, key: Key, uid: str) -> None:
        self._made[kind, key] = uid

    def approved(self, kind: Kind, key: Key, uid: str) -> None:
        """A condition that is nobody's but its writer's."""
        self._approved[kind, key] = uid

    def deleted(self, kind: Kind, key: Key) -> None:
        self._made.pop((kind, key), None)

    def namespace_deleted(self, name: str) -> None:
        self._made = {place: uid for place, uid in self._made.items() if place[1].namespace != name}

    def lost(self, declared: Declared) -> Iterator[str]:
        for (kind, key), uid in self._made.items():
            found = declared.all(kind).get(key)
            if found is None or found.body["metadata"]["uid"] != uid:
                yield f"{kind} {key} is gone, and the user has not deleted it"
            elif found.is_deleting:
                yield f"{kind} {key} is being deleted, and not by the user"
        for (kind, key), uid in self._approved.items():
            found = declared.all(kind).get(key)
            if found is None or found.uid != uid:
                continue
            if APPROVED not in {condition["type"] for condition in found.status.get("conditions", ())}:
                yield f"somebody else's condition of {kind} {key}"


def leave_legacy(server: StormyServer) -> None:
    """Somebody works with this server already."""
    server.bases[BASE] = Base(ROLE, schemas={SCHEMA: ADMIN})
    server.roles[ROLE] = PASSWORD
    server.privileges[ROLE] = {ENTRY}


def lost_legacy(servers: Mapping[str, StormyServer]) -> Iterator[str]:
    for server in servers.values():
        kept = server.bases.get(BASE), server.roles.get(ROLE), server.privileges.get(ROLE)
        if server.name in ("alpha", "beta") and kept != (Base(ROLE, schemas={SCHEMA: ADMIN}), PASSWORD, {ENTRY}):
            yield f"what was on {server.name} before us and is nobody's object has changed"
