"""Gives a cluster's servers their certificate, wherever it comes from, and clients what they trust it by.

Servers read one Secret, and only a pair that fits gets there: one that does not would be noticed by a server that
starts the next time, which then would not start. So what a cluster has it keeps until there is better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dbaas.api.conditions import read_condition
from dbaas.api.core import CERTIFICATE, SECRET
from dbaas.api.encryption import IssuerReference
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import Client, Forbidden, NotFound
from dbaas.contracts.reconcile import Condition, Outcome, Refused, Waiting, token_of
from dbaas.controllers.cluster.authority import renew
from dbaas.controllers.cluster.certificates import (
    AUTHORITY_KEY,
    TRUSTED,
    Fault,
    Offer,
    Values,
    authority_key,
    certificate_key,
    check,
    issued_key,
    names_of,
    read_authority,
    read_pair,
)
from dbaas.controllers.cluster.subject import Cluster
from dbaas.controllers.conditions import ready_message
from dbaas.core.certificates import find_end
from dbaas.core.clock import Clock, format_time
from dbaas.manifests.certificates import build_certificate
from dbaas.manifests.metadata import build_metadata, cluster_labels, is_controlled_by
from dbaas.manifests.secrets import build_secret, read_values

ENCRYPTED = "Encrypted"
SOURCE = "dbaas.io/certificate-source"
"""Annotation of the Secret that servers read: where what is in it comes from."""
WAIT_SECONDS = 10.0  # nobody watches cert-manager, nor whether it is installed
LONGEST_PAUSE_SECONDS = 86_400.0  # a machine that sleeps has other days than its clock


@dataclass(frozen=True)
class Encryption:
    """How a cluster encrypts. `offer` is what its servers show, None where they encrypt nothing.

    `fault` is why they do not get what the spec asks for. `has_encrypted`: they do not any more, or will not.
    """

    offer: Offer | None = None
    fault: Fault | None = None
    has_encrypted: bool = False

    @property
    def is_provable(self) -> bool:
        """Whether there is a `ca.crt` by which servers prove who they are."""
        return self.offer is not None and bool(self.offer.trusted)

    def tell_server(self, cluster: Key) -> Mapping[str, Any]:
        """Fields of the published server's spec."""
        if self.offer is None:
            return {}
        reference = {"secretRef": {"name": certificate_key(cluster).name, "keys": {"ca": TRUSTED}}}
        return {"tls": {"enabled": True, "mode": "verify-full", **(reference if self.offer.trusted else {})}}

    def tell(self, outcome: Outcome, now: datetime, *, waits: bool = False) -> Outcome:
        """The same outcome, with the certificate in it. `waits`: servers have not been told yet what is new."""
        if self.offer is None:
            if not (self.has_encrypted and waits):
                return outcome
            condition = Condition(ENCRYPTED, "True", ENCRYPTED, "servers encrypt until they can be told not to")
            return replace(outcome, conditions=(*outcome.conditions, condition))
        until = format_time(find_end(self.offer.shown.certificate))
        if self.fault is not None:
            message = f"{self.fault.message}; servers go on with a certificate that is valid until {until}"
            condition, pause = Condition(ENCRYPTED, "False", self.fault.reason, message), WAIT_SECONDS
        else:
            message = f"connections can be encrypted; the certificate is valid until {until}"
            condition = Condition(ENCRYPTED, "True", ENCRYPTED, message)
            pause = min(max((self.offer.until - now).total_seconds(), 1.0), LONGEST_PAUSE_SECONDS)
        soon = outcome.requeue_after
        return replace(
            outcome,
            conditions=(*outcome.conditions, condition),
            requeue_after=min(pause, soon) if soon is not None else pause,
        )


class Certificates:
    """Of one cluster after another."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def keep(self, cluster: Cluster) -> Encryption:
        """Called before servers are told to encrypt.

        Raises Waiting where there is no certificate yet, and Refused where a name of ours is taken.
        """
        if not cluster.workload.encrypted:
            return Encryption(has_encrypted=bool(read_condition(cluster.resource, ENCRYPTED)))
        found = await self._find_ours(certificate_key(cluster.key), cluster)
        values = read_values(found) if found is not None else {}
        offer = await self._obtain(cluster, values)
        if isinstance(offer, Offer):
            await self._show(cluster, found, offer)
            return Encryption(offer)
        held = check(values, certificate_key(cluster.key))
        if not isinstance(held, Offer):
            raise Waiting(offer.reason, offer.message, requeue_after=WAIT_SECONDS)
        return Encryption(held, offer)

    async def drop(self, cluster: Cluster, encryption: Encryption) -> None:
        """Called when servers have been told not to encrypt any more: what they encrypted with is of no use."""
        if not encryption.has_encrypted:
            return
        found = await self._client.get(SECRET, certificate_key(cluster.key))
        if found is not None and is_controlled_by(found, cluster.resource):
            await self._forget_source(cluster, found)
            await self._client.delete(SECRET, found.key, uid=found.metadata.uid)

    async def _obtain(self, cluster: Cluster, shown: Values) -> Offer | Fault:
        tls = cluster.spec.tls
        assert tls is not None, "a workload encrypts where its spec says so"
        if tls.cert_manager is not None:
            return await self._ask_cert_manager(cluster, tls.cert_manager.issuer_ref)
        if tls.secret_name is not None:
            return await self._read(Key(cluster.key.namespace, tls.secret_name))
        return await self._sign(cluster, shown)

    async def _sign(self, cluster: Cluster, shown: Values) -> Offer:
        """The authority is written before anything that it signs, so that it is believed whenever that is seen."""
        key = authority_key(cluster.key)
        found = await self._find_ours(key, cluster)
        authority = read_authority(read_values(found)) if found is not None else None
        now = self._clock.now()
        identity = renew(authority, read_pair(shown), f"{key.name}.{key.namespace}", names_of(cluster), now)
        made = identity.authority
        if made != authority:
            values = {TRUSTED: made.bundle, AUTHORITY_KEY: made.pair.private_key.reveal()}
            await self._client.apply(SECRET, build_secret(_metadata(cluster, key), values))
        return Offer(identity.shown, made.bundle, identity.due)

    async def _read(self, key: Key) -> Offer | Fault:
        secret = await self._client.get(SECRET, key)
        if secret is None:
            return Fault("CertificateNotFound", f"Secret {key} with the certificate does not exist")
        return check(read_values(secret), key, self._clock.now())

    async def _ask_cert_manager(self, cluster: Cluster, issuer: IssuerReference) -> Offer | Fault:
        key = issued_key(cluster.key)
        reference = {"name": issuer.name, "kind": issuer.kind, "group": issuer.group}
        body = build_certificate(_metadata(cluster, key), names_of(cluster), reference, key.name)
        try:
            found = await self._client.get(CERTIFICATE, key)
            if found is not None and not is_controlled_by(found, cluster.resource):
                raise _taken(found)
            asked = await self._client.apply(CERTIFICATE, body)
        except NotFound:
            return Fault(
                "CertManagerNotServed",
                "this Kubernetes cluster has no cert-manager: install it, or give no certManager",
            )
        except Forbidden as error:
            return Fault("CertManagerForbidden", f"its Certificate cannot be made: {error.message}")
        offer = await self._read(key)
        if isinstance(offer, Fault) and offer.reason == "CertificateNotFound":
            return Fault("CertificatePending", _explain(asked))
        return offer

    async def _show(self, cluster: Cluster, found: Resource | None, offer: Offer) -> None:
        assert cluster.spec.tls is not None
        source = cluster.spec.tls.source
        metadata = {**_metadata(cluster, certificate_key(cluster.key)), "annotations": {SOURCE: source}}
        if found is not None:  # who deletes it wants another pair: this one must not come back
            metadata["uid"] = found.metadata.uid
        await self._client.apply(SECRET, build_secret(metadata, offer.values()))
        if found is not None and found.metadata.annotations.get(SOURCE) != source:
            await self._forget_source(cluster, found)
        if found is not None and read_pair(read_values(found)) != offer.shown:
            self._client.event(cluster.resource, "Normal", "CertificateRenewed", "the servers have a new certificate")

    async def _forget_source(self, cluster: Cluster, shown: Resource) -> None:
        """Where the pair in that Secret came from, if that was ours."""
        source = shown.metadata.annotations.get(SOURCE)
        if source == "authority":
            await self._delete(await self._client.get(SECRET, authority_key(cluster.key)), cluster)
        elif source == "cert-manager":
            key = issued_key(cluster.key)
            asked = await self._client.get(CERTIFICATE, key)
            if asked is not None and is_controlled_by(asked, cluster.resource):
                await self._client.delete(CERTIFICATE, key, uid=asked.metadata.uid)

    async def _delete(self, secret: Resource | None, cluster: Cluster) -> None:
        if secret is not None and is_controlled_by(secret, cluster.resource):
            await self._client.delete(SECRET, secret.key, uid=secret.metadata.uid)

    async def _find_ours(self, key: Key, cluster: Cluster) -> Resource | None:
        found = await self._client.get(SECRET, key)
        if found is not None and not is_controlled_by(found, cluster.resource):
            raise _taken(found)
        return found


def refer_to_certificates(cluster: Resource) -> Iterable[str]:
    """The tokens of the Secrets that it depends on."""
    tls = cluster.spec.get("tls")
    if tls is None or tls.get("enabled") is False:
        return
    source = issued_key(cluster.key) if tls.get("certManager") else authority_key(cluster.key)
    if tls.get("secretName"):
        source = Key(cluster.key.namespace, str(tls["secretName"]))
    yield from (token_of(SECRET, key) for key in (certificate_key(cluster.key), source))


def _metadata(cluster: Cluster, key: Key) -> dict[str, Any]:
    return build_metadata(key.name, cluster.resource, cluster_labels(cluster.key.name, cluster.engine.name))


def _taken(found: Resource) -> Refused:
    return Refused("SecretNotOurs", f"{found} exists and does not belong to this cluster: rename or delete it")


def _explain(asked: Resource) -> str:
    said = ready_message(asked)
    return f"cert-manager has not made the certificate {asked.key} yet" + (f": {said}" if said else "")
