"""A random history from a seed: what people, machines and bad luck do, one step after the other.

It is made before anything runs and knows nothing of how it goes, so that any step can be left out to find the shortest
history that still fails. A step that makes no sense at its time (a change of what is not there) does nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.user import DATABASE_USER

NAMESPACES = ("default", "team")
HOSTS = ("alpha", "alpha-too", "beta")
"""Addresses; the first two are one server."""
INSTANCES = ("main", "side")
CLUSTERS = ("main", "own")
USERS = ("ann", "bob", "cat")
DATABASES = ("shop", "blog")
GRANTS = ("read", "write", "all")
GIVEN = ("given",)
WORDS = ("SELECT", "INSERT", "UPDATE")
MANAGED = (DATABASE, DATABASE_USER, DATABASE_GRANT)
NAMES: Mapping[Kind, tuple[str, ...]] = {
    DATABASE_INSTANCE: INSTANCES,
    DATABASE_CLUSTER: CLUSTERS,
    DATABASE_USER: USERS,
    DATABASE: DATABASES,
    DATABASE_GRANT: GRANTS,
}
FAULTS = (
    "weather",
    "cut watches",
    "mute watches",
    "forget history",
    "streams are in disorder",
    "the API restarts",
    "server goes down",
    "server hangs",
    "server is slow",
    "server restarts",
    "statements fail",
    "answers of statements get lost",
)
NOWHERE = Key("", "")


@dataclass(frozen=True)
class Step:
    """After `pause` seconds, `verb` is done to the object; for faults only `values` count."""

    pause: float
    verb: str
    kind: Kind | None = None
    key: Key = NOWHERE
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        what = f" {self.kind} {self.key}" if self.kind else ""
        values = f" {dict(self.values)}" if self.values else ""
        return f"after {self.pause:6.2f} s: {self.verb}{what}{values}"


class Author:
    """Writes steps; the same seed writes the same.

    A seed leaves out some deeds and some faults, but for deletions in a gap of the watches: what one of them would
    heal (a crash ends every error of a cache) is then left for the end to see.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"history {seed}")
        self._faults = [name for name in FAULTS if self._chance(0.6)]
        self._deeds: list[tuple[int, Callable[[], Step]]] = [
            (14, self._make),
            (14, self._change),
            (6, self._annotate),
            (8, self._delete),
            (6, self._secret),
            (2, self._namespace),
            (9 * self._chance(0.7), self._tamper),
            (14 * self._chance(0.9), self._fault),
            (7 * self._chance(0.5), self._crash),
        ]

    def write(self) -> list[Step]:
        """Mostly a shop first, so that there is something to lose."""
        steps = self._begin() if self._chance(0.85) else []
        weights = [weight for weight, _ in self._deeds]
        deeds = [deed for _, deed in self._deeds]
        for _ in range(self._random.randint(10, 36)):
            steps.append(self._random.choices(deeds, weights)[0]())
            if steps[-1].verb == "forget history":
                steps += self._delete_unseen()
        return self._with_approvals(steps)

    def _with_approvals(self, steps: list[Step]) -> list[Step]:
        """Somebody else has something to say about some objects, soon after they are made or later."""
        made = [number for number, step in enumerate(steps) if step.verb == "make"]
        for number in reversed(made):
            if self._chance(0.15):
                approval = Step(self._pause(), "approve", steps[number].kind, steps[number].key)
                steps.insert(self._random.randint(number + 1, len(steps)), approval)
        return steps

    def _delete_unseen(self) -> list[Step]:
        """While nobody watches, so that only a list can tell."""
        return [
            *(Step(0.0, "delete", SECRET, Key("default", f"{user}-credentials")) for user in USERS[:2]),
            replace(self._secret(), pause=0.0),
            replace(self._delete(), pause=0.0),
        ]

    def _begin(self) -> list[Step]:
        steps = [
            self._give_login(Key("default", "main-admin"), "admin"),
            Step(0, "make", DATABASE_INSTANCE, Key("default", "main"), self._instance("main")),
            *(Step(0, "make", kind, Key("default", name), self._spec(kind, Key("default", name)))
              for kind in MANAGED for name in NAMES[kind][:2]),
        ]  # fmt: skip
        self._random.shuffle(steps)
        return steps

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _pick(self, *options: Any) -> Any:
        return self._random.choice(options)

    def _pause(self) -> float:
        """Mostly in the middle of what the last step began; sometimes long after it."""
        return round(self._pick(0.0, *(self._random.uniform(0, most) for most in (0.02, 0.2, 2, 20, 90))), 3)

    def _key(self, kind: Kind) -> Key:
        return Key(self._namespace_name(), self._pick(*NAMES[kind]))

    def _namespace_name(self) -> str:
        return "default" if self._chance(0.8) else "team"

    def _any_kind(self) -> Kind:
        kinds = (DATABASE_INSTANCE, DATABASE_CLUSTER, *MANAGED)
        return self._random.choices(kinds, (2, 1, 4, 4, 4))[0]

    def _make(self) -> Step:
        kind = self._any_kind()
        key = self._key(kind)
        return Step(self._pause(), "make", kind, key, self._spec(kind, key))

    def _change(self) -> Step:
        """Some fields of the spec; those that cannot change are left out."""
        kind = self._any_kind()
        key = self._key(kind)
        spec = self._spec(kind, key)
        fields = [name for name in spec if name not in ("instanceRef", "name", "username", "userRef", "engine")]
        kept = self._random.sample(fields, self._random.randint(1, len(fields))) if fields else []
        return Step(self._pause(), "change", kind, key, {name: spec[name] for name in kept})

    def _annotate(self) -> Step:
        kind = self._any_kind()
        name, value = self._pick(
            ("paused", "true"), ("paused", None), ("paused", None), ("reconcile-at", str(self._random.random())),
            ("allow-destructive", "true"), ("allow-destructive", None),
        )  # fmt: skip
        return Step(self._pause(), "annotate", kind, self._key(kind), {f"dbaas.io/{name}": value})

    def _delete(self) -> Step:
        kind = self._any_kind()
        return Step(self._pause(), "delete", kind, self._key(kind))

    def _secret(self) -> Step:
        namespace = self._namespace_name()
        match self._random.randrange(4):
            case 0:
                name = f"{self._pick(*INSTANCES)}-admin"
                return self._give_login(Key(namespace, name), self._pick("admin", "admin", "wrong"))
            case 1:
                return self._give_login(Key(namespace, self._pick(*GIVEN)), f"word-{self._random.randrange(3)}")
            case 2:
                return Step(self._pause(), "delete", SECRET, Key(namespace, f"{self._pick(*USERS)}-credentials"))
            case _:
                names = [f"{self._pick(*INSTANCES)}-admin", *GIVEN, f"{self._pick(*CLUSTERS)}-credentials"]
                return Step(self._pause(), "delete", SECRET, Key(namespace, self._pick(*names)))

    def _give_login(self, key: Key, password: str) -> Step:
        return Step(self._pause(), "give", SECRET, key, {"username": "root", "password": password})

    def _namespace(self) -> Step:
        return Step(self._pause(), self._pick("make namespace", "make namespace", "delete namespace"))

    def _tamper(self) -> Step:
        verb = self._pick("drop base", "drop role", "add role", "change owner", "change password", "revoke", "add base",
                          "drop schema", "grant more")  # fmt: skip
        values = {"host": self._pick(*HOSTS), "base": self._pick(*DATABASES), "role": self._pick(*USERS),
                  "other": self._pick(*USERS)}  # fmt: skip
        return Step(self._pause(), f"behind our back: {verb}", values=values)

    def _fault(self) -> Step:
        name = self._pick(*self._faults, *("forget history" for _ in range(3)))
        return Step(self._pause(), name, values=self._fault_values(name))

    def _fault_values(self, name: str) -> Mapping[str, Any]:
        seconds, few = round(self._random.uniform(0.1, 120), 1), self._random.randint(1, 4)
        match name:
            case "weather":
                return {"refused": self._pick(0, 0.1, 0.5), "unsent": self._pick(0, 0.2), "seconds": seconds / 4,
                        "lost": self._pick(0, 0.1, 0.4), "hung": self._pick(0, 0.02)}  # fmt: skip
            case "cut watches":
                return {"code": self._pick(0, 410, 500)}
            case "mute watches":
                return {"seconds": seconds / 4}
            case "streams are in disorder":
                return {"delayed": self._pick(0, 0.3), "repeated": self._pick(0, 0.5), "stale": self._pick(0, 0.2),
                        "cut": self._pick(0, 0.1), "seconds": seconds}  # fmt: skip
            case "the API restarts":
                return {"seconds": self._pick(0.0, 3.0, seconds / 4)}
            case "forget history":
                return {}
        values = {"host": self._pick(*HOSTS)}
        match name:
            case "server restarts":
                return values
            case "server is slow":
                return {**values, "seconds": seconds, "slowness": self._pick(10, 200)}
            case "statements fail" | "answers of statements get lost":
                return {**values, "count": few}
            case _:
                return {**values, "seconds": seconds}

    def _crash(self) -> Step:
        if self._chance(0.2):
            return Step(self._pause(), "restart politely", values={"seconds": round(self._random.uniform(0, 20), 2)})
        values = {"left": self._pick(0, 0, *range(1, 12)), "after": self._chance(0.5)}
        return Step(self._pause(), "crash", values={**values, "seconds": round(self._random.uniform(0, 20), 2)})

    def _spec(self, kind: Kind, key: Key) -> dict[str, Any]:
        match kind.kind:
            case DATABASE_INSTANCE.kind:
                return self._instance(key.name)
            case DATABASE_CLUSTER.kind:
                return {"engine": {"type": "basalt", "version": "7"}, "clusterSize": 1, **self._ending(0.5),
                        **self._consent()}  # fmt: skip
            case DATABASE_USER.kind:
                return self._user()
            case DATABASE.kind:
                return self._database(key.name)
            case _:
                return self._grant()

    def _instance(self, name: str) -> dict[str, Any]:
        connection = {"host": self._pick(*HOSTS), "port": 7000, "secretRef": {"name": f"{name}-admin"}}
        policy = {"mode": self._pick("detect", "correct", "correct", "ignore"), "interval": self._pick("10s", "1m")}
        return {"engine": "basalt", "connection": connection, "driftPolicy": policy,
                "maxConnections": self._pick(1, 2, 5), **self._consent()}  # fmt: skip

    def _consent(self) -> dict[str, Any]:
        return {"allowedNamespaces": self._pick(["*"], ["*"], ["team"], [])}

    def _ending(self, protected: float) -> dict[str, Any]:
        return {"deletionPolicy": self._pick("Delete", "Retain"), "deletionProtection": self._chance(protected)}

    def _on(self) -> dict[str, Any]:
        reference: dict[str, Any] = {"name": self._pick("main", "main", "main", "side", "own")}
        if reference["name"] == "own" or self._chance(0.1):
            reference["kind"] = "DatabaseCluster"
        return {"instanceRef": reference | self._elsewhere()}

    def _elsewhere(self) -> dict[str, Any]:
        return {"namespace": self._pick(*NAMESPACES)} if self._chance(0.25) else {}

    def _drift(self) -> dict[str, Any]:
        if self._chance(0.7):
            return {}
        mode = self._pick("detect", "correct", "ignore")
        return {"driftPolicy": {"mode": mode, "interval": self._pick("10s", "1m")}}

    def _database(self, name: str) -> dict[str, Any]:
        """Names of schemas begin with that of the database, so that each is in one."""
        real = self._pick(*DATABASES) if self._chance(0.3) else None
        names = self._random.sample(("a", "b", "c"), self._random.randint(0, 3))
        schemas = [f"{real or name}-{schema}" for schema in names]
        owner = {"owner": self._pick(*USERS)} if self._chance(0.6) else {}
        return {**self._on(), **({"name": real} if real else {}), **owner, **self._ending(0.3), **self._drift(),
                **self._consent(), "basalt": {"schemas": schemas}}  # fmt: skip

    def _user(self) -> dict[str, Any]:
        spec: dict[str, Any] = {**self._on(), **self._drift(), **self._consent()}
        spec["deletionPolicy"] = self._pick("Delete", "Delete", "Retain")
        if self._chance(0.3):
            spec["username"] = self._pick(*USERS)
        if self._chance(0.3):
            spec["databaseRef"] = {"name": self._pick(*DATABASES)} | self._elsewhere()
        if self._chance(0.25):
            spec["existingPasswordSecret"] = {"name": self._pick(*GIVEN), "key": "password"}
        return spec

    def _grant(self) -> dict[str, Any]:
        database = self._pick(*DATABASES)
        items = [
            {"on": "table", "schema": f"{database}-{self._pick('a', 'b')}",
             "privileges": self._random.sample(WORDS, self._random.randint(1, 2))}
            for _ in range(self._random.randint(1, 2))
        ]  # fmt: skip
        user, base = {"name": self._pick(*USERS)} | self._elsewhere(), {"name": database} | self._elsewhere()
        return {"userRef": user, "databaseRef": base, "privileges": items, **self._drift()}
