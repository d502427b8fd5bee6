"""Encryption as libpq does it, and why it failed in words that help.

libpq takes certificates from files only. They are written for the time of one connection attempt into a folder that
nobody else can enter, and are gone afterwards. Of a certificate that it does not accept it says no more than
"certificate verify failed", so the handshake is made once more by our own TLS library, which tells the reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import struct
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from dbaas.contracts.engine import Address, Tls, Untrusted
from dbaas.core.offload import Offload
from dbaas.engines.postgres.options.instances import InstanceOptions

Encryption = Literal["", "off", "on", "verified"]
VERIFYING = ("verify-ca", "verify-full")
VERIFY_FAILED = "certificate verify failed"
NO_FILE = "/dev/null/none"  # else libpq looks into the home folder of whoever runs us
CERTIFICATE_CHOICE_SINCE = 160000  # of libpq, which looks into the home folder for a certificate of ours as well
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL's manual, "Message Formats"
_SECONDS = 5.0


class Sign(NamedTuple):
    """A part of what libpq says, what it means, and for which reason it is told."""

    text: str
    reason: str
    meaning: str


SIGNS = (
    Sign("server does not support SSL", "TLSNotOffered", "the server offers no encryption, and it is asked for"),
    Sign("does not match host name", "HostNameMismatch", ""),
    Sign("root certificate file", "CertificateInvalid", "the certificate of the authority cannot be read as PEM"),
    Sign("no certificate or crl found", "CertificateInvalid", "the certificate of the authority cannot be read as PEM"),
    Sign("could not load private key", "CertificateInvalid", "the key of our certificate cannot be read"),
    Sign("certificate does not match private key", "CertificateInvalid", "our certificate and its key do not fit"),
    Sign("could not read certificate file", "CertificateInvalid", "our certificate cannot be read as PEM"),
    Sign("alert unknown ca", "CertificateRefused", "the server does not know the authority of our certificate"),
    Sign("alert certificate required", "CertificateRefused", "the server asks for a certificate of ours"),
    Sign("alert certificate expired", "CertificateRefused", "our certificate has expired"),
    Sign("alert decrypt error", "CertificateRefused", "the server does not know the authority of our certificate"),
    Sign("alert bad certificate", "CertificateRefused", "the server does not accept our certificate"),
    Sign(VERIFY_FAILED, "CertificateNotTrusted", "the server's certificate is not trusted"),
    Sign("SSL error", "TLSFailed", ""),
)  # fmt: skip
_REASONS = {10: "CertificateExpired", 9: "CertificateNotYetValid", 62: "HostNameMismatch", 64: "HostNameMismatch"}


def mode_of(address: Address) -> str:
    """The sslmode that holds: that of `tls`, else that of the engine's block."""
    return address.tls.mode or InstanceOptions.model_validate(dict(address.options)).ssl_mode


@contextlib.asynccontextmanager
async def certificates(address: Address, offload: Offload) -> AsyncIterator[Mapping[str, str]]:
    """libpq's parameters for an attempt to connect; the files that they name are there until the end of the block."""
    if not (address.tls.ca or address.tls.certificate):
        yield _parameters(address, None)
        return
    folder = await offload.run(_write_files, address.tls)
    try:
        yield _parameters(address, Path(folder.name))
    finally:
        await offload.run(folder.cleanup)


def encryption_of(mode: str, *, in_use: bool) -> Encryption:
    """What a connection made in that mode has."""
    return "off" if not in_use else "verified" if mode in VERIFYING else "on"


def find_sign(text: str) -> Sign | None:
    """What libpq's message says of encryption; None where it is about something else."""
    return next((sign for sign in SIGNS if sign.text.lower() in text.lower()), None)


async def explain(address: Address, failure: Untrusted) -> Untrusted:
    """The same failure, with the reason why the server's certificate is not accepted where that can be found out."""
    if failure.reason != "CertificateNotTrusted":
        return failure
    try:
        async with asyncio.timeout(_SECONDS):
            await _shake_hands(address)
    except ssl.SSLCertVerificationError as error:
        reason = _REASONS.get(error.verify_code, failure.reason)
        return Untrusted(f"{failure.message}: {error.verify_message.rstrip('.')}", reason=reason)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return failure
    return failure


async def _shake_hands(address: Address) -> None:
    """Asks for encryption and accepts it or not, as the mode says; then goes away."""
    context = ssl.create_default_context(cadata=address.tls.ca or None)
    context.check_hostname = mode_of(address) == "verify-full"
    host, port = address.via or (address.host, address.port)
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_SSL_REQUEST)
        if await reader.readexactly(1) == b"S":
            await writer.start_tls(context, server_hostname=address.host)
    finally:
        writer.transport.abort()


def _parameters(address: Address, folder: Path | None) -> Mapping[str, str]:
    from psycopg import pq  # loaded when first used: it is slow to import

    mode, tls = mode_of(address), address.tls
    found = {"sslmode": mode, "sslrootcert": _authority(mode, tls, folder)}
    if tls.certificate and folder is not None:
        found |= {"sslcert": str(folder / "certificate"), "sslkey": str(folder / "key")}
    elif pq.version() >= CERTIFICATE_CHOICE_SINCE:
        found["sslcertmode"] = "disable"
    return found


def _authority(mode: str, tls: Tls, folder: Path | None) -> str:
    """Where the certificates are of the authorities to trust; in modes that do not verify libpq shall not either."""
    if mode not in VERIFYING:
        return NO_FILE
    if tls.ca and folder is not None:
        return str(folder / "authority")
    return ssl.get_default_verify_paths().cafile or ("system" if mode == "verify-full" else NO_FILE)


def _write_files(tls: Tls) -> tempfile.TemporaryDirectory[str]:
    """In a folder for us alone, as `mkdtemp` makes it."""
    folder = tempfile.TemporaryDirectory(prefix="dbaas-tls-")
    texts = {"authority": tls.ca, "certificate": tls.certificate, "key": tls.key.reveal()}
    for name, text in texts.items():
        descriptor = os.open(Path(folder.name) / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
    return folder
