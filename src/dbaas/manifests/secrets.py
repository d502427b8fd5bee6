"""Secrets: built from plain values, and read back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from dbaas.api.core import SECRET
from dbaas.api.resource import Resource
from dbaas.core.secrets import Secret

OPAQUE = "Opaque"
# What a template of a published login may name. The certificate and key are empty: a user has a password.
LOGIN_VARIABLES = (
    "Username", "Password", "Host", "Port", "Database", "SSLMode", "Namespace", "Name", "CA", "TLSCert", "TLSKey"
)  # fmt: skip


def build_secret(metadata: Mapping[str, Any], values: Mapping[str, str], type_: str = OPAQUE) -> dict[str, Any]:
    """A Secret; values are encoded here."""
    return {
        "apiVersion": SECRET.api_version,
        "kind": SECRET.kind,
        "metadata": dict(metadata),
        "type": type_,
        "data": encode_values(values),
    }


def encode_values(values: Mapping[str, str]) -> dict[str, str]:
    """As `data` holds them."""
    return {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}


def read_values(secret: Resource) -> dict[str, Secret]:
    """All values that are text; others are left out."""
    found: dict[str, Secret] = {}
    for name, encoded in (secret.body().get("data") or {}).items():
        try:
            found[name] = Secret(base64.b64decode(encoded, validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found
