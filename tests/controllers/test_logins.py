"""The login and the certificates of an instance."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.instance import DatabaseInstanceSpec
from dbaas.api.resource import Key
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.controllers.logins import Logins, secrets_of
from fixtures.clients import FakeClient

MAIN, FOR_ALL = Key("default", "main"), Key("", "main")
PAIR = {"ca.crt": "CA", "our.crt": "CERT", "our.key": "KEY"}


def spec(connection: dict[str, Any], **more: Any) -> DatabaseInstanceSpec:
    return DatabaseInstanceSpec.model_validate(
        {"engine": "granite", "connection": {"host": "h", "port": 1, **connection}, **more}
    )


@pytest.fixture
def client() -> FakeClient:
    client = FakeClient()
    client.put_secret(Key("default", "admin"), {"username": "root", "password": "p", "login": "me"})
    client.put_secret(Key("vault", "admin"), {"username": "far", "password": "q"})
    client.put_secret(Key("default", "tls"), PAIR)
    return client


@pytest.mark.parametrize("name", ["secretRef", "existingSecret"])
async def test_both_names_of_the_secret_mean_the_same(client: FakeClient, name: str) -> None:
    user, password = await Logins(client).read(MAIN, spec({name: {"name": "admin"}}))
    assert (user.reveal(), password.reveal()) == ("root", "p")


async def test_an_instance_reads_beside_itself_and_one_for_the_whole_cluster_where_it_says(client: FakeClient) -> None:
    far = spec({"secretRef": {"name": "admin", "namespace": "vault"}})
    assert (await Logins(client).read(FOR_ALL, far))[0].reveal() == "far"
    assert (await Logins(client).read(MAIN, far))[0].reveal() == "root"


async def test_each_part_may_come_from_elsewhere(client: FakeClient) -> None:
    source = {"secretKeyRef": {"name": "admin", "key": "password"}}
    given = spec({"credentials": {"username": {"value": "me"}, "password": {"valueFrom": source}}})
    user, password = await Logins(client).read(MAIN, given)
    assert (user.reveal(), password.reveal()) == ("me", "p")
    assert list(secrets_of(MAIN, given)) == [Key("default", "admin")]


async def test_what_cannot_be_read_is_told(client: FakeClient) -> None:
    aws = {"valueFrom": {"awsSecretKeyRef": {"arn": "a"}}}
    with pytest.raises(Refused, match="give secretKeyRef"):
        await Logins(client).read(MAIN, spec({"credentials": {"username": aws, "password": aws}}))
    with pytest.raises(Refused, match="names no login"):
        await Logins(client).read(MAIN, spec({}))


async def test_certificates_are_read_by_their_keys(client: FakeClient) -> None:
    keys = {"cert": "our.crt", "key": "our.key"}
    given = spec({"secretRef": {"name": "admin"}}, tls={"enabled": True, "secretRef": {"name": "tls", "keys": keys}})
    tls = await Logins(client).read_tls(MAIN, given)
    assert (tls.mode, tls.ca, tls.certificate, tls.key.reveal()) == ("verify-full", "CA", "CERT", "KEY")
    assert list(secrets_of(MAIN, given)) == [Key("default", "admin"), Key("default", "tls")]


async def test_a_missing_certificate_is_named(client: FakeClient) -> None:
    given = spec({}, tls={"secretRef": {"name": "tls", "keys": {"ca": "root.crt"}}})
    with pytest.raises(Waiting, match=r"Secret default/tls has no key 'root\.crt'"):
        await Logins(client).read_tls(MAIN, given)


async def test_without_tls_the_engines_own_block_counts(client: FakeClient) -> None:
    assert (await Logins(client).read_tls(MAIN, spec({}))).mode == ""
