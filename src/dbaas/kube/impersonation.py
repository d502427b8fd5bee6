"""Whom a login speaks for, as the headers that say so. Pure.

A header may come several times: one for each group, one for each value of an extra field. Source: Kubernetes, "User
impersonation"; client-go, `transport/round_trippers.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Headers = tuple[tuple[str, str], ...]

# what a header's name may have (RFC 9110, 5.1), but "%", which begins what has been escaped
_PLAIN = frozenset(b"!#$&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def build_impersonation(
    user: str, uid: str = "", groups: Sequence[str] = (), extra: Mapping[str, Sequence[str]] | None = None
) -> Headers:
    """Nothing where nobody is named. Raises ValueError where all but the user is."""
    extra = extra or {}
    if not user and (uid or groups or extra):
        raise ValueError("it speaks for a uid, groups or extra fields and for no user (as)")
    return tuple(_headers(user, uid, groups, extra)) if user else ()


def _headers(
    user: str, uid: str, groups: Sequence[str], extra: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    yield "impersonate-user", user
    if uid:
        yield "impersonate-uid", uid
    for group in groups:
        yield "impersonate-group", group
    for key, values in extra.items():
        for value in values:
            yield f"impersonate-extra-{_escape(key)}", value


def _escape(key: str) -> str:
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in key.encode())
