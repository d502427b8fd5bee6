"""Certificates as cert-manager takes them, by its own definitions where DBAAS_FOREIGN_CRDS names a folder with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from dbaas.manifests.certificates import build_certificate
from fixtures.control_plane import Api

ISSUER = {"name": "company", "kind": "ClusterIssuer", "group": "cert-manager.io"}
NAMES = ["main-rw.shop.svc", "*.main-pods.shop.svc.cluster.local", "127.0.0.1", "::1"]


def test_names_and_addresses_are_told_apart() -> None:
    spec = build_certificate({"name": "main"}, NAMES, ISSUER, "made")["spec"]
    assert spec["dnsNames"] == NAMES[:2]
    assert spec["ipAddresses"] == NAMES[2:]
    assert spec["secretName"] == "made"
    assert "ipAddresses" not in build_certificate({"name": "main"}, NAMES[:1], ISSUER, "made")["spec"]


@pytest.fixture
def definition() -> str:
    file = Path(os.environ.get("DBAAS_FOREIGN_CRDS", "")) / "cert-manager" / "cert-manager.io_certificates.yaml"
    if not file.is_file():
        pytest.skip("DBAAS_FOREIGN_CRDS names no folder with the definitions of cert-manager")
    return file.read_text()


async def test_what_is_asked_for_is_accepted_strictly_and_comes_back_as_it_was(api: Api, definition: str) -> None:
    body = build_certificate({"name": "main", "namespace": api.namespace}, NAMES, ISSUER, "made")
    await api.define(yaml.safe_load(definition))
    path = api.collection("certificates", "cert-manager.io")
    made = await api.post(path, body, fieldValidation="Strict")
    assert made.status == 201, made.body
    assert made.body["spec"] == body["spec"]
    wrong = {**body, "metadata": {"name": "wrong"}, "spec": {**body["spec"], "unheardOf": 1}}
    assert (await api.post(path, wrong, fieldValidation="Strict")).status == 400
