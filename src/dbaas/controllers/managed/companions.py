"""Objects that one of ours brings along, as its children: made before it is applied, gone before or with it.

They are ordinary objects, so that everything that holds for those (plans, drift, tenancy, passwords) holds for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.database import DATABASE, DatabaseStatus
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.references import OnServer
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import Client
from dbaas.contracts.companions import Companion
from dbaas.contracts.engine import Engine
from dbaas.contracts.reconcile import Outcome, Refused
from dbaas.controllers.finalizers import let_go
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.tokens import depends_on
from dbaas.manifests.metadata import build_metadata, is_controlled_by

COMPANION_KINDS: Mapping[str, Kind] = {kind.kind: kind for kind in (DATABASE_ROLE, DATABASE_USER, DATABASE_GRANT)}


class CompanionsStep:
    """Makes what is missing, puts right what differs, deletes what is not asked for any more."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def settle(self, subject: Subject, engine: Engine) -> tuple[str, ...]:
        """Their names, as the status keeps them. Raises Refused where a name is taken."""
        describe = engine.companions.get(subject.kind.kind.kind)
        wanted = describe(subject.spec, subject.resource.metadata.name) if describe is not None else ()
        for companion in wanted:
            await self._apply(subject, companion)
        names = tuple(sorted(f"{companion.kind}/{companion.name}" for companion in wanted))
        for name in sorted(set(read_companions(subject)) - set(names)):
            await self._delete(await self._find(subject, name))
        return names

    async def release(self, subject: Subject, *, keeps: bool) -> None:
        """Before the end of an object: the grants that come with it hold it. `keeps`: what they gave stays."""
        resource = subject.resource
        if resource.kind != DATABASE:
            return
        for child in await self._client.list(DATABASE_GRANT, token=depends_on(DATABASE, resource.key)):
            if is_controlled_by(child, resource):
                if keeps:
                    await let_go(self._client, child)
                await self._delete(child)

    async def _apply(self, subject: Subject, companion: Companion) -> None:
        key = Key(subject.resource.metadata.namespace, companion.name)
        found = await self._client.get(companion.kind, key)
        if found is not None and not is_controlled_by(found, subject.resource):
            raise Refused(
                "NameTaken", f"{companion.kind} {key} exists and does not belong to {subject.resource}, which brings "
                "one of that name along: delete it, or write what it should be yourself",
            )  # fmt: skip
        body = {
            "apiVersion": companion.kind.api_version,
            "kind": companion.kind.kind,
            "metadata": build_metadata(companion.name, subject.resource, {}),
            "spec": {**_server(subject, companion.kind), **_drift_policy(subject), **companion.spec},
        }
        await self._client.apply(companion.kind, body)

    async def _delete(self, child: Resource | None) -> None:
        if child is not None and not child.metadata.is_deleting:
            await self._client.delete(child.kind, child.key, uid=child.metadata.uid)

    async def _find(self, subject: Subject, name: str) -> Resource | None:
        """None where it is not there, or not ours."""
        kind, _, own = name.partition("/")
        if kind not in COMPANION_KINDS:
            return None
        found = await self._client.get(COMPANION_KINDS[kind], Key(subject.resource.metadata.namespace, own))
        return found if found is not None and is_controlled_by(found, subject.resource) else None


def read_companions(subject: Subject) -> Sequence[str]:
    """As the status knows them."""
    return subject.status.companions if isinstance(subject.status, DatabaseStatus) else ()


def with_companions(outcome: Outcome, names: Sequence[str]) -> Outcome:
    """The status with the names of what came along."""
    if not names:
        return outcome
    return Outcome(
        outcome.conditions, {**outcome.status, "companions": list(names)}, outcome.phase, outcome.message,
        outcome.requeue_after, outcome.gone,
    )  # fmt: skip


def _server(subject: Subject, kind: Kind) -> dict[str, Any]:
    spec = subject.spec
    if kind == DATABASE_GRANT or not isinstance(spec, OnServer):
        return {}
    return spec.model_dump(by_alias=True, exclude_none=True, include={"instance_ref", "cluster_instance_ref"})


def _drift_policy(subject: Subject) -> dict[str, Any]:
    policy = subject.drift_policy
    return {"driftPolicy": policy.model_dump(by_alias=True)} if policy is not None else {}
