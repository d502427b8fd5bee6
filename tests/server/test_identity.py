"""Tests of `server.identity`; what is shared is shared through a real API server."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaas.api.core import SECRET, VALIDATING_WEBHOOK_CONFIGURATION
from dbaas.api.resource import Key
from dbaas.core.certificates import is_over, serves
from dbaas.core.clock import SystemClock
from dbaas.core.key_pair import KeyPair
from dbaas.core.secrets import Secret
from dbaas.kube.http import HttpTransport
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.verbs import RestClient
from dbaas.server.identity import MountedIdentity, SharedIdentity, read_identity, renew, write_identity
from fixtures.control_plane import Api

NOW = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = ["hooks.ns.svc", "hooks.ns.svc.cluster.local", "hooks.ns"]


def _days(count: float) -> datetime:
    return NOW + timedelta(days=count)


def test_the_first_has_an_authority_and_a_pair_for_the_names_of_the_service() -> None:
    made = renew(None, "hooks", "ns", NOW)
    assert made.authorities == (made.authority.certificate,)
    assert serves(made.pair, made.authority.certificate, NAMES)
    assert read_identity(write_identity(made)) == made


def test_what_is_not_due_is_held_and_the_pair_is_made_anew_before_its_authority() -> None:
    first = renew(None, "hooks", "ns", NOW)
    assert renew(first, "hooks", "ns", _days(59)) is not None
    assert renew(first, "hooks", "ns", _days(59)) == first
    second = renew(first, "hooks", "ns", _days(61))
    assert second.pair != first.pair
    assert second.authorities == first.authorities


def test_an_old_authority_is_believed_until_it_is_over() -> None:
    first = renew(None, "hooks", "ns", NOW)
    second = renew(first, "hooks", "ns", _days(244))
    assert second.authorities == (second.authority.certificate, first.authority.certificate)
    assert serves(second.pair, second.authority.certificate, NAMES)
    third = renew(second, "hooks", "ns", _days(366))
    assert third.authorities == (second.authority.certificate,)


def test_another_service_needs_another_pair() -> None:
    first = renew(None, "hooks", "ns", NOW)
    second = renew(first, "others", "ns", NOW)
    assert (second.authority, second.pair != first.pair) == (first.authority, True)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(min_value=1, max_value=120), min_size=1, max_size=12))
def test_however_seldom_it_is_looked_at_what_is_shown_is_believed(steps: list[float]) -> None:
    """By an API server that was told last time, as long as the old authority lives; and always by one told now."""
    now, held = NOW, renew(None, "hooks", "ns", NOW)
    for step in steps:
        now += timedelta(days=step)
        told, held = held, renew(held, "hooks", "ns", now)
        assert not is_over(held.pair.certificate, now)
        assert held.authorities[0] == held.authority.certificate
        assert serves(held.pair, held.authorities[0], NAMES)
        if held.authority != told.authority and not is_over(told.authority.certificate, now):
            assert told.authority.certificate in held.authorities


@pytest.mark.parametrize("broken", ["ca.crt", "ca.key", "tls.crt", "tls.key"])
def test_what_somebody_has_spoiled_is_made_anew(broken: str) -> None:
    data = write_identity(renew(None, "hooks", "ns", NOW))
    for text in ("!", base64.b64encode(b"nothing").decode()):
        held = read_identity(data | {broken: text})
        made = renew(held, "hooks", "ns", NOW)
        assert serves(made.pair, made.authority.certificate, NAMES)


async def test_a_folder_is_read_each_time(tmp_path: Path) -> None:
    mounted = MountedIdentity(tmp_path)
    with pytest.raises(OSError, match=r"tls\.crt"):
        await mounted.keep()
    (tmp_path / "tls.crt").write_text("a")
    (tmp_path / "tls.key").write_text("b")
    assert await mounted.keep() == KeyPair("a", Secret("b"))


@pytest_asyncio.fixture
async def rest(kube_state: Path) -> AsyncIterator[RestClient]:
    transport = HttpTransport(load_kubeconfig([kube_state / "kubeconfig"]).access(), SystemClock())
    yield RestClient(transport)
    await transport.close()


@pytest.mark.kube_apiserver
@pytest.mark.parametrize("api", ["kube"], indirect=True)
async def test_replicas_that_start_at_once_agree_and_tell_the_server(api: Api, rest: RestClient) -> None:
    name = f"hooks-{api.suffix}"
    webhooks = [
        {
            "name": f"{each}.dbaas.io",
            "clientConfig": {"service": {"name": "hooks", "namespace": api.namespace}},
            "rules": [
                {"apiGroups": ["x.dbaas.io"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["y"]}
            ],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        for each in ("a", "b")
    ]
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": webhooks,
    }
    await rest.create(VALIDATING_WEBHOOK_CONFIGURATION, configuration)
    secret = Key(api.namespace, "hooks")
    replicas = [SharedIdentity(rest, SystemClock(), secret, "hooks", name) for _ in range(4)]
    try:
        pairs = await asyncio.gather(*(replica.keep() for replica in replicas))
        assert len(set(pairs)) == 1
        held = read_identity((await rest.get(SECRET, secret)).body()["data"])
        assert held is not None
        assert held.pair == pairs[0]
        told = await rest.get(VALIDATING_WEBHOOK_CONFIGURATION, Key("", name))
        bundles = [base64.b64decode(each["clientConfig"]["caBundle"]).decode() for each in told.body()["webhooks"]]
        assert bundles == [held.bundle] * 2
        await replicas[0].keep()
        again = await rest.get(VALIDATING_WEBHOOK_CONFIGURATION, Key("", name))
        assert again.metadata.resourceVersion == told.metadata.resourceVersion
        await rest.patch(SECRET, secret, {"data": {"tls.crt": "eA=="}})
        assert await replicas[1].keep() == await replicas[2].keep() != pairs[0]
    finally:
        await rest.delete(VALIDATING_WEBHOOK_CONFIGURATION, Key("", name))
