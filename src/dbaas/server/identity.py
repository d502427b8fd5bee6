"""The certificate that the webhooks show, and the authorities that the API server is told to believe.

Either a folder has it (cert-manager keeps a Secret that is mounted there, and tells the API server itself), or we make
it: the pair and its authority are in one Secret that all replicas share, whoever is first makes it anew when it is
due, and each puts the authorities into the configuration of the webhooks. An old authority is believed until it is
over, so replicas that still show the old certificate are too.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from dbaas.api.core import SECRET, VALIDATING_WEBHOOK_CONFIGURATION
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import AlreadyExists, NotFound, WriteConflict
from dbaas.contracts.rest import Rest
from dbaas.core.certificates import (
    BadCertificate,
    is_due,
    is_over,
    issue_certificate,
    make_authority,
    serves,
    split_bundle,
)
from dbaas.core.clock import Clock
from dbaas.core.key_pair import KeyPair
from dbaas.core.secrets import Secret

log = structlog.get_logger(__name__)

AUTHORITY_LIFE = timedelta(days=365)
PAIR_LIFE = timedelta(days=90)
_KEYS = ("ca.crt", "ca.key", "tls.crt", "tls.key")


@dataclass(frozen=True)
class Identity:
    """`authorities` is what to believe, newest first; the newest has signed `pair`."""

    authority: KeyPair
    authorities: tuple[str, ...]
    pair: KeyPair

    @property
    def bundle(self) -> str:
        return "".join(self.authorities)


def renew(held: Identity | None, service: str, namespace: str, now: datetime) -> Identity:
    """What should be held now: `held` itself where nothing is due. Pure but for the keys that are drawn."""
    names = [f"{service}.{namespace}.svc", f"{service}.{namespace}.svc.cluster.local", f"{service}.{namespace}"]
    if held is None or not _is_sound(held, now):
        authority = make_authority(f"{service}.{namespace}", now, AUTHORITY_LIFE)
        return Identity(authority, (authority.certificate,), issue_certificate(authority, names, now, PAIR_LIFE))
    authorities = tuple(each for each in held.authorities if not is_over(each, now))
    authority, pair = held.authority, held.pair
    if is_due(authority.certificate, now):
        authority = make_authority(f"{service}.{namespace}", now, AUTHORITY_LIFE)
        authorities = (authority.certificate, *authorities)
    if is_due(pair.certificate, now) or not serves(pair, authority.certificate, names):
        pair = issue_certificate(authority, names, now, PAIR_LIFE)
    return Identity(authority, authorities, pair)


def read_identity(data: Mapping[str, str]) -> Identity | None:
    """From the data of the Secret; None where it is not whole."""
    try:
        texts = {key: base64.b64decode(data[key], validate=True).decode() for key in _KEYS}
    except (KeyError, ValueError):
        return None
    authorities = tuple(split_bundle(texts["ca.crt"]))
    if not authorities:
        return None
    authority = KeyPair(authorities[0], Secret(texts["ca.key"]))
    return Identity(authority, authorities, KeyPair(texts["tls.crt"], Secret(texts["tls.key"])))


def write_identity(identity: Identity) -> dict[str, str]:
    """The data of the Secret."""
    texts = (
        identity.bundle,
        identity.authority.private_key.reveal(),
        identity.pair.certificate,
        identity.pair.private_key.reveal(),
    )
    return {key: base64.b64encode(text.encode()).decode() for key, text in zip(_KEYS, texts, strict=True)}


class SharedIdentity:
    """Kept in a Secret that all replicas share. `service` and the Secret are in the operator's own namespace."""

    def __init__(self, rest: Rest, clock: Clock, secret: Key, service: str, configuration: str) -> None:
        self._rest = rest
        self._clock = clock
        self._secret = secret
        self._service = service
        self._configuration = configuration

    async def keep(self) -> KeyPair:
        """The pair to show now, after whatever was due has been done. Raises ApiError and TransportError."""
        identity = await self._agree()
        await self._tell(identity)
        return identity.pair

    async def _agree(self) -> Identity:
        """With the other replicas: what is written first counts for all."""
        while True:
            try:
                found = await self._rest.get(SECRET, self._secret)
            except NotFound:
                found = None
            held = read_identity(found.body().get("data") or {}) if found is not None else None
            wanted = renew(held, self._service, self._secret.namespace, self._clock.now())
            if wanted == held:
                return wanted
            try:
                await self._write(found, wanted)
            except (AlreadyExists, WriteConflict, NotFound):
                continue
            log.info("webhook_certificate_made", kept_in=str(self._secret), is_new_authority=held is None)
            return wanted

    async def _write(self, found: Resource | None, wanted: Identity) -> None:
        data = write_identity(wanted)
        if found is None:
            metadata = {"name": self._secret.name, "namespace": self._secret.namespace}
            body = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": data}
            await self._rest.create(SECRET, body)
        else:
            patch = {"metadata": {"resourceVersion": found.metadata.resourceVersion}, "data": data}
            await self._rest.patch(SECRET, self._secret, patch)

    async def _tell(self, identity: Identity) -> None:
        """The API server: a configuration that is not there is nobody's to ask."""
        key = Key("", self._configuration)
        bundle = base64.b64encode(identity.bundle.encode()).decode()
        while True:
            try:
                found = await self._rest.get(VALIDATING_WEBHOOK_CONFIGURATION, key)
            except NotFound:
                return
            patch = _patch_bundles(found.body(), bundle)
            if patch is None:
                return
            try:
                await self._rest.patch(VALIDATING_WEBHOOK_CONFIGURATION, key, patch)
            except WriteConflict:
                continue
            except NotFound:
                return
            log.info("webhook_authorities_told", configuration=self._configuration)
            return


class MountedIdentity:
    """Kept by somebody else in a folder, with the names that a Secret of type kubernetes.io/tls has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self) -> KeyPair:
        """Raises OSError where the folder has none (yet)."""
        certificate, key = ((self._folder / name).read_text() for name in ("tls.crt", "tls.key"))
        return KeyPair(certificate, Secret(key))


def _is_sound(held: Identity, now: datetime) -> bool:
    """Whether it can be gone on with: somebody may have written anything into the Secret."""
    try:
        is_over(held.pair.certificate, now)
        serves(held.pair, held.authority.certificate, ())
        return serves(held.authority, held.authority.certificate, ()) and not is_over(held.authority.certificate, now)
    except BadCertificate:
        return False


def _patch_bundles(configuration: Mapping[str, Any], bundle: str) -> dict[str, Any] | None:
    """None where all webhooks know the bundle. A merge patch replaces the list, so it is sent whole and conditional."""
    webhooks = configuration.get("webhooks") or []
    if all(each.get("clientConfig", {}).get("caBundle") == bundle for each in webhooks):
        return None
    told = [{**each, "clientConfig": {**each.get("clientConfig", {}), "caBundle": bundle}} for each in webhooks]
    return {"metadata": {"resourceVersion": configuration["metadata"]["resourceVersion"]}, "webhooks": told}
