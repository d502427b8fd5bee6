"""Certificates as cert-manager is asked for them. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.core import CERTIFICATE


def build_certificate(
    metadata: Mapping[str, Any], names: Sequence[str], issuer: Mapping[str, str], secret: str
) -> dict[str, Any]:
    """For a server of these names and addresses, with another key each time. It is written into that Secret."""
    addresses = [name for name in names if _is_address(name)]
    spec: dict[str, Any] = {
        "secretName": secret,
        "dnsNames": [name for name in names if name not in addresses],
        "issuerRef": dict(issuer),
        "usages": ["digital signature", "key encipherment", "server auth"],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
    }
    return {
        "apiVersion": CERTIFICATE.api_version,
        "kind": CERTIFICATE.kind,
        "metadata": dict(metadata),
        "spec": {**spec, "ipAddresses": addresses} if addresses else spec,
    }


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
