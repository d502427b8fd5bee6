"""The rules of our kinds say the same word for word where our own API server asks them and where a real one does."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from dbaas.admission import RuleAdmission
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION, VALIDATING_WEBHOOK_CONFIGURATION
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.kinds import DEFINITIONS
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.client import ApiError, NotFound
from dbaas.contracts.registry import find_registry
from dbaas.core.certificates import issue_certificate, make_authority
from dbaas.core.clock import LoopClock, SystemClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from dbaas.kube.verbs import RestClient, Writing
from dbaas.server.webhooks import PATH, Webhooks
from fixtures.definitions import built_crd
from fixtures.grounds import WORLD, SharedCluster

HOOK = "rules.dbaas.io"
# what each server says around the words of a rule: who has refused the write
FRAME = re.compile(rf'admission webhook "{re.escape(HOOK)}" denied the request: |\w+\.dbaas\.io "[^"]+" is invalid: ')
HERE = {"instanceRef": {"name": "main"}}
REGISTRY = find_registry()
NOTHING = ("", 0, "", ())
Told = tuple[str, int, str, tuple[tuple[str, str], ...]]


@dataclass
class Side:
    """One of the two. What it says of a write is its message, code, reason and causes; with warnings in `warnings`."""

    rest: RestClient
    namespace: str
    warnings: list[str] = field(default_factory=list)

    async def find(self, kind: Kind, key: Key) -> Resource | None:
        try:
            return await self.rest.get(kind, key)
        except NotFound:
            return None

    async def make(self, kind: Kind, name: str, spec: Mapping[str, Any]) -> Told:
        metadata = {"name": name, "namespace": self.namespace}
        body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
        try:
            await self.rest.create(kind, body)
        except ApiError as error:
            return self._tell(error)
        return NOTHING

    async def change(self, kind: Kind, name: str, spec: Mapping[str, Any]) -> Told:
        try:
            await self.rest.patch(kind, Key(self.namespace, name), {"spec": spec})
        except ApiError as error:
            return self._tell(error)
        return NOTHING

    def _tell(self, error: ApiError) -> Told:
        message = FRAME.sub("", error.message)
        return message.replace(self.namespace, "NS"), error.code, error.reason, tuple(error.causes)


@asynccontextmanager
async def our_side() -> AsyncIterator[Side]:
    clock, warnings = LoopClock(), list[str]()

    async def find(kind: Kind, key: Key) -> Resource | None:
        return await side.find(kind, key)

    admission = RuleAdmission(REGISTRY, find)
    api = ApiServer(None, clock, SeededRandomness(1), InlineOffload(), admission)
    side = Side(RestClient(api, Writing("user", validation="Strict", warn=warnings.append)), "default", warnings)
    await api.start()
    try:
        for definition in DEFINITIONS:
            body = built_crd(definition, REGISTRY.blocks(definition.kind.kind))
            await side.rest.create(CUSTOM_RESOURCE_DEFINITION, body)
        yield side
    finally:
        await api.stop()


@asynccontextmanager
async def their_side(state: Path) -> AsyncIterator[Side]:
    """Only what is made here is reviewed by us, and seen: others have their webhooks and catalogues beside it."""
    warnings: list[str] = []

    async def find(kind: Kind, key: Key) -> Resource | None:
        return await side.find(kind, key) if key.namespace else None

    async with SharedCluster(state).open(REGISTRY) as plane:
        writing = Writing("user", validation="Strict", warn=warnings.append)
        side = Side(RestClient(plane.transport, writing), plane.named("default"), warnings)
        now = plane.sources.clock.now()
        authority = make_authority("tests", now, timedelta(days=1))
        webhooks = Webhooks(RuleAdmission(REGISTRY, find), SystemClock(), CollectorRegistry())
        webhooks.show(issue_certificate(authority, ["127.0.0.1"], now, timedelta(days=1)))
        await webhooks.start("127.0.0.1", 0)
        key = Key("", f"reviews{plane.suffix}")
        try:
            url = f"https://127.0.0.1:{webhooks.port}{PATH}"
            await side.rest.create(
                VALIDATING_WEBHOOK_CONFIGURATION, configure(key, plane.suffix, url, authority.certificate)
            )
            while await side.make(DATABASE_CLUSTER, "try", {"engine": {"type": "no-such"}}) == NOTHING:
                await side.rest.delete(DATABASE_CLUSTER, Key(side.namespace, "try"))  # it does not ask us yet
            yield side
        finally:
            await side.rest.delete(VALIDATING_WEBHOOK_CONFIGURATION, key)
            await webhooks.close()


def configure(key: Key, suffix: str, url: str, authority: str) -> dict[str, Any]:
    """As for a cluster, but that writes fail where we do not answer."""
    rule = {"apiGroups": ["dbaas.io"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["*"]}
    return {
        "apiVersion": VALIDATING_WEBHOOK_CONFIGURATION.api_version,
        "kind": VALIDATING_WEBHOOK_CONFIGURATION.kind,
        "metadata": {"name": key.name},
        "webhooks": [
            {
                "name": HOOK,
                "clientConfig": {"url": url, "caBundle": base64.b64encode(authority.encode()).decode()},
                "rules": [rule],
                "namespaceSelector": {"matchLabels": {WORLD: suffix.removeprefix("-")}},
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "timeoutSeconds": 30,
            }
        ],
    }


async def tell_the_story(side: Side) -> dict[str, Told]:
    """What it says of each write, in turn."""
    login = {"host": "db", "port": 5432, "secretRef": {"name": "admin"}}
    entry = {"on": "table", "schema": "sales", "names": ["*"], "privileges": ["SELEKT"]}
    return {
        "a server": await side.make(DATABASE_INSTANCE, "main", {"engine": "postgres", "connection": login}),
        "an unknown engine": await side.make(DATABASE_INSTANCE, "odd", {"engine": "oracel", "connection": login}),
        "a database": await side.make(DATABASE, "shop", {**HERE, "name": "shop"}),
        "what is not built": await side.make(DATABASE, "other", {**HERE, "deletionPolicy": "Snapshot"}),
        "a field that is not there": await side.make(DATABASE, "other", {**HERE, "onwer": "x"}),
        "what the schema forbids": await side.make(DATABASE, "other", {**HERE, "deletionPolicy": "Perhaps"}),
        "what must stay": await side.change(DATABASE, "shop", {"name": "another"}),
        "a user": await side.make(DATABASE_USER, "app", {**HERE, "username": "app"}),
        "a system login": await side.make(DATABASE_USER, "root", {**HERE, "username": "pg_monitor"}),
        "two things at once": await side.make(
            DATABASE_USER, "two", {**HERE, "username": "pg_x", "serverPrivileges": ["FLY"]}
        ),
        "a privilege that is none": await side.make(
            DATABASE_GRANT, "g", {"userRef": {"name": "app"}, "databaseRef": {"name": "shop"}, "privileges": [entry]}
        ),
        "a change that is fine": await side.change(DATABASE, "shop", {"deletionProtection": False}),
        "a cluster of an engine that is none": await side.make(
            DATABASE_CLUSTER, "c", {"engine": {"type": "oracel", "version": "7"}}
        ),
    }


@pytest.mark.kube_apiserver
async def test_both_refuse_the_same_in_the_same_words(managed_kube_state: Path) -> None:
    async with our_side() as ours, their_side(managed_kube_state) as theirs:
        theirs.warnings.clear()
        expected = await tell_the_story(ours)
        wanted = {name: (message.replace("default/", "NS/"), *rest) for name, (message, *rest) in expected.items()}
        told = await tell_the_story(theirs)
        assert {name: (told[name], wanted[name]) for name in told if told[name] != wanted[name]} == {}
        assert theirs.warnings == ours.warnings
    refused = {name for name, told in expected.items() if told != NOTHING}
    assert len(refused) >= 8 and "a database" not in refused, expected
