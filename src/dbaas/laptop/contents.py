"""The files of a Process: their content, from the object or from Secrets, read when it is needed and kept nowhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from dbaas.api.core import SECRET
from dbaas.api.process import ProcessFile, ProcessSpec
from dbaas.api.references import SecretKeyReference
from dbaas.api.resource import Key
from dbaas.contracts.client import Client
from dbaas.core.errors import DbaasError
from dbaas.laptop.surroundings import expand


class SecretMissing(DbaasError):
    """A Secret, or the key in it, is not there."""

    reason = "SecretMissing"


@dataclass(frozen=True, repr=False)
class Contents:
    """`files` by path; `secrets` are what must not be shown of them, by whatever name."""

    files: Mapping[str, bytes]
    secrets: Mapping[str, bytes]


def secret_names(spec: ProcessSpec) -> frozenset[str]:
    return frozenset(reference.name for file in spec.files for _, reference in _references(file))


async def read_contents(spec: ProcessSpec, namespace: str, client: Client) -> Contents:
    """Raises SecretMissing."""
    found = {name: await _read_secret(name, namespace, client) for name in sorted(secret_names(spec))}
    files: dict[str, bytes] = {}
    secrets: dict[str, bytes] = {}
    for file in spec.files:
        values: dict[str, bytes] = {}
        for variable, reference in _references(file):
            name, key = reference.name, reference.key
            if key not in found[name]:
                raise SecretMissing(f"file {file.path!r} needs key {key!r} of Secret {name!r}, which has no such key")
            values[variable] = base64.b64decode(found[name][key])
        secrets |= {f"{file.path} {variable}".strip(): value for variable, value in values.items()}
        files[file.path] = values[""] if "" in values else _fill(file.content or "", values)
    return Contents(files, secrets)


def _references(file: ProcessFile) -> list[tuple[str, SecretKeyReference]]:
    """By the variable that they are the value of; nothing for one that is the whole file."""
    if file.secret_key_ref is not None:
        return [("", file.secret_key_ref)]
    return [(secret.name, secret.secret_key_ref) for secret in file.secrets]


def _fill(content: str, values: Mapping[str, bytes]) -> bytes:
    escaped = {name: json.dumps(value.decode(errors="replace"))[1:-1] for name, value in values.items()}
    return (expand(content, escaped) if escaped else content).encode()


async def _read_secret(name: str, namespace: str, client: Client) -> Mapping[str, str]:
    secret = await client.get(SECRET, Key(namespace, name), fresh=True)
    if secret is None:
        raise SecretMissing(f"Secret {name!r} does not exist")
    return secret.body().get("data") or {}
