"""Tokens for less than all: derived from the token of an API, so nothing need be stored, and they end with it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from dbaas.core.secrets import Secret

PREFIX = b"cluster."
_PURPOSE = b"dbaas: the members of one cluster\0"


@dataclass(frozen=True)
class Realm:
    """What the members of one cluster agree through, and no more."""

    namespace: str
    cluster: str


def derive_token(token: Secret, realm: Realm) -> Secret:
    """The same each time. It tells nothing of the token that it is made from."""
    claims = base64.urlsafe_b64encode(f"{realm.namespace}/{realm.cluster}".encode()).rstrip(b"=")
    return Secret((PREFIX + claims + b"." + _sign(token, claims)).decode())


def read_realm(token: Secret, given: bytes) -> Realm | None:
    """What a derived token is for; None where it is not derived from that token."""
    if not given.startswith(PREFIX):
        return None
    claims, _, signature = given.removeprefix(PREFIX).partition(b".")
    if not hmac.compare_digest(signature, _sign(token, claims)):
        return None
    try:
        named = base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    namespace, _, cluster = named.partition("/")
    return Realm(namespace, cluster)


def _sign(token: Secret, claims: bytes) -> bytes:
    return hmac.new(token.reveal().encode(), _PURPOSE + claims, hashlib.sha256).hexdigest().encode()
