"""X.509 certificates of our own: an authority, and what it signs. ECDSA on P-256, as Kubernetes makes its own.

Keys are drawn by the library from the operating system's source. Source: RFC 5280; CA/Browser Forum for back-dating.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dbaas.core.key_pair import KeyPair
from dbaas.core.secrets import Secret

BACKDATED = timedelta(minutes=5)  # clocks differ: a certificate of this very moment would be refused by some
RENEWED_AT = 2 / 3  # of its life


class BadCertificate(ValueError):
    """A text that is no certificate or key, or a pair that does not belong together."""


def make_authority(name: str, now: datetime, life: timedelta) -> KeyPair:
    """One that signs itself, and may sign certificates of servers and clients but no other authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        _start(subject, subject, key, now, life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _finish(builder, key, key)


def issue_certificate(authority: KeyPair, names: Sequence[str], now: datetime, life: timedelta) -> KeyPair:
    """For a server of these names and addresses; the first is its common name. Never outlives the authority."""
    signer, signer_key = _read(authority.certificate), _read_key(authority.private_key)
    key = ec.generate_private_key(ec.SECP256R1())
    life = min(life, signer.not_valid_after_utc - now)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        _start(_name(names[0]), signer.subject, key, now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key()),
            critical=False,
        )
    )
    return _finish(builder, key, signer_key)


def find_due(certificate: str) -> datetime:
    """When it should be made anew: when two thirds of its life are over. Raises BadCertificate."""
    read = _read(certificate)
    life = read.not_valid_after_utc - read.not_valid_before_utc
    return read.not_valid_before_utc + life * RENEWED_AT


def find_end(certificate: str) -> datetime:
    """From when on nobody accepts it any more. Raises BadCertificate."""
    return _read(certificate).not_valid_after_utc


def is_due(certificate: str, now: datetime) -> bool:
    """Whether it should be made anew. Raises BadCertificate."""
    return now >= find_due(certificate)


def is_over(certificate: str, now: datetime) -> bool:
    """Whether nobody accepts it any more. Raises BadCertificate."""
    return now >= find_end(certificate)


def belongs(pair: KeyPair) -> bool:
    """Whether the key is that of the (first) certificate, whatever kind of key it is. Raises BadCertificate."""
    certified, own = _read(pair.certificate).public_key(), _read_any_key(pair.private_key).public_key()
    return _encode(certified) == _encode(own)


def serves(pair: KeyPair, authority: str, names: Sequence[str]) -> bool:
    """Whether a server of these names can show it to who trusts the authority. Raises BadCertificate.

    Without names: whether the key belongs to it and the authority has signed it.
    """
    read, signer = _read(pair.certificate), _read(authority)
    if read.public_key() != _read_key(pair.private_key).public_key():
        return False
    try:
        read.verify_directly_issued_by(signer)
        if not names:
            return True
        stated = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return {_alternative(name) for name in names} <= set(stated)


def split_bundle(text: str) -> list[str]:
    """The certificates of a PEM bundle, in order."""
    end = "-----END CERTIFICATE-----"
    return [f"{part.strip()}\n{end}\n" for part in text.split(end) if "-----BEGIN CERTIFICATE-----" in part]


def _start(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _finish(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> KeyPair:
    signed = builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(signed.decode(), Secret(private.decode()))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _read(text: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError as error:
        raise BadCertificate("it is no PEM certificate") from error


def _read_key(key: Secret) -> ec.EllipticCurvePrivateKey:
    read = _read_any_key(key)
    if not isinstance(read, ec.EllipticCurvePrivateKey):
        raise BadCertificate("it is no elliptic-curve key")
    return read


def _read_any_key(key: Secret) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(key.reveal().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadCertificate("it is no PEM key without a password") from error


def _encode(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
