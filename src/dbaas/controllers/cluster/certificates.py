"""What a cluster's servers show and clients trust: its names, its Secrets, and what is wrong with one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from dbaas.api.resource import Key
from dbaas.contracts.provider import certificate_of
from dbaas.controllers.cluster.authority import Authority
from dbaas.controllers.cluster.subject import Cluster
from dbaas.core.certificates import BadCertificate, belongs, find_end, is_over, split_bundle
from dbaas.core.key_pair import KeyPair
from dbaas.core.secrets import Secret

TRUSTED, AUTHORITY_KEY, SHOWN, SHOWN_KEY = "ca.crt", "ca.key", "tls.crt", "tls.key"
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
WAYS = ("rw", "ro", "r")

Values = Mapping[str, Secret]


class Fault(NamedTuple):
    """Why servers cannot be given that certificate, as a condition shows it."""

    reason: str
    message: str


@dataclass(frozen=True)
class Offer:
    """A pair that fits. `trusted`: what clients need; empty where all machines trust who has signed.

    `until` is when to look again at the latest.
    """

    shown: KeyPair
    trusted: str
    until: datetime

    def values(self) -> dict[str, str]:
        """As they stand in the Secret that servers read."""
        shown = {SHOWN: self.shown.certificate, SHOWN_KEY: self.shown.private_key.reveal()}
        return {**shown, TRUSTED: self.trusted} if self.trusted else shown


def certificate_key(cluster: Key) -> Key:
    """Of the Secret that servers read."""
    return Key(cluster.namespace, certificate_of(cluster.name, SHOWN).name)


def authority_key(cluster: Key) -> Key:
    """Of the Secret with the cluster's own authority."""
    return Key(cluster.namespace, f"{cluster.name}-authority")


def issued_key(cluster: Key) -> Key:
    """Of cert-manager's Certificate for it, and of the Secret that cert-manager makes."""
    return Key(cluster.namespace, f"{cluster.name}-cert-manager")


def names_of(cluster: Cluster) -> list[str]:
    """By which clients reach its servers, the usual one first."""
    if cluster.provider.runs_on == "laptop":
        return list(LOCAL_NAMES)
    name, namespace = cluster.key.name, cluster.key.namespace
    domains = (f".{namespace}.svc.cluster.local", f".{namespace}.svc", f".{namespace}", "")
    ways = WAYS if cluster.workload.pooler is None else (*WAYS, "pooler")
    services = [f"{name}-{way}{domain}" for domain in domains for way in ways]
    pods = [f"*.{name}-pods.{namespace}.svc.cluster.local"]
    return [*services, *pods, *_external_names(cluster)]


def read_pair(values: Values) -> KeyPair | None:
    """None where it is not whole."""
    if SHOWN not in values or SHOWN_KEY not in values:
        return None
    return KeyPair(values[SHOWN].reveal(), values[SHOWN_KEY])


def read_authority(values: Values) -> Authority | None:
    """None where it is not whole."""
    believed = tuple(split_bundle(values[TRUSTED].reveal())) if TRUSTED in values else ()
    if not believed or AUTHORITY_KEY not in values:
        return None
    return Authority(KeyPair(believed[0], values[AUTHORITY_KEY]), believed)


def check(values: Values, secret: Key, now: datetime | None = None) -> Offer | Fault:
    """What somebody else has put into that Secret; not whether clients trust it, which only they can tell.

    Without `now` whatever its age is.
    """
    missing = [key for key in (SHOWN, SHOWN_KEY) if key not in values]
    if missing:
        return _invalid(secret, f"it has no {' and no '.join(missing)}")
    pair = KeyPair(values[SHOWN].reveal(), values[SHOWN_KEY])
    trusted = values[TRUSTED].reveal() if TRUSTED in values else ""
    try:
        if not belongs(pair):
            return _invalid(secret, f"its {SHOWN_KEY} is not the key of its {SHOWN}")
        if now is not None and is_over(pair.certificate, now):
            return Fault("CertificateExpired", f"the certificate in Secret {secret} has expired: renew it")
        until = find_end(pair.certificate)
    except BadCertificate as error:
        return _invalid(secret, f"in {SHOWN} or {SHOWN_KEY} {error}")
    if trusted and not _can_be_read(trusted):
        return _invalid(secret, f"its {TRUSTED} is no PEM certificate")
    return Offer(pair, trusted, until)


def _invalid(secret: Key, what: str) -> Fault:
    return Fault("CertificateInvalid", f"Secret {secret} cannot be used: {what}")


def _can_be_read(bundle: str) -> bool:
    found = split_bundle(bundle)
    try:
        for each in found:
            find_end(each)
    except BadCertificate:
        return False
    return bool(found)


def _external_names(cluster: Cluster) -> Iterator[str]:
    """Several may stand there, as external-dns has them."""
    expose = cluster.spec.expose
    for name in (expose.external_dns or "").split(",") if expose is not None else ():
        if name.strip():
            yield name.strip()
