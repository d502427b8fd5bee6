"""String formats that a schema may name, with what Kubernetes accepts for each.

Other formats (`int32`, `int64`, anything unknown) are notes for people: Kubernetes checks nothing by them.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

_HEX = "[0-9a-fA-F]"
_GO_DURATION = re.compile(r"[-+]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)")
_LOOSE_DURATION = re.compile(r"[0-9]+\s*([A-Za-zµ]+)")
_LOOSE_UNITS = ("nano", "micro", "milli", "sec", "min", "hour", "day", "week")
_EXACT_UNITS = frozenset(("ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"))
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+|[^@<>]*<[^\s@<>]+@[^\s@<>]+>")
# Letters as a, other letters, digits and symbols as x: one label with a dash only in second place, or several labels
# that end in a word of letters.
_HOSTNAME = re.compile(r"[ax](-?[ax]{0,62})?|([ax]([ax-]{0,61}[ax])?\.)+a{2,63}")
_SHORT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def _matches(pattern: str) -> Callable[[str], bool]:
    regex = re.compile(pattern, re.ASCII)
    return lambda text: regex.fullmatch(text) is not None


def _uuid(version: str, variant: str = _HEX) -> Callable[[str], bool]:
    return _matches(f"{_HEX}{{8}}-?{_HEX}{{4}}-?{version}{_HEX}{{3}}-?{variant}{_HEX}{{3}}-?{_HEX}{{12}}")


def is_date(text: str) -> bool:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def is_datetime(text: str) -> bool:
    """The same few seconds come again and again."""
    day, separator, time = text.lower().partition("t")
    match = _TIME.fullmatch(time)
    if not separator or match is None or not is_date(day):
        return False
    return match[1] <= "23" and match[2] <= "59" and match[3] <= "59"


def is_duration(text: str) -> bool:
    """Go's durations (`1h30m`), and number with unit written in other ways (`2 days`)."""
    if _GO_DURATION.fullmatch(text):
        return True
    units = [unit.lower() for unit in _LOOSE_DURATION.findall(text)]
    return any(unit in _EXACT_UNITS or unit.startswith(_LOOSE_UNITS) for unit in units)


_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> timedelta:
    """Go's durations (`1h30m`). Raises ValueError."""
    if not _GO_DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration")
    parts = re.findall(r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)", text)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def _is_address(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def accepts(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return "%" not in text

    return accepts


def _is_cidr(text: str) -> bool:
    return re.search(r"/[0-9]+$", text) is not None and _is_address(lambda each: ipaddress.ip_network(each, False))(
        text
    )


def _is_uri(text: str) -> bool:
    """Absolute, or an absolute path."""
    if not text or any(letter.isspace() or ord(letter) < 0x20 for letter in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) or text.startswith("/")


def _is_hostname(text: str) -> bool:
    shape = "".join(map(_host_letter, text))
    fits = len(text.encode()) <= 255 and all(len(label.encode()) <= 63 for label in text.split("."))
    return fits and _HOSTNAME.fullmatch(shape) is not None


def _host_letter(letter: str) -> str:
    if letter in "-.":
        return letter
    category = unicodedata.category(letter)
    if category.startswith("L"):
        return "a"
    return "x" if category.startswith("S") or (letter.isascii() and letter.isdigit()) else "?"


def _is_base64(text: str) -> bool:
    if not text:
        return False
    try:
        base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_rgb(text: str) -> bool:
    parts = re.fullmatch(r"rgb\(\s*([0-9]+)\s*,\s*([0-9]+)\s*,\s*([0-9]+)\s*\)", text)
    return parts is not None and all(int(each) <= 255 and str(int(each)) == each for each in parts.groups())


def _is_long_name(text: str) -> bool:
    return 0 < len(text) <= 253 and all(_SHORT_NAME.fullmatch(part) for part in text.split("."))


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "bsonobjectid": _matches(f"{_HEX}{{24}}"),
    "uri": _is_uri,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "hostname": _is_hostname,
    "ipv4": _is_address(ipaddress.IPv4Address),
    "ipv6": _is_address(ipaddress.IPv6Address),
    "cidr": _is_cidr,
    "mac": _matches(f"{_HEX}{{2}}([:-]{_HEX}{{2}}){{5}}(([:-]{_HEX}{{2}}){{2}})?|{_HEX}{{4}}(\\.{_HEX}{{4}}){{2,3}}"),
    "uuid": _matches(f"{_HEX}{{8}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{12}}"),
    "uuid3": _uuid("3"),
    "uuid4": _uuid("4", "[89abAB]"),
    "uuid5": _uuid("5", "[89abAB]"),
    "hexcolor": _matches(f"#?({_HEX}{{3}}|{_HEX}{{6}})"),
    "rgbcolor": _is_rgb,
    "byte": _is_base64,
    "byteorempty": lambda text: not text or _is_base64(text),
    "password": lambda text: True,
    "date": is_date,
    "duration": is_duration,
    "datetime": is_datetime,
    "k8sshortname": lambda text: len(text) <= 63 and _SHORT_NAME.fullmatch(text) is not None,
    "k8slongname": _is_long_name,
}
UNSUPPORTED = frozenset({"isbn", "isbn10", "isbn13", "creditcard", "ssn"})


def format_check(name: str) -> Callable[[str], bool] | None:
    """The check of a format, None where it has none."""
    return _CHECKS.get(name.replace("-", ""))
