"""The files of a Process: their content, from the object or from Secrets, read when it is needed and kept nowhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from dbaas.api.core import SECRET
from dbaas.api.process import ProcessSpec
from dbaas.api.resource import Key
from dbaas.contracts.client import Client
from dbaas.core.errors import DbaasError


class SecretMissing(DbaasError):
    """A Secret, or the key in it, is not there."""

    reason = "SecretMissing"


@dataclass(frozen=True, repr=False)
class Contents:
    """`files` by path; `secrets` are those of them that must not be shown."""

    files: Mapping[str, bytes]
    secrets: Mapping[str, bytes]


def secret_names(spec: ProcessSpec) -> frozenset[str]:
    return frozenset(file.secret_key_ref.name for file in spec.files if file.secret_key_ref)


async def read_contents(spec: ProcessSpec, namespace: str, client: Client) -> Contents:
    """Raises SecretMissing."""
    found = {name: await _read_secret(name, namespace, client) for name in sorted(secret_names(spec))}
    secrets: dict[str, bytes] = {}
    for file in spec.files:
        if file.secret_key_ref is None:
            continue
        name, key = file.secret_key_ref.name, file.secret_key_ref.key
        if key not in found[name]:
            raise SecretMissing(f"file {file.path!r} needs key {key!r} of Secret {name!r}, which has no such key")
        secrets[file.path] = base64.b64decode(found[name][key])
    plain = {file.path: (file.content or "").encode() for file in spec.files if file.secret_key_ref is None}
    return Contents(plain | secrets, secrets)


async def _read_secret(name: str, namespace: str, client: Client) -> Mapping[str, str]:
    secret = await client.get(SECRET, Key(namespace, name), fresh=True)
    if secret is None:
        raise SecretMissing(f"Secret {name!r} does not exist")
    return secret.body().get("data") or {}
