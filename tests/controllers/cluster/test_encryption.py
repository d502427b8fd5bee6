"""Where a cluster's certificate comes from, what servers get of it, and what the published server says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from controllers.cluster.conftest import KEY, World
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CERTIFICATE, SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import Forbidden, NotFound, WriteConflict
from dbaas.contracts.reconcile import Outcome, Refused, Waiting, token_of
from dbaas.controllers.cluster.certificates import LOCAL_NAMES
from dbaas.core.certificates import issue_certificate, make_authority, serves
from dbaas.core.clock import EPOCH
from dbaas.core.key_pair import KeyPair
from dbaas.core.secrets import Secret
from dbaas.manifests.secrets import read_values
from fixtures.clients import FakeClient
from fixtures.registries import RUNNER

SHOWN, AUTHORITY, GIVEN = Key("default", "main-certificate"), Key("default", "main-authority"), Key("default", "given")
ISSUED = Key("default", "main-cert-manager")
MONTH, YEAR = timedelta(days=30), timedelta(days=365)
SIGNER = make_authority("somebody", EPOCH, YEAR)
BY_CERT_MANAGER = {"certManager": {"issuerRef": {"name": "company", "kind": "ClusterIssuer"}}}


class Refusing(FakeClient):
    """Has nothing to do with Certificates."""

    def __init__(self, error: NotFound | Forbidden) -> None:
        super().__init__()
        self._error = error

    async def apply(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        if kind == CERTIFICATE:
            raise self._error
        return await super().apply(kind, body)


class Hasty(FakeClient):
    """Somebody deletes the certificate when it has just been read, once; an apply with a uid makes nothing anew."""

    has_lost = False

    async def apply(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        key = Key(body["metadata"].get("namespace", ""), body["metadata"]["name"])
        if key == SHOWN and not self.has_lost and self.peek(SECRET, SHOWN) is not None:
            self.has_lost = True
            self.remove(SECRET, SHOWN)
        if body["metadata"].get("uid") and self.peek(kind, key) is None:
            raise WriteConflict("uid mismatch", code=409, reason="Conflict")
        return await super().apply(kind, body)


def signed(life: timedelta = MONTH) -> dict[str, str]:
    pair = issue_certificate(SIGNER, ["127.0.0.1"], EPOCH, life)
    return {"tls.crt": pair.certificate, "tls.key": pair.private_key.reveal(), "ca.crt": SIGNER.certificate}


def shown(world: World, key: Key = SHOWN) -> Mapping[str, str]:
    found = world.get(SECRET, key)
    return {name: value.reveal() for name, value in read_values(found).items()} if found else {}


def encrypted(outcome: Outcome) -> tuple[str, str]:
    (found,) = [each for each in outcome.conditions if each.type == "Encrypted"]
    return found.status, found.reason


def published(world: World) -> dict[str, Any]:
    instance = world.get(DATABASE_INSTANCE)
    assert instance is not None
    tls: dict[str, Any] = instance.spec.get("tls", {})
    return tls


async def test_without_a_word_of_encryption_there_is_no_certificate(serving: World) -> None:
    for tls in (None, {"enabled": False}):
        serving.declare(**({"tls": tls} if tls else {}))
        outcome = await serving.reconcile()
        assert [each.type for each in outcome.conditions] == ["Ready"]
        assert not shown(serving)
        assert published(serving) == {}


async def test_a_cluster_that_names_no_source_has_an_authority_of_its_own(world: World) -> None:
    world.declare(tls={})
    outcome = await world.reconcile()
    values = shown(world)
    pair = KeyPair(values["tls.crt"], Secret(values["tls.key"]))
    assert serves(pair, values["ca.crt"], LOCAL_NAMES)
    assert "ca.key" not in values
    assert encrypted(outcome) == ("True", "Encrypted")
    reference = {"name": "main-certificate", "keys": {"ca": "ca.crt"}}
    assert published(world) == {"enabled": True, "mode": "verify-full", "secretRef": reference}
    before = world.client.writes
    await world.reconcile()
    assert world.client.writes == before


async def test_it_is_looked_at_again_when_its_certificate_is_due_which_is_then_made_anew(serving: World) -> None:
    serving.declare(tls={})
    await serving.reconcile()
    first = shown(serving)
    serving.clock.moment = EPOCH + timedelta(days=59, hours=12)
    pause = (await serving.reconcile()).requeue_after
    assert shown(serving) == first
    assert pause is not None and pause < 86_400
    serving.clock.moment += timedelta(seconds=pause + 1)
    await serving.reconcile()
    assert shown(serving)["tls.crt"] != first["tls.crt"]
    assert shown(serving)["ca.crt"] == first["ca.crt"]
    assert serving.told().count("CertificateRenewed") == 1


async def test_a_certificate_that_is_deleted_while_it_is_looked_at_does_not_come_back() -> None:
    world = World(Hasty())
    world.declare(tls={})
    await world.reconcile()
    former = shown(world)["tls.crt"]
    with pytest.raises(WriteConflict):
        await world.reconcile()
    await world.reconcile()
    assert shown(world)["tls.crt"] not in ("", former)


@pytest.mark.parametrize("lost", [SHOWN, AUTHORITY], ids=str)
async def test_a_secret_of_ours_that_is_deleted_is_made_again(world: World, lost: Key) -> None:
    world.declare(tls={})
    await world.reconcile()
    world.client.remove(SECRET, lost)
    await world.reconcile()
    values = shown(world)
    assert serves(KeyPair(values["tls.crt"], Secret(values["tls.key"])), values["ca.crt"], LOCAL_NAMES)
    assert shown(world, AUTHORITY)["ca.crt"] == values["ca.crt"]


async def test_a_certificate_that_somebody_gives_is_waited_for_before_anything_runs(world: World) -> None:
    world.declare(tls={"secretName": "given"})
    with pytest.raises(Waiting) as raised:
        await world.reconcile()
    assert raised.value.reason == "CertificateNotFound"
    assert world.get(RUNNER, Key("default", "main-0")) is None
    given = signed()
    world.client.put_secret(GIVEN, given)
    assert encrypted(await world.reconcile()) == ("True", "Encrypted")
    assert shown(world) == given


async def test_a_pair_that_does_not_fit_never_reaches_the_servers_and_is_told(serving: World) -> None:
    given = signed()
    serving.client.put_secret(GIVEN, given)
    serving.declare(tls={"secretName": "given"})
    await serving.reconcile()
    serving.client.put_secret(GIVEN, {**signed(), "tls.key": given["tls.key"]})
    outcome = await serving.reconcile()
    assert encrypted(outcome) == ("False", "CertificateInvalid")
    assert outcome.conditions[0].status == "True"
    assert shown(serving) == given
    newer = signed()
    serving.client.put_secret(GIVEN, newer)
    assert encrypted(await serving.reconcile()) == ("True", "Encrypted")
    assert shown(serving) == newer


async def test_a_certificate_that_expires_is_told_and_the_servers_go_on(serving: World) -> None:
    serving.client.put_secret(GIVEN, signed())
    serving.declare(tls={"secretName": "given"})
    assert (await serving.reconcile()).requeue_after == 86_400
    serving.clock.moment = EPOCH + MONTH
    outcome = await serving.reconcile()
    assert encrypted(outcome) == ("False", "CertificateExpired")
    assert "2026-01-31" in outcome.conditions[-1].message
    assert serving.get(RUNNER, Key("default", "main-0")) is not None


async def test_what_all_machines_trust_is_verified_without_an_authority_of_ours(world: World) -> None:
    given = signed()
    del given["ca.crt"]
    world.client.put_secret(GIVEN, given)
    world.declare(tls={"secretName": "given"})
    await world.reconcile()
    assert published(world) == {"enabled": True, "mode": "verify-full"}


async def test_cert_manager_is_asked_for_the_names_and_waited_for_with_its_own_words(world: World) -> None:
    world.declare(tls=BY_CERT_MANAGER)
    with pytest.raises(Waiting) as raised:
        await world.reconcile()
    assert raised.value.reason == "CertificatePending"
    asked = world.get(CERTIFICATE, ISSUED)
    assert asked is not None
    assert asked.spec["issuerRef"] == {"name": "company", "kind": "ClusterIssuer", "group": "cert-manager.io"}
    assert asked.spec["ipAddresses"] == ["127.0.0.1", "::1"]
    waits = {"type": "Ready", "status": "False", "reason": "Pending", "message": "the issuer is on holiday"}
    world.show(CERTIFICATE, ISSUED, {"conditions": [waits]})
    with pytest.raises(Waiting, match="the issuer is on holiday"):
        await world.reconcile()
    made = signed()
    world.client.put_secret(ISSUED, made)
    assert encrypted(await world.reconcile()) == ("True", "Encrypted")
    assert shown(world) == made


async def test_another_source_takes_over_without_a_moment_in_between_and_the_former_goes(serving: World) -> None:
    serving.declare(tls={})
    await serving.reconcile()
    serving.declare(tls={"secretName": "given"})
    outcome = await serving.reconcile()
    assert encrypted(outcome) == ("False", "CertificateNotFound")
    assert shown(serving) and shown(serving, AUTHORITY)
    given = signed()
    serving.client.put_secret(GIVEN, given)
    await serving.reconcile()
    assert shown(serving)["tls.crt"] == given["tls.crt"]
    assert not shown(serving, AUTHORITY)
    serving.client.put_secret(ISSUED, signed())
    serving.declare(tls=BY_CERT_MANAGER)
    await serving.reconcile()
    assert shown(serving, GIVEN) == given
    serving.declare(tls={})
    await serving.reconcile()
    assert serving.get(CERTIFICATE, ISSUED) is None


async def test_what_is_not_needed_any_more_goes_after_the_servers_have_been_told(serving: World) -> None:
    serving.declare(tls={})
    await serving.reconcile()
    serving.declare(tls={"enabled": False})
    outcome = await serving.reconcile()
    assert not shown(serving)
    assert not shown(serving, AUTHORITY)
    assert [each.type for each in outcome.conditions] == ["Ready"]


async def test_while_servers_wait_for_their_window_the_published_server_stays_as_it_is(serving: World) -> None:
    windows = {"windows": [{"dayOfWeek": 0, "startTime": "02:00", "duration": "1h"}]}
    changed = {"storage": {"storageClassName": "other"}, "maintenance": windows}
    serving.declare(tls={}, **changed)
    outcome = await serving.reconcile()
    assert outcome.status["pending"]
    assert published(serving) == {}
    assert encrypted(outcome) == ("True", "Encrypted")
    serving.clock.moment = EPOCH + timedelta(days=3, hours=2)  # Sunday
    await serving.reconcile()
    assert published(serving)["enabled"]
    serving.clock.moment += timedelta(days=1)
    serving.declare(tls={"enabled": False}, storage={"storageClassName": "new"}, maintenance=windows)
    for _ in range(2):
        assert encrypted(await serving.reconcile()) == ("True", "Encrypted")
        assert published(serving)["enabled"]
        assert shown(serving)
    serving.clock.moment += timedelta(days=6)
    outcome = await serving.reconcile()
    assert [each.type for each in outcome.conditions] == ["Ready"]
    assert not shown(serving)


@pytest.mark.parametrize("key", [SHOWN, AUTHORITY], ids=str)
async def test_a_secret_that_is_somebody_elses_is_left_alone(world: World, key: Key) -> None:
    world.client.put_secret(key, {"a": "b"})
    world.declare(tls={})
    with pytest.raises(Refused) as raised:
        await world.reconcile()
    assert raised.value.reason == "SecretNotOurs"
    assert shown(world, key) == {"a": "b"}


async def test_a_certificate_that_is_somebody_elses_is_left_alone(world: World) -> None:
    world.client.put(CERTIFICATE, {"metadata": {"name": ISSUED.name, "namespace": ISSUED.namespace}, "spec": {}})
    world.declare(tls=BY_CERT_MANAGER)
    with pytest.raises(Refused):
        await world.reconcile()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotFound("the server could not find it", code=404, reason="NotFound"), "CertManagerNotServed"),
        (Forbidden("certificates is forbidden", code=403, reason="Forbidden"), "CertManagerForbidden"),
    ],
    ids=["not served", "forbidden"],
)
async def test_where_cert_manager_cannot_be_asked_the_cluster_says_so(error: NotFound | Forbidden, reason: str) -> None:
    world = World(Refusing(error))
    world.declare(tls=BY_CERT_MANAGER)
    with pytest.raises(Waiting) as raised:
        await world.reconcile()
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("tls", "secrets"),
    [
        (None, []),
        ({"enabled": False}, []),
        ({}, [SHOWN, AUTHORITY]),
        ({"secretName": "given"}, [SHOWN, GIVEN]),
        (BY_CERT_MANAGER, [SHOWN, ISSUED]),
    ],
    ids=str,
)
def test_the_secrets_that_it_depends_on_wake_it(world: World, tls: dict[str, Any] | None, secrets: list[Key]) -> None:
    world.declare(**({"tls": tls} if tls is not None else {}))
    cluster = world.get(DATABASE_CLUSTER, KEY)
    assert cluster is not None
    waking = set(world.referred(cluster))
    every = {token_of(SECRET, key) for key in (SHOWN, AUTHORITY, GIVEN, ISSUED)}
    assert waking & every == {token_of(SECRET, key) for key in secrets}
