"""The authority of a cluster that nobody else gives a certificate: what signs, what is believed, what is shown. Pure.

Clients have copies of what they believe, and a copy takes its time to arrive. So an authority that comes signs nothing
as long as the certificate is good that the one before it has just signed once more; and that one is believed until it
is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dbaas.core.certificates import (
    BadCertificate,
    find_due,
    is_due,
    is_over,
    issue_certificate,
    make_authority,
    serves,
)
from dbaas.core.key_pair import KeyPair

AUTHORITY_LIFE = timedelta(days=730)
CERTIFICATE_LIFE = timedelta(days=90)


@dataclass(frozen=True)
class Authority:
    """`pair` signs what comes next; `believed` are all certificates to trust, newest first."""

    pair: KeyPair
    believed: tuple[str, ...]

    @property
    def bundle(self) -> str:
        return "".join(self.believed)


@dataclass(frozen=True)
class Identity:
    """An authority, and what servers show."""

    authority: Authority
    shown: KeyPair

    @property
    def due(self) -> datetime:
        """When something of it must be made anew."""
        return min(find_due(self.authority.pair.certificate), find_due(self.shown.certificate))


def renew(
    authority: Authority | None, shown: KeyPair | None, name: str, names: Sequence[str], now: datetime
) -> Identity:
    """What there should be now: what is held, where nothing is due. Pure but for the keys that are drawn."""
    if authority is None or not _is_sound(authority, now):
        authority = _make(name, now, ())
    believed = tuple(each for each in authority.believed if not is_over(each, now))
    authority, retires = Authority(authority.pair, believed), is_due(authority.pair.certificate, now)
    if shown is None or retires or not _does(shown, believed, names, now):
        shown = issue_certificate(authority.pair, names, now, CERTIFICATE_LIFE)
    return Identity(_make(name, now, believed) if retires else authority, shown)


def _make(name: str, now: datetime, before: Sequence[str]) -> Authority:
    pair = make_authority(name, now, AUTHORITY_LIFE)
    return Authority(pair, (pair.certificate, *before))


def _is_sound(authority: Authority, now: datetime) -> bool:
    """Whether it can be gone on with: somebody may have written anything into its Secret."""
    try:
        for each in authority.believed:
            is_over(each, now)
        return serves(authority.pair, authority.pair.certificate, ()) and not is_over(authority.pair.certificate, now)
    except BadCertificate:
        return False


def _does(shown: KeyPair, believed: Sequence[str], names: Sequence[str], now: datetime) -> bool:
    try:
        return not is_due(shown.certificate, now) and any(serves(shown, each, names) for each in believed)
    except BadCertificate:
        return False
