"""Random requests of every verb and kind, right and wrong ones, get the same answers from both servers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from conformance.kubernetes_api.random_requests import Ask, Draw
from conformance.kubernetes_api.random_values import KINDS, OWNER
from conformance.kubernetes_api.specimens import DEFINITION
from fixtures.control_plane import Answer, Api, open_embedded, open_kube

STEPS = 60
SEEDS = 4
VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "managedFields", "namespace")
_WARNING = re.compile(r'299 - ("(?:\\.|[^"\\])*")')
_WHOLE = re.compile(r'^(Invalid value: )(?:"(?:\{|map\[)(?:\\.|[^"\\])*": |"": |\{.*\}: )', re.DOTALL)
_UNREAD = re.compile(
    r"(strict decoding error|json: cannot unmarshal|error decoding from json|cannot convert|cannot restore"
    r"|unrecognized type|illegal base64).*"
)
_OWN = re.compile(r"\bt-[0-9a-f]{8}\b|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}")


class Server:
    """One of the two, with what it last answered of each object."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._live: dict[str, Any] = {}
        self._owner = ""

    async def prepare(self) -> None:
        """An object that others may belong to."""
        owner = await self._api.post(self._api.collection("configmaps"), {"metadata": {"name": "owner"}})
        self._owner = owner.body["metadata"]["uid"]

    async def send(self, ask: Ask) -> Answer:
        collection = self._api.collection(ask.kind.plural, ask.kind.group)
        path = f"{collection}/{ask.name}" + (f"/{ask.subresource}" if ask.subresource else "")
        body = orjson.loads(orjson.dumps(ask.body).replace(OWNER.encode(), self._owner.encode()))
        match ask.verb:
            case "get":
                answer = await self._api.get(path)
            case "create":
                answer = await self._api.post(collection, body, **ask.query)
            case "delete":
                answer = await self._api.delete(path, body, **ask.query)
            case "replace":
                version = self._live.get(path.removesuffix("/status"), {}).get("resourceVersion")
                if version and isinstance(body.get("metadata"), dict):
                    body["metadata"]["resourceVersion"] = version
                answer = await self._api.put(path, body, **ask.query)
            case kind:
                answer = await self._api.patch(path, body, kind, **ask.query)
        if answer.status < 300 and "metadata" in answer.body:
            self._live[f"{collection}/{ask.name}"] = answer.body["metadata"]
        return answer

    async def clear(self, ask: Ask) -> None:
        """Takes an object away, whatever holds it: what comes next begins anew on both servers."""
        path = f"{self._api.collection(ask.kind.plural, ask.kind.group)}/{ask.name}"
        await self._api.patch(path, {"metadata": {"finalizers": None}})
        await self._api.delete(path, {"gracePeriodSeconds": 0, "propagationPolicy": "Background"})
        self._live.pop(path, None)


@pytest_asyncio.fixture
async def both(kube_state: Path) -> AsyncIterator[tuple[Server, Server]]:
    async with open_embedded() as ours, open_kube(kube_state) as theirs:
        for api in (ours, theirs):
            api.namespace = f"t-{ours.suffix}"
            assert (await api.post("/api/v1/namespaces", {"metadata": {"name": api.namespace}})).status == 201
            await api.define(DEFINITION)
        servers = Server(ours), Server(theirs)
        for server in servers:
            await server.prepare()
        yield servers


def waits_for_a_collector(deletion: dict[str, Any]) -> bool:
    """Whether something must still happen to those that belong to the object, which only one of the two will do."""
    return deletion.get("propagationPolicy") in ("Foreground", "Orphan") or bool(deletion.get("orphanDependents"))


def comparable(answer: Answer) -> Any:
    """All but what cannot be the same: versions, times, uids, names of namespaces, addresses that are given out."""
    warnings = set(_WARNING.findall(answer.headers["warning"]))
    if answer.status >= 400:
        details = answer.body.get("details") or {} if isinstance(answer.body, dict) else {}
        causes = {(each.get("field", ""), _without_object(each["message"])) for each in details.get("causes", ())}
        return answer.status, _plain(sorted(causes)), sorted(warnings)
    return answer.status, _plain(_stripped(answer.body)), sorted(warnings)


def _without_object(message: str) -> str:
    """kube-apiserver shows the whole object that a patch would make, and says in many ways that it cannot be read."""
    message = message.partition("\n")[0]
    before, supported, values = message.partition("supported values: ")
    message = before + supported + ", ".join(sorted(values.split(", ")))
    return _UNREAD.sub("cannot be read", _WHOLE.sub(r"\1", message))


def _stripped(body: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: each for key, each in (body.get("metadata") or {}).items() if key not in VOLATILE}
    managers = (body.get("metadata") or {}).get("managedFields") or []
    owned = [[each.get(key) for key in ("manager", "operation", "subresource", "fieldsV1")] for each in managers]
    # Kubernetes writes some lists of its own kinds as null where they are empty.
    body = {key: each for key, each in body.items() if each not in (None, [])}
    return {**body, "metadata": {**metadata, "managers": sorted(owned, key=repr)}}


def _plain(value: Any) -> Any:
    """Without uids and names of namespaces in any text."""
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return _OWN.sub("*", value) if isinstance(value, str) else value


@pytest.mark.slow
@pytest.mark.kube_apiserver
@pytest.mark.parametrize("plural", [kind.plural for kind in KINDS])
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_random_requests_get_the_same_answers(both: tuple[Server, Server], plural: str, seed: int) -> None:
    for number, ask in enumerate(Draw(seed, plural).asks(STEPS)):
        ours, theirs = [comparable(await server.send(ask)) for server in both]
        assert ours == theirs, f"request {number}: {ask}"
        if ask.verb == "delete" and waits_for_a_collector(ask.body):
            for server in both:
                await server.clear(ask)
