"""The administrative login and the certificates of an instance, read from the Secrets that it names."""

from __future__ import annotations

from collections.abc import Iterator

from dbaas.api.core import SECRET
from dbaas.api.instance import DatabaseInstanceSpec, LoginPart
from dbaas.api.resource import Key
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Tls
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.core.secrets import Secret
from dbaas.manifests.secrets import read_values


class Logins:
    """Reads Secrets when it is asked, and keeps nothing."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, instance: Key, spec: DatabaseInstanceSpec) -> tuple[Secret, Secret]:
        """User name and password. Raises Waiting where a Secret or a key is missing, Refused where none is named."""
        given, parts = spec.connection.login_secret, spec.connection.credentials
        if given is not None:
            wanted = (given.keys.username, given.keys.password)
            values = await self._values(secret_key(instance, given.name, given.namespace), wanted)
            return values[wanted[0]], values[wanted[1]]
        if parts is None:
            raise Refused("InvalidSpec", "spec.connection names no login: give secretRef or credentials")
        return await self._part(instance, parts.username), await self._part(instance, parts.password)

    async def read_tls(self, instance: Key, spec: DatabaseInstanceSpec) -> Tls:
        """Raises Waiting where the Secret or one of its keys is missing."""
        mode, reference = spec.tls.mode if spec.tls.enabled else "", spec.tls.secret_ref
        if reference is None:
            return Tls(mode)
        keys = reference.keys
        values = await self._values(
            secret_key(instance, reference.name, reference.namespace), filter(None, (keys.ca, keys.cert, keys.key))
        )
        certificate = values[keys.cert].reveal() if keys.cert else ""
        return Tls(mode, values[keys.ca].reveal(), certificate, values[keys.key] if keys.key else Secret(""))

    async def _part(self, instance: Key, part: LoginPart) -> Secret:
        if part.value is not None:
            return Secret(part.value)
        reference = part.value_from.secret_key_ref if part.value_from else None
        if reference is None:
            raise Refused("NotSupported", "the login can be read only from a value or a Secret: give secretKeyRef")
        values = await self._values(secret_key(instance, reference.name, reference.namespace), (reference.key,))
        return values[reference.key]

    async def _values(self, key: Key, wanted: Iterator[str] | tuple[str, ...]) -> dict[str, Secret]:
        secret = await self._client.get(SECRET, key)
        if secret is None:
            raise Waiting("SecretNotFound", f"Secret {key} does not exist")
        values = read_values(secret)
        missing = [name for name in wanted if name not in values]
        if missing:
            raise Waiting("SecretInvalid", f"Secret {key} has no key {' and no key '.join(map(repr, missing))}")
        return values


def secret_key(instance: Key, name: str, namespace: str | None) -> Key:
    """Where the Secret is that an instance names: beside it, and for a cluster-wide one where it says."""
    return Key(instance.namespace or namespace or "", name)


def secrets_of(instance: Key, spec: DatabaseInstanceSpec) -> Iterator[Key]:
    """All Secrets that an instance depends on."""
    parts = spec.connection.credentials
    sources = [part.value_from for part in (parts.username, parts.password)] if parts is not None else []
    references = [
        spec.connection.login_secret,
        spec.tls.secret_ref,
        *(source.secret_key_ref for source in sources if source is not None),
    ]
    for reference in references:
        if reference is not None:
            yield secret_key(instance, reference.name, reference.namespace)
