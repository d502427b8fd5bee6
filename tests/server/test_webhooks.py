"""Tests of `server.webhooks`, by a real API server that asks it and by clients that misbehave."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from dbaas.contracts.admission import Review, Verdict, Violation
from dbaas.contracts.transport import TransportError
from dbaas.core.certificates import issue_certificate
from dbaas.core.clock import SystemClock
from dbaas.server.identity import Identity, renew
from dbaas.server.metrics import PortInUse
from dbaas.server.webhooks import PATH, Webhooks
from fixtures.control_plane import Api

Rule = Callable[[Review], Awaitable[Verdict]]


class _Rules:
    """Implements `contracts.admission.Admission`."""

    def __init__(self, rule: Rule) -> None:
        self.review = rule


async def _refuse_bad(review: Review) -> Verdict:
    bad = (review.new or {}).get("data", {}).get("is") == "bad"
    return Verdict((Violation("data.is", "must be good"),) if bad else (), ("be careful",))


def _identity() -> Identity:
    """Of a service whose names are of no account here: clients are told whom to expect."""
    return renew(None, "hooks", "ns", SystemClock().now())


@asynccontextmanager
async def _serving(rule: Rule = _refuse_bad, identity: Identity | None = None) -> AsyncIterator[Webhooks]:
    webhooks = Webhooks(_Rules(rule), SystemClock(), CollectorRegistry())
    webhooks.show((identity or _identity()).pair)
    await webhooks.start("127.0.0.1", 0)
    try:
        yield webhooks
    finally:
        await webhooks.close()


async def _post(webhooks: Webhooks, identity: Identity, body: bytes) -> tuple[int, str]:
    trusting, url = ssl.create_default_context(cadata=identity.bundle), f"https://127.0.0.1:{webhooks.port}{PATH}"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=io.BytesIO(body), ssl=trusting, server_hostname="hooks.ns.svc") as response,
    ):
        return response.status, await response.text()


def _review(**new: Any) -> bytes:
    request = {"uid": "u", "operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": "ConfigMap"}}
    body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request | {"object": new}}
    return json.dumps(body).encode()


async def test_a_review_is_answered_over_tls() -> None:
    identity = _identity()
    async with _serving(identity=identity) as webhooks:
        status, text = await _post(webhooks, identity, _review(data={"is": "bad"}))
        assert status == 200
        assert json.loads(text)["response"]["allowed"] is False
        assert (await _post(webhooks, identity, b"x"))[0] == 400
        assert (await _post(webhooks, identity, b" " * 9 * 2**20))[0] == 413


async def test_a_new_certificate_counts_for_new_connections() -> None:
    first, second = _identity(), _identity()
    async with _serving(identity=first) as webhooks:
        webhooks.show(second.pair)
        assert (await _post(webhooks, second, _review()))[0] == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await _post(webhooks, first, _review())


async def test_rules_that_cannot_look_are_a_failure_and_no_verdict() -> None:
    async def fail(_: Review) -> Verdict:
        raise TransportError("the API is away")

    identity = _identity()
    async with _serving(fail, identity) as webhooks:
        assert await _post(webhooks, identity, _review()) == (503, "cannot review ConfigMap: the API is away")


async def test_it_says_what_it_waits_for() -> None:
    webhooks = Webhooks(_Rules(_refuse_bad), SystemClock(), CollectorRegistry())
    assert webhooks.unready() == ["the webhooks have no certificate"]
    webhooks.show(_identity().pair)
    assert webhooks.unready() == ["the webhooks do not listen"]
    await webhooks.start("127.0.0.1", 0)
    assert webhooks.unready() == []
    await webhooks.close()


async def test_a_port_that_is_taken_is_a_clear_error() -> None:
    async with _serving() as webhooks:
        second = Webhooks(_Rules(_refuse_bad), SystemClock(), CollectorRegistry())
        with pytest.raises(PortInUse, match="cannot serve webhooks"):
            await second.start("127.0.0.1", webhooks.port)


def _configuration(api: Api, url: str, bundle: str) -> dict[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
    return {
        "metadata": {"name": f"hooks-{api.suffix}"},
        "webhooks": [
            {
                "name": "rules.dbaas.io",
                "clientConfig": {"url": url, "caBundle": base64.b64encode(bundle.encode()).decode()},
                "rules": [rule],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": api.namespace}},
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }


@pytest.mark.kube_apiserver
@pytest.mark.parametrize("api", ["kube"], indirect=True)
async def test_a_real_api_server_asks_and_tells_its_client_what_is_wrong(api: Api) -> None:
    now = SystemClock().now()
    ours = _identity()
    pair = issue_certificate(ours.authority, ["127.0.0.1"], now, timedelta(days=1))
    identity = Identity(ours.authority, ours.authorities, pair)
    place = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    async with _serving(identity=identity) as webhooks:
        url = f"https://127.0.0.1:{webhooks.port}{PATH}"
        assert (await api.post(place, _configuration(api, url, identity.bundle))).status == 201
        maps = f"/api/v1/namespaces/{api.namespace}/configmaps"
        try:
            await _until_asked(api, maps)
            answer = await api.post(maps, {"metadata": {"name": "a"}, "data": {"is": "bad"}})
            assert answer.status == 422
            assert answer.body["message"] == (
                'admission webhook "rules.dbaas.io" denied the request: data.is: must be good'
            )
            causes = [{"reason": "FieldValueInvalid", "message": "must be good", "field": "data.is"}]
            assert answer.body["details"]["causes"] == causes
            assert (await api.post(maps, {"metadata": {"name": "b"}, "data": {"is": "good"}})).status == 201
            assert (await api.delete(f"{maps}/b")).status == 200
        finally:
            await api.delete(f"{place}/hooks-{api.suffix}")


async def _until_asked(api: Api, maps: str) -> None:
    """The server learns of a configuration a moment after it was made."""
    async with asyncio.timeout(10):
        while (await api.post(maps, {"metadata": {"generateName": "try-"}, "data": {"is": "bad"}})).status == 201:
            pass
