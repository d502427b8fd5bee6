"""By which names a cluster is known, and which certificates its servers may be given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from controllers.cluster.conftest import KEY
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import Key, build_resource
from dbaas.contracts.pooling import Pooler, pooler_login
from dbaas.contracts.provider import Instance, ServerImage
from dbaas.contracts.registry import Registry
from dbaas.controllers.cluster.certificates import Fault, Offer, check, names_of, read_authority, read_pair
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.core.certificates import issue_certificate, make_authority
from dbaas.core.clock import EPOCH
from dbaas.core.secrets import Secret
from fixtures.registries import GRANITE, RunnerProvider, granite_registry, granite_spec

YEAR, MONTH = timedelta(days=365), timedelta(days=30)
SECRET = Key("shop", "given")
AUTHORITY = make_authority("somebody", EPOCH, YEAR)
PAIR = issue_certificate(AUTHORITY, ["db.test"], EPOCH, MONTH)
GOOD = {"tls.crt": PAIR.certificate, "tls.key": PAIR.private_key.reveal(), "ca.crt": AUTHORITY.certificate}


class Far(RunnerProvider):
    runs_on = "kubernetes"


def values(**changed: str | None) -> dict[str, Secret]:
    named = {name.replace("_", "."): value for name, value in changed.items()}
    return {name: Secret(value) for name, value in {**GOOD, **named}.items() if value is not None}


def reason_of(judged: Offer | Fault) -> str:
    assert isinstance(judged, Fault), judged
    assert "shop/given" in judged.message
    return judged.reason


def test_on_a_laptop_servers_are_known_by_the_names_of_this_machine() -> None:
    body = {"metadata": {"name": KEY.name, "namespace": KEY.namespace, "uid": "u"}, "spec": granite_spec()}
    cluster = read_cluster(build_resource(DATABASE_CLUSTER, body), granite_registry())
    assert names_of(cluster) == ["localhost", "127.0.0.1", "::1"]


def test_on_kubernetes_they_are_known_by_their_services_their_pods_and_the_names_outside() -> None:
    expose = {"externalDNS": "db.example.com, db.example.org"}
    body = {"metadata": {"name": "main", "namespace": "shop", "uid": "u"}, "spec": granite_spec(expose=expose)}
    registry = Registry({"granite": GRANITE}, {"runner": Far()}, "runner")
    names = names_of(read_cluster(build_resource(DATABASE_CLUSTER, body), registry))
    assert names[0] == "main-rw.shop.svc.cluster.local"
    assert {"main-ro.shop.svc", "main-r.shop", "main-rw", "*.main-pods.shop.svc.cluster.local"} < set(names)
    assert names[-2:] == ["db.example.com", "db.example.org"]


def test_a_pooler_is_known_by_its_service_as_well() -> None:
    body = {"metadata": {"name": "main", "namespace": "shop", "uid": "u"}, "spec": granite_spec()}
    plain = read_cluster(
        build_resource(DATABASE_CLUSTER, body), Registry({"granite": GRANITE}, {"runner": Far()}, "runner")
    )
    image = ServerImage("registry.test/pool:1", 1, 1)
    pooler = Pooler(Instance("main-pooler", ("pool",)), "pool", pooler_login("main"), {}, image)
    pooled = replace(plain, workload=replace(plain.workload, pooler=pooler))
    assert set(names_of(pooled)) - set(names_of(plain)) == {
        "main-pooler.shop.svc.cluster.local", "main-pooler.shop.svc", "main-pooler.shop", "main-pooler",
    }  # fmt: skip


def test_a_pair_that_fits_is_taken_with_what_clients_need() -> None:
    offer = check(values(), SECRET, EPOCH)
    assert isinstance(offer, Offer)
    assert offer.values() == GOOD
    assert offer.until == EPOCH + MONTH
    public = check(values(ca_crt=None), SECRET, EPOCH)
    assert isinstance(public, Offer)
    assert set(public.values()) == {"tls.crt", "tls.key"}


def test_a_key_of_another_kind_will_do_as_well_but_not_for_another_certificate() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    assert reason_of(check(values(tls_key=text.decode()), SECRET, EPOCH)) == "CertificateInvalid"


@pytest.mark.parametrize(
    "changed",
    [
        {"tls_crt": None},
        {"tls_key": None},
        {"tls_crt": "nothing"},
        {"tls_key": "nothing"},
        {"tls_key": AUTHORITY.private_key.reveal()},
        {"ca_crt": "nothing"},
        {"ca_crt": "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n"},
    ],
    ids=["no certificate", "no key", "no such certificate", "no such key", "another key", "no such CA", "an empty CA"],
)
def test_what_does_not_fit_is_not_taken(changed: dict[str, str | None]) -> None:
    assert reason_of(check(values(**changed), SECRET, EPOCH)) == "CertificateInvalid"


def test_what_has_expired_is_not_taken_but_can_be_kept() -> None:
    assert reason_of(check(values(), SECRET, EPOCH + MONTH)) == "CertificateExpired"
    assert isinstance(check(values(), SECRET), Offer)


def test_what_is_not_whole_in_a_secret_of_ours_counts_as_not_there() -> None:
    assert read_pair(values()) == PAIR
    assert read_pair(values(tls_key=None)) is None
    assert read_authority({"ca.crt": Secret(AUTHORITY.certificate)}) is None
    assert read_authority({"ca.key": AUTHORITY.private_key}) is None
    whole = read_authority({"ca.crt": Secret(AUTHORITY.certificate), "ca.key": AUTHORITY.private_key})
    assert whole is not None
    assert whole.pair == AUTHORITY
