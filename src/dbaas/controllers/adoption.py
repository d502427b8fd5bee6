"""Objects for what is on a server already, made where an annotation of its instance names it.

Nothing is stated but the name, and the object's deletion keeps the real thing: what is adopted stays as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dbaas.api.database import DATABASE
from dbaas.api.instance import ANNOTATION_ADOPT_DATABASES, ANNOTATION_ADOPT_ROLES, ANNOTATION_ADOPT_USERS
from dbaas.api.resource import LABEL_INSTANCE, Kind, Resource
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import AlreadyExists, Client
from dbaas.contracts.engine import Inventory
from dbaas.controllers.metrics import ControllerCounts

LABEL_ADOPTED = f"{DATABASE.group}/adopted"
NOT_POSSIBLE = "AdoptionNotPossible"
LONGEST_NAME = 200
DIGEST_LENGTH = 8


@dataclass(frozen=True)
class Wanted:
    """One thing to adopt."""

    kind: Kind
    name: str

    @property
    def spec(self) -> Mapping[str, Any]:
        """Everything that a default would change is said."""
        if self.kind == DATABASE:
            return {"name": self.name, "revokePublic": False, "deletionPolicy": "Retain"}
        if self.kind == DATABASE_USER:  # nobody can tell us its password, and another one would lock people out
            return {"username": self.name, "passwordSecret": {"generate": False}, "deletionPolicy": "Retain"}
        return {"roleName": self.name, "deletionPolicy": "Retain"}


class AdoptionStep:
    """Makes an object for each name; one that somebody has deleted is made again while the annotation stays."""

    def __init__(self, client: Client, counts: ControllerCounts) -> None:
        self._client = client
        self._counts = counts

    async def adopt(self, instance: Resource, inventory: Inventory, managed: Mapping[str, frozenset[str]]) -> None:
        """`managed` are the names, by the list they are in, that objects stand for already."""
        for wanted in self._find(instance, inventory, managed):
            body = build(instance, wanted)
            try:
                made = await self._client.create(wanted.kind, body)
            except AlreadyExists:
                name = body["metadata"]["name"]
                note = f"{wanted.kind} {instance.metadata.namespace}/{name} exists and stands for something else"
                self._client.event(instance, "Warning", NOT_POSSIBLE, note)
            else:
                self._counts.count_adoption(wanted.kind.resource)
                self._client.event(instance, "Normal", "Adopted", f"made {made} for {wanted.name!r}")

    def _find(self, instance: Resource, inventory: Inventory, managed: Mapping[str, frozenset[str]]) -> list[Wanted]:
        found: list[Wanted] = []
        for annotation, field, kind in _ANNOTATIONS:
            names = read_names(instance, annotation)
            present = {"databases": inventory.databases, "users": inventory.users, "roles": inventory.roles}[field]
            found += [Wanted(kind, n) for n in names if n in present and n not in managed.get(field, frozenset())]
        return found


def asks_for_adoption(instance: Resource) -> bool:
    """Whether an annotation names anything."""
    return any(read_names(instance, annotation) for annotation, _, _ in _ANNOTATIONS)


def explain_impossible(instance: Resource) -> str:
    """What is asked for and cannot be done; empty where all can."""
    if not instance.metadata.namespace and asks_for_adoption(instance):
        return "a ClusterDatabaseInstance is in no namespace: write the objects where they shall be"
    return ""


def read_names(instance: Resource, annotation: str) -> tuple[str, ...]:
    """The names of a list with commas between them."""
    listed = instance.metadata.annotations.get(annotation, "").split(",")
    return tuple(dict.fromkeys(name.strip() for name in listed if name.strip()))


def build(instance: Resource, wanted: Wanted) -> dict[str, Any]:
    """The object, beside the instance."""
    labels = {LABEL_ADOPTED: "true", LABEL_INSTANCE: instance.metadata.name[:63].rstrip("-.")}
    return {
        "apiVersion": wanted.kind.api_version,
        "kind": wanted.kind.kind,
        "metadata": {
            "name": object_name(wanted.name),
            "namespace": instance.metadata.namespace,
            "labels": labels,
        },
        "spec": {"instanceRef": {"name": instance.metadata.name}, **wanted.spec},
    }


def object_name(real_name: str) -> str:
    """A name that Kubernetes takes; two real names never give the same one."""
    plain = re.sub(r"[^a-z0-9]+", "-", real_name.lower()).strip("-")[:LONGEST_NAME]
    if plain == real_name:
        return plain
    digest = hashlib.sha256(real_name.encode(errors="surrogatepass")).hexdigest()[:DIGEST_LENGTH]
    return f"{plain}-{digest}" if plain else f"adopted-{digest}"


_ANNOTATIONS = (
    (ANNOTATION_ADOPT_DATABASES, "databases", DATABASE),
    (ANNOTATION_ADOPT_USERS, "users", DATABASE_USER),
    (ANNOTATION_ADOPT_ROLES, "roles", DATABASE_ROLE),
)
