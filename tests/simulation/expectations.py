"""What must be true of each object once nothing disturbs any more, told from the declarations and the servers alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from simulation.declared import Thing
from simulation.oracle import Oracle
from simulation.servers import StormyServer

DRIFTED = ("DriftDetected", "ImmutableDrift")


class Expectations:
    """Over one moment; `oracle` tells what was changed behind our back."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._declared = oracle.declared()

    def violations(self) -> Iterator[str]:
        for thing in self._declared.ours():
            if not thing.is_paused:
                yield from self._judge_leaving(thing) if thing.is_deleting else self._judge(thing)

    def _judge(self, thing: Thing) -> Iterator[str]:
        status, reason = thing.ready()
        generation = thing.body["metadata"].get("generation")
        if thing.status.get("observedGeneration") != generation:
            seen = thing.status.get("observedGeneration")
            yield f"{thing} has generation {generation}, and nobody has looked at it since {seen}"
            return
        obstacle = self.obstacle(thing) or self._gone_below(thing, unless_ignored=status == "True")
        missing = list(self._oracle.missing(self._declared, thing))
        is_excused = self._is_drift(thing)
        if status == "True" and self._declared.is_unwatched(thing):
            return
        if status == "True" and obstacle:
            yield f"{thing} says Ready ({reason}), but {obstacle}"
        if status == "True" and self._has_lost_secret(thing):
            yield f"{thing} says Ready, but the Secret that it publishes is gone"
        if status == "True" and missing:
            yield f"{thing} says Ready, but {missing[0]}"
        obstacle = obstacle or self._obstacle_of_guest(thing)
        if status != "True" and not obstacle and not (is_excused and missing and reason in DRIFTED):
            why = thing.status.get("message", "")
            yield f"{thing} could be Ready and is not: {reason}: {why} ({'; '.join(missing) or 'nothing is missing'})"

    def _judge_leaving(self, thing: Thing) -> Iterator[str]:
        if thing.is_held and not self._holds(thing):
            yield f"{thing} cannot go: {thing.ready()[1]}: {thing.status.get('message', '')}"

    def obstacle(self, thing: Thing) -> str:
        """Why it cannot be made true; empty where it can."""
        if thing.kind == DATABASE_CLUSTER:
            return self._obstacle_of_cluster(thing)
        if thing.kind == DATABASE_INSTANCE:
            return self._obstacle_of_instance(thing)
        if thing.kind == DATABASE_USER:
            return self._obstacle_of_user(thing)
        if thing.kind == DATABASE:
            return self._obstacle_of_database(thing)
        return self._obstacle_of_grant(thing)

    def server(self, thing: Thing) -> StormyServer | None:
        return self._oracle.servers_of(thing, self._declared)

    def _is_drift(self, thing: Thing) -> bool:
        """Whether it may stay different: seen by policy, or it cannot be put right without consent."""
        server = self.server(thing)
        return server is not None and (self._declared.drift_mode(thing) == "detect" or not thing.allows_destructive)

    def _has_lost_secret(self, thing: Thing) -> bool:
        published = thing.status.get("secret") or {}
        return "name" in published and Key(thing.key.namespace, published["name"]) not in self._declared.all(SECRET)

    def _obstacle_of_cluster(self, cluster: Thing) -> str:
        namespace = cluster.key.namespace
        instance = self._declared.find(DATABASE_INSTANCE, {"name": cluster.key.name}, namespace)
        if instance is not None and _owner(instance) != cluster.body["metadata"]["uid"]:
            return "a DatabaseInstance of that name is somebody else's"
        if instance is not None and (instance.is_deleting or instance.is_paused):
            return "its DatabaseInstance is being deleted, or paused"
        if self._is_foreign(Key(namespace, f"{cluster.key.name}-credentials"), cluster):
            return "a Secret of that name is somebody else's"
        return ""

    def _is_foreign(self, key: Key, cluster: Thing) -> bool:
        found = self._declared.all(SECRET).get(key)
        return (
            found is not None and found.body["metadata"].get("labels", {}).get("dbaas.io/cluster") != cluster.key.name
        )

    def _obstacle_of_instance(self, instance: Thing) -> str:
        server = self.server(instance)
        if server is None or server.is_down:
            return "its server is away"
        username, password = self._declared.login_of(instance)
        if username != "root" or not password:
            return "its Secret is not there"
        if server.password and password != server.password:
            return "its password is wrong"
        return ""

    def _obstacle_on_server(self, thing: Thing) -> str:
        instance = self._declared.instance_of(thing)
        if instance is None:
            return "its DatabaseInstance does not exist"
        reference = thing.spec.get("instanceRef")
        namespace = thing.key.namespace
        if reference is None:
            user = self._declared.user_of(thing)
            namespace = user.key.namespace if user is not None else namespace
        if not self._declared.consents(instance, namespace):
            return f"{instance} does not consent"
        if instance.is_paused and not (_is_connected(instance) and _is_followed(instance)):
            return f"{instance} is paused"
        return self._obstacle_of_instance(instance)

    def _rival(self, thing: Thing) -> str:
        """Of two servers with different addresses nobody knows that they are one until both have been asked."""
        older = [
            other
            for other in self._declared.all(thing.kind).values()
            if other.real_name == thing.real_name and other.seniority < thing.seniority
            and self._oracle.same_server(self._declared.host_of(other), self._declared.host_of(thing))
            and self._was_asked(other, thing)
        ]  # fmt: skip
        return f"{older[0]} is older" if older else ""

    def _was_asked(self, other: Thing, thing: Thing) -> bool:
        its, mine = self._declared.instance_of(other), self._declared.instance_of(thing)
        if its is None or mine is None:
            return False
        identity = its.status.get("identity")
        return its.key == mine.key or (identity is not None and identity == mine.status.get("identity"))

    def _obstacle_of_user(self, user: Thing) -> str:
        if obstacle := self._obstacle_on_server(user) or self._rival(user):
            return obstacle
        spec, namespace = user.spec, user.key.namespace
        given = spec.get("existingPasswordSecret")
        if given and not self._declared.secret(Key(namespace, given["name"])).get(given["key"]):
            return "the Secret with its password is not there"
        published = self._declared.all(SECRET).get(Key(namespace, f"{user.key.name}-credentials"))
        if published is not None and _owner(published) != user.body["metadata"]["uid"]:
            return "a Secret of that name is somebody else's"
        if spec.get("databaseRef"):
            database = self._declared.find(DATABASE, spec["databaseRef"], namespace)
            return self._obstacle_of_reference(database, user) or self._obstacle_of_other_server(database, user)
        return ""

    def _obstacle_of_reference(self, target: Thing | None, thing: Thing) -> str:
        if target is None:
            return "what it refers to does not exist"
        if not self._declared.consents(target, thing.key.namespace):
            return f"{target} does not consent"
        if target.ready()[1] == "AlreadyManaged" or self._rival(target):
            return f"{target} does not have what it stands for"
        return ""

    def _obstacle_of_other_server(self, database: Thing | None, thing: Thing) -> str:
        if database is None:
            return ""
        mine, its = self._declared.instance_of(thing), self._declared.instance_of(database)
        return (
            "" if mine is not None and its is not None and mine.key == its.key else f"{database} is on another server"
        )

    def _obstacle_of_database(self, database: Thing) -> str:
        if obstacle := self._obstacle_on_server(database) or self._rival(database):
            return obstacle
        return ""

    def _obstacle_of_grant(self, grant: Thing) -> str:
        user = self._declared.user_of(grant)
        database = self._declared.find(DATABASE, grant.spec["databaseRef"], grant.key.namespace)
        for target in (user, database):
            if obstacle := self._obstacle_of_reference(target, grant):
                return obstacle
            if target is not None and not target.status.get("applied"):
                return f"{target} has not been applied"
        if obstacle := self._obstacle_on_server(grant) or self._obstacle_of_other_server(database, grant):
            return obstacle
        return ""

    def _obstacle_of_guest(self, thing: Thing) -> str:
        """Why a server of another namespace does not let it: it would take what is not its own, or act for it."""
        instance, server = self._declared.instance_of(thing), self.server(thing)
        if instance is None or server is None or instance.key.namespace == thing.key.namespace:
            return ""
        taken = thing.status.get("taken") or ()
        there: Collection[str] = {DATABASE: server.bases, DATABASE_USER: server.roles}.get(thing.kind, ())
        if thing.real_name in there and not any(each.endswith(f"/{thing.real_name}") for each in taken):
            return f"{thing.real_name!r} was there before it"
        for what, name in self._made_on(thing):
            kind = DATABASE_USER if what == "role" else DATABASE
            if not any(self._has(other, name, thing) for other in self._declared.all(kind).values()):
                return f"{what} {name!r} belongs to others"
        return ""

    def _has(self, other: Thing, name: str, thing: Thing) -> bool:
        """Whether another object of the same namespace stands for that name on the same server, and has it."""
        is_there = self._oracle.same_server(self._declared.host_of(other), self._declared.host_of(thing))
        return (
            other.key.namespace == thing.key.namespace and other.real_name == name and is_there
            and bool(other.status.get("applied"))
        )  # fmt: skip

    def _gone_below(self, thing: Thing, *, unless_ignored: bool) -> str:
        """What it is made on and the server does not have; without what went behind our back and shall not be told."""
        server = self.server(thing)
        if server is None:
            return ""
        ignores = unless_ignored and self._declared.drift_mode(thing) == "ignore"
        for what, name in self._made_on(thing):
            there = server.roles if what == "role" else server.bases
            if name not in there and not (ignores and self._oracle.was_touched(server, what, name, thing)):
                return f"{what} {name!r} is not on the server"
        return ""

    def _made_on(self, thing: Thing) -> Iterator[tuple[str, str]]:
        if thing.kind == DATABASE and thing.spec.get("owner"):
            yield "role", thing.spec["owner"]
        if thing.kind == DATABASE_GRANT:
            user = self._declared.user_of(thing)
            database = self._declared.find(DATABASE, thing.spec["databaseRef"], thing.key.namespace)
            yield from (("role", user.real_name),) if user is not None else ()
            yield from (("base", database.real_name),) if database is not None else ()

    def _holds(self, thing: Thing) -> str:
        """Why a deletion may have to wait for people; empty where nothing should hold it."""
        spec, declared = thing.spec, self._declared
        destroys = thing.kind in (DATABASE, DATABASE_CLUSTER) and spec.get("deletionPolicy") == "Delete"
        if destroys and spec.get("deletionProtection") and not declared.namespace_is_going(thing.key.namespace):
            return "it is protected"
        for other in declared.ours():
            if other.kind == DATABASE_GRANT and thing.kind in (DATABASE, DATABASE_USER):
                reference = other.spec["userRef" if thing.kind == DATABASE_USER else "databaseRef"]
                if declared.find(thing.kind, reference, other.key.namespace) == thing:
                    return f"{other} depends on it"
            if thing.kind in (DATABASE_INSTANCE, DATABASE_CLUSTER) and other.kind in (DATABASE, DATABASE_USER):
                reference = other.spec["instanceRef"]
                if Key(reference.get("namespace") or other.key.namespace, reference["name"]) == thing.key:
                    return f"{other} lives on it"
        instance = declared.instance_of(thing)
        if instance is not None and instance.is_paused and not _is_followed(instance):
            return f"{instance} is paused, and may lead to another server than it did"
        server = self.server(thing) if thing.kind == DATABASE_USER else None
        if server is not None and any(base.owner == thing.real_name for base in server.bases.values()):
            return "its role owns a database"
        return ""


def _owner(thing: Thing) -> str:
    return next((str(o["uid"]) for o in thing.body["metadata"].get("ownerReferences", ()) if o.get("controller")), "")


def _is_connected(instance: Thing) -> bool:
    return any(c["type"] == "Connected" and c["status"] == "True" for c in instance.status.get("conditions", ()))


def _is_followed(instance: Thing) -> bool:
    """Whether somebody has looked at it since it was changed last."""
    return bool(instance.status.get("observedGeneration") == instance.body["metadata"].get("generation"))
