"""Secrets: built from plain values, and read back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from dbaas.api.core import SECRET
from dbaas.api.resource import Resource
from dbaas.core.secrets import Secret


def build_secret(metadata: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """An Opaque Secret; values are encoded here."""
    return {
        "apiVersion": SECRET.api_version,
        "kind": SECRET.kind,
        "metadata": dict(metadata),
        "type": "Opaque",
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
