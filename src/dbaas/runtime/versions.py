"""Which of two resourceVersions is newer.

Since KEP-5504 they are integers that grow, within one kind at least; what is no integer can only be equal or not.
"""

from __future__ import annotations


def is_newer(version: str, than: str) -> bool:
    """Opaque versions count as newer when they differ: the server's word is taken."""
    if version.isdigit() and than.isdigit():
        return int(version) > int(than)
    return version != than


def is_older(version: str, than: str) -> bool:
    """Only where it can be known."""
    return version.isdigit() and than.isdigit() and int(version) < int(than)


def newest(first: str, second: str) -> str:
    return second if not first or is_newer(second, first) else first
