"""What the server stores instead of a password: how it is made, and whether a password fits it.

The server stores a SCRAM-SHA-256 verifier (RFC 5802, RFC 7677; its form is that of `pg_authid.rolpassword` in
PostgreSQL's manual): `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`. It is made here and not by libpq,
which takes twice the time for it and lets no other thread run meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import stringprep
import unicodedata

SALT_BYTES = 16  # as libpq's
USUAL_ITERATIONS = 4096  # of servers that do not say theirs: before PostgreSQL 16 it cannot be set
_FORM = re.compile(
    r"SCRAM-SHA-256\$(?P<iterations>[1-9][0-9]{0,8}):(?P<salt>[^$:]+)\$(?P<stored>[^$:]+):(?P<server>[^$:]+)"
)
# Whoever may change their own password chooses the count; more than this would be an attack on our time.
MOST_ITERATIONS = 65_536
MOST_KNOWN = 4096
_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


_known: dict[bytes, None] = {}  # digests of pairs that fit, oldest first


def make_verifier(password: str, salt: bytes, iterations: int = USUAL_ITERATIONS) -> str:
    """What a server stores for the password; `salt` must be drawn anew for each. About 2 ms of one core."""
    salted = _salt(password, salt, iterations)
    stored, server = hashlib.sha256(_client_key(salted)).digest(), hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(piece).decode() for piece in (salt, stored, server)]
    made = "SCRAM-SHA-256${}:{}${}:{}".format(iterations, *encoded)
    remember(password, made)
    return made


def remember(password: str, verifier: str) -> None:
    """That the verifier was made of the password, so that nobody has to find out again."""
    _known[_pair(password, verifier)] = None
    if len(_known) > MOST_KNOWN:
        _known.pop(next(iter(_known)), None)


def fits(password: str, verifier: str) -> bool:
    """Whether logging in with the password would succeed; False for verifiers of any other form.

    Takes about 2 ms of one core for the usual 4,096 iterations, unless it is known already.
    """
    if _pair(password, verifier) in _known:
        return True
    if not _derives(password, verifier):
        return False
    remember(password, verifier)
    return True


def _pair(password: str, verifier: str) -> bytes:
    return hashlib.sha256(f"{verifier}\n{password}".encode()).digest()


def _derives(password: str, verifier: str) -> bool:
    match = _FORM.fullmatch(verifier)
    if match is None or int(match["iterations"]) > MOST_ITERATIONS:
        return False
    try:
        salt, stored = base64.b64decode(match["salt"], validate=True), base64.b64decode(match["stored"], validate=True)
    except binascii.Error:
        return False
    client_key = _client_key(_salt(password, salt, int(match["iterations"])))
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), stored)


def _salt(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", prepare(password).encode(), salt, iterations)


def _client_key(salted: bytes) -> bytes:
    return hmac.digest(salted, b"Client Key", "sha256")


def digest(verifier: str, version: str) -> str:
    """What is remembered of a successful check: it changes with the verifier and with the Secret's version."""
    return hashlib.sha256(f"{version}\n{verifier}".encode()).hexdigest()


def prepare(password: str) -> str:
    """SASLprep (RFC 4013) as libpq applies it: a password that it does not allow is taken as it is."""
    if password.isascii():
        return password
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    prepared = unicodedata.normalize("NFKC", mapped)
    if not prepared or any(prohibits(c) for c in prepared for prohibits in _PROHIBITED) or _mixes_directions(prepared):
        return password
    return prepared


def _mixes_directions(text: str) -> bool:
    """RFC 3454, section 6."""
    if not any(map(stringprep.in_table_d1, text)):
        return False
    return any(map(stringprep.in_table_d2, text)) or not (
        stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    )
