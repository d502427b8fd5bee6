"""Semantic versions for rules: `semver` and what can be asked of one.

Source: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-semver-library; which texts are versions is the
library github.com/blang/semver/v4, whose words these are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.things import Opaque, Value
from dbaas.apiserver.schemas.wording import quote

_Key = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]
_LARGEST = 2**64


def to_version(text: str, is_loose: bool = False) -> Opaque:
    """Two versions are equal that differ only in how they were built. Raises Failure."""
    return Opaque("kubernetes.Semver", _parse(_normal(text) if is_loose else text))


def is_version(text: str, is_loose: bool = False) -> bool:
    try:
        to_version(text, is_loose)
    except Failure:
        return False
    return True


def _normal(text: str) -> str:
    """With all three numbers, and without zeros before them and a `v` before all."""
    parts = text.removeprefix("v").split(".", 2)
    for index, part in enumerate(parts):
        if len(part) > 1:
            rest = part.lstrip("0")
            parts[index] = rest if rest[:1] in set("0123456789") else f"0{rest}"
    if len(parts) < 3 and re.search(r"[+-]", parts[-1]):
        raise Failure("short version cannot contain PreRelease/Build meta data")
    return ".".join([*parts, "0", "0"][: max(3, len(parts))])


def _parse(text: str) -> _Key:
    if not text:
        raise Failure("Version string empty")
    parts = text.split(".", 2)
    if len(parts) != 3:
        raise Failure("No Major.Minor.Patch elements found")
    major, minor = _number(parts[0], "Major"), _number(parts[1], "Minor")
    rest, plus, build = parts[2].partition("+")
    rest, dash, before = rest.partition("-")
    patch = _number(rest, "Patch")
    release = tuple(map(_identifier, before.split("."))) if dash else ()
    for each in build.split(".") if plus else ():
        if not each:
            raise Failure("Build meta data is empty")
        if re.fullmatch(r"[0-9A-Za-z-]+", each) is None:
            raise Failure(f"Invalid character(s) found in build meta data {quote(each)}")
    return major, minor, patch, not release, release


def _number(text: str, name: str) -> int:
    if re.fullmatch(r"[0-9]*", text) is None:
        raise Failure(f"Invalid character(s) found in {name.lower()} number {quote(text)}")
    if len(text) > 1 and text[0] == "0":
        raise Failure(f"{name} number must not contain leading zeroes {quote(text)}")
    return _uint64(text)


def _uint64(text: str) -> int:
    asked = f"strconv.ParseUint: parsing {quote(text)}: "
    if not text:
        raise Failure(f"{asked}invalid syntax")
    if int(text) >= _LARGEST:
        raise Failure(f"{asked}value out of range")
    return int(text)


def _identifier(text: str) -> tuple[bool, int, str]:
    """Numbers come before words."""
    if not text:
        raise Failure("Prerelease is empty")
    if re.fullmatch(r"[0-9]+", text):
        if len(text) > 1 and text[0] == "0":
            raise Failure(f"Numeric PreRelease version must not contain leading zeroes {quote(text)}")
        return False, _uint64(text), ""
    if re.fullmatch(r"[0-9A-Za-z-]+", text) is None:
        raise Failure(f"Invalid character(s) found in prerelease {quote(text)}")
    return True, 0, text


def compare(one: Opaque, other: Opaque) -> int:
    return int(one.content > other.content) - int(one.content < other.content)


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "semver": to_version,
    "isSemver": is_version,
    "major": lambda version: version.content[0],
    "minor": lambda version: version.content[1],
    "patch": lambda version: version.content[2],
}
