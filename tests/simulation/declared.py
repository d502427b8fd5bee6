"""What the API holds at one moment, and what follows from it: which server is meant, who may claim what."""

from __future__ import annotations

import base64
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CONFIG_MAP, NAMESPACE, SECRET
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import FINALIZER, Key, Kind
from dbaas.api.user import DATABASE_USER
from dbaas.kube.verbs import RestClient

OURS = (DATABASE_CLUSTER, DATABASE_INSTANCE, DATABASE_USER, DATABASE, DATABASE_GRANT)
T = TypeVar("T")
Body = dict[str, Any]


def answer_now(call: Coroutine[Any, Any, T]) -> T:
    """What a read of an API server in memory gives, without letting anything else run in between."""
    try:
        call.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    call.close()
    raise AssertionError("the API server needed time for a read")


@dataclass(frozen=True)
class Thing:
    """One object as it is declared."""

    kind: Kind
    body: Body

    @property
    def key(self) -> Key:
        metadata = self.body["metadata"]
        return Key(metadata.get("namespace", ""), metadata["name"])

    @property
    def uid(self) -> str:
        return str(self.body["metadata"]["uid"])

    @property
    def spec(self) -> Body:
        return self.body.get("spec") or {}

    @property
    def status(self) -> Body:
        return self.body.get("status") or {}

    @property
    def is_deleting(self) -> bool:
        return "deletionTimestamp" in self.body["metadata"]

    @property
    def is_held(self) -> bool:
        return FINALIZER in self.body["metadata"].get("finalizers", ())

    @property
    def is_paused(self) -> bool:
        return self.body["metadata"].get("annotations", {}).get("dbaas.io/paused") == "true"

    @property
    def allows_destructive(self) -> bool:
        return self.body["metadata"].get("annotations", {}).get("dbaas.io/allow-destructive") == "true"

    @property
    def is_protected(self) -> bool:
        return bool(self.spec.get("deletionProtection"))

    @property
    def seniority(self) -> tuple[str, bool, str]:
        """Of one second the one that has begun is older."""
        return self.body["metadata"]["creationTimestamp"], not self.is_held, self.body["metadata"]["uid"]

    @property
    def real_name(self) -> str:
        given = self.spec.get("name" if self.kind == DATABASE else "username")
        return str(given or self.key.name)

    def entries(self, database: str) -> frozenset[str]:
        """Of a grant, where its database is called so on the server."""
        return frozenset(
            f"{item['on']} {database}.{item['schema']} {word}"
            for item in self.spec["privileges"]
            for word in item["privileges"]
        )

    def ready(self) -> tuple[str, str]:
        """Status and reason."""
        for condition in self.status.get("conditions", ()):
            if condition["type"] == "Ready":
                return condition["status"], condition["reason"]
        return "", ""

    @property
    def claims_ready(self) -> bool:
        """Whether it says that all is as the newest spec wants it."""
        is_current = self.status.get("observedGeneration") == self.body["metadata"].get("generation")
        return is_current and self.ready()[0] == "True" and not self.is_deleting and not self.is_paused

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Declared:
    """Read from the API when first asked for."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._things: dict[Kind, dict[Key, Thing]] = {}

    def all(self, kind: Kind) -> dict[Key, Thing]:
        if kind not in self._things:
            found = [Thing(kind, one.body()) for one in answer_now(self._rest.list(kind))]
            self._things[kind] = {thing.key: thing for thing in found}
        return self._things[kind]

    def read_all(self) -> Declared:
        """All at once, for when nobody can be asked later."""
        for kind in (*OURS, SECRET, CONFIG_MAP, NAMESPACE):
            self.all(kind)
        return self

    def ours(self) -> Iterator[Thing]:
        for kind in OURS:
            yield from self.all(kind).values()

    def is_unwatched(self, thing: Thing) -> bool:
        """Whether it lives on a server that is paused: nobody looks at what becomes of it there, nor at the login."""
        instance = self.instance_of(thing)
        return instance is not None and instance.is_paused

    def find(self, kind: Kind, reference: Body | None, namespace: str) -> Thing | None:
        if not reference:
            return None
        return self.all(kind).get(Key(reference.get("namespace") or namespace, reference["name"]))

    def user_of(self, grant: Thing) -> Thing | None:
        return self.find(DATABASE_USER, grant.spec["userRef"], grant.key.namespace)

    def entries_of(self, grant: Thing) -> frozenset[str]:
        """None while its database is not declared."""
        database = self.find(DATABASE, grant.spec["databaseRef"], grant.key.namespace)
        return grant.entries(database.real_name) if database is not None else frozenset()

    def instance_of(self, thing: Thing) -> Thing | None:
        """The server object that it lives on."""
        if thing.kind == DATABASE_GRANT:
            user = self.user_of(thing)
            return self.instance_of(user) if user is not None else None
        if thing.kind in (DATABASE_CLUSTER, DATABASE_INSTANCE):
            return self.all(DATABASE_INSTANCE).get(thing.key)
        return self.find(DATABASE_INSTANCE, thing.spec["instanceRef"], thing.key.namespace)

    def host_of(self, thing: Thing) -> str:
        """Where it lives; empty where that cannot be told."""
        instance = self.instance_of(thing)
        return str(instance.spec["connection"]["host"]) if instance is not None else ""

    def drift_mode(self, thing: Thing) -> str:
        """What shall be done about changes behind our back: as it says itself, else as its server says."""
        instance = self.instance_of(thing)
        policy = thing.spec.get("driftPolicy") or (instance.spec.get("driftPolicy") if instance is not None else None)
        return str((policy or {}).get("mode", "detect"))

    def login_of(self, instance: Thing) -> tuple[str, str]:
        """User name and password that it is reached with; empty where there is no Secret."""
        reference = instance.spec["connection"]["secretRef"]
        values = self.secret(Key(instance.key.namespace, reference["name"]))
        keys = reference.get("keys") or {}
        return values.get(keys.get("username", "username"), ""), values.get(keys.get("password", "password"), "")

    def secret(self, key: Key) -> dict[str, str]:
        found = self.all(SECRET).get(key)
        data = found.body.get("data") or {} if found is not None else {}
        return {name: base64.b64decode(value).decode() for name, value in data.items()}

    def find_secret(self, user: Thing, name: str) -> tuple[str, str] | None:
        """Version and password of a user's Secret."""
        found = self.all(SECRET).get(Key(user.key.namespace, name))
        if found is None:
            return None
        return found.body["metadata"]["resourceVersion"], self.secret(found.key).get("password", "")

    def consents(self, target: Thing, namespace: str) -> bool:
        allowed = target.spec.get("allowedNamespaces") or ()
        return target.key.namespace == namespace or "*" in allowed or namespace in allowed

    def namespace_is_going(self, name: str) -> bool:
        found = self.all(NAMESPACE).get(Key("", name))
        return found is None or found.is_deleting

    def runs(self, cluster: Key) -> bool:
        return cluster in self.all(CONFIG_MAP)
