"""What a cluster may say of encryption."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.encryption import ClusterTls

ISSUER = {"certManager": {"issuerRef": {"name": "company"}}}


@pytest.mark.parametrize(
    ("said", "source"), [({}, "authority"), ({"secretName": "mine"}, "secret"), (ISSUER, "cert-manager")], ids=str
)
def test_the_source_is_the_one_that_is_named_or_the_cluster_itself(said: dict[str, Any], source: str) -> None:
    assert ClusterTls.model_validate(said).source == source


def test_whoever_says_anything_wants_encryption_by_an_issuer_of_the_namespace() -> None:
    tls = ClusterTls.model_validate(ISSUER)
    assert tls.enabled
    assert tls.cert_manager is not None
    assert (tls.cert_manager.issuer_ref.kind, tls.cert_manager.issuer_ref.group) == ("Issuer", "cert-manager.io")
