"""Addresses of hosts and networks for rules: `ip`, `cidr` and what can be asked of them.

Source: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-ip-address-library;
which texts are addresses, and why others are not, is Go's `net/netip`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from dbaas.apiserver.schemas.expressions.failures import Failure, NoOverload
from dbaas.apiserver.schemas.expressions.things import Opaque
from dbaas.apiserver.schemas.wording import quote

Address = IPv4Address | IPv6Address
_IP, _CIDR = "net.IP", "net.CIDR"
_GROUPS = 8


class _Unreadable(ValueError):
    """`at` is what is left of the text where the mistake is."""

    def __init__(self, reason: str, at: str = "") -> None:
        super().__init__(reason)
        self.at = at


def is_ip(text: str) -> bool:
    return _is_read(_parse_ip, text)


def to_ip(source: str | Opaque) -> Opaque:
    """Of a text or of a network. Raises Failure."""
    if isinstance(source, Opaque):
        return Opaque(_IP, source.content.rpartition("/")[0])
    return Opaque(_IP, str(_parse_ip(source)))


def address_mistake(text: str) -> str:
    """Why a text is no address to Go; empty if it is one."""
    try:
        _read_address(text)
    except _Unreadable as error:
        return _explain(text, error)
    return ""


def is_canonical(text: str) -> bool:
    return str(_parse_ip(text)) == text


def is_cidr(text: str) -> bool:
    return _is_read(_parse_cidr, text)


def to_cidr(text: str) -> Opaque:
    """Raises Failure."""
    address, bits = _parse_cidr(text)
    return Opaque(_CIDR, f"{address}/{bits}")


def contains_ip(network: Opaque, address: str | Opaque) -> bool:
    """A text that is no address Kubernetes takes for a value of another type."""
    if isinstance(address, str):
        if not is_ip(address):
            raise NoOverload
        address = to_ip(address)
    found = ip_address(address.content)
    inside = _network(network)
    return found.version == inside.version and found in inside


def contains_cidr(network: Opaque, other: str | Opaque) -> bool:
    outer, inner = _network(network), _network(to_cidr(other) if isinstance(other, str) else other)
    return outer.version == inner.version and outer.prefixlen <= inner.prefixlen and outer.overlaps(inner)


def prefix_length(network: Opaque) -> int:
    return int(network.content.rpartition("/")[2])


def masked(network: Opaque) -> Opaque:
    return Opaque(_CIDR, str(_network(network)))


def _of_address(ask: Callable[[Address], Any]) -> Callable[[Opaque], Any]:
    return lambda value: ask(ip_address(value.content))


def _is_link_local_multicast(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address in ip_network("224.0.0.0/24")
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 2


def _is_link_local(address: Address) -> bool:
    return address in ip_network("169.254.0.0/16" if address.version == 4 else "fe80::/10")


def _is_global(address: Address) -> bool:
    if address.is_unspecified or str(address) == "255.255.255.255":
        return False
    return not (address.is_loopback or address.is_multicast or _is_link_local(address))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "ip": to_ip,
    "ip.isCanonical": is_canonical,
    "isIP": is_ip,
    "isCIDR": is_cidr,
    "cidr": to_cidr,
    "containsIP": contains_ip,
    "containsCIDR": contains_cidr,
    "prefixLength": prefix_length,
    "masked": masked,
    "family": _of_address(lambda address: address.version),
    "isUnspecified": _of_address(lambda address: address.is_unspecified),
    "isLoopback": _of_address(lambda address: address.is_loopback),
    "isLinkLocalMulticast": _of_address(_is_link_local_multicast),
    "isLinkLocalUnicast": _of_address(_is_link_local),
    "isGlobalUnicast": _of_address(_is_global),
}


def _network(value: Opaque) -> IPv4Network | IPv6Network:
    return ip_network(value.content, strict=False)


def _is_read(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _parse_ip(text: str) -> Address:
    try:
        found = _read_address(text)
    except _Unreadable as error:
        why = f"parse error during conversion from string: {_explain(text, error)}"
        raise Failure(f"IP Address {quote(text)} {why}") from error
    if "%" in text:
        raise Failure(f"IP address {quote(text)} with zone value is not allowed")
    _refuse_mapped(found, text)
    return found


def _parse_cidr(text: str) -> tuple[Address, int]:
    why = "network address parse error during conversion from string: "
    host, slash, bits = text.rpartition("/")
    try:
        if not slash:
            raise _Unreadable("no '/'")
        found = _read_prefix(host, bits)
    except _Unreadable as error:
        raise Failure(f"{why}{why}netip.ParsePrefix({quote(text)}): {error}") from error
    try:
        _refuse_mapped(found, text)
    except ValueError as error:
        raise Failure(f"{why}{error}") from error
    return found, int(bits)


def _read_prefix(host: str, bits: str) -> Address:
    try:
        found = _read_address(host)
    except _Unreadable as error:
        raise _Unreadable(_explain(host, error)) from error
    if "%" in host:
        raise _Unreadable("IPv6 zones cannot be present in a prefix")
    if re.fullmatch(r"0|[1-9]\d{0,17}", bits, re.ASCII) is None:
        raise _Unreadable(f"bad bits after slash: {quote(bits)}")
    if int(bits) > found.max_prefixlen:
        raise _Unreadable("prefix length out of range")
    return found


def _refuse_mapped(address: Address, text: str) -> None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        raise Failure(f"IPv4-mapped IPv6 address {quote(text)} is not allowed")


def _explain(text: str, error: _Unreadable) -> str:
    return f"ParseAddr({quote(text)}): {error}" + (f" (at {quote(error.at)})" if error.at else "")


def _read_address(text: str) -> Address:
    first = re.search(r"[.:%]", text)
    if first is None:
        raise _Unreadable("unable to parse IP")
    if first.group() == "%":
        raise _Unreadable("missing IPv6 address")
    if first.group() == ".":
        return IPv4Address(_read_octets(text))
    address, percent, zone = text.partition("%")
    if percent and not zone:
        raise _Unreadable("zone must be a non-empty string")
    return IPv6Address(_read_groups(address))


def _read_octets(text: str) -> bytes:
    octets = [""]
    for index, letter in enumerate(text):
        if letter in "0123456789":
            if octets[-1] == "0":
                raise _Unreadable("IPv4 field has octet with leading zero")
            octets[-1] += letter
            if int(octets[-1]) > 255:
                raise _Unreadable("IPv4 field has value >255")
        elif letter != ".":
            raise _Unreadable("unexpected character", text[index:])
        elif octets[-1] == "" or index == len(text) - 1:
            raise _Unreadable("IPv4 field must have at least one digit", text[index:])
        elif len(octets) == 4:
            raise _Unreadable("IPv4 address too long")
        else:
            octets.append("")
    if len(octets) < 4:
        raise _Unreadable("IPv4 address too short")
    return bytes(map(int, octets))


def _read_groups(text: str) -> bytes:
    """The sixteen bytes of an address of hexadecimal groups, of which one `::` stands for some of zeros."""
    rest, gap, found = text, -1, b""
    if rest.startswith("::"):
        rest, gap = rest[2:], 0
    while rest and len(found) < 2 * _GROUPS:
        digits = _group_of(rest)
        if rest[len(digits) :].startswith("."):
            found, rest = found + _embedded(rest, len(found), has_gap=gap >= 0), ""
            break
        found += int(digits, 16).to_bytes(2)
        rest = rest[len(digits) :]
        if not rest:
            break
        rest = _after_colon(rest)
        if rest.startswith(":"):
            if gap >= 0:
                raise _Unreadable("multiple :: in address", rest)
            gap, rest = len(found), rest[1:]
    return _with_gap(found, rest, gap)


def _after_colon(rest: str) -> str:
    if not rest.startswith(":"):
        raise _Unreadable("unexpected character, want colon", rest)
    if rest == ":":
        raise _Unreadable("colon must be followed by more characters", rest)
    return rest[1:]


def _group_of(rest: str) -> str:
    found = re.match(r"[0-9a-fA-F]*", rest)
    digits = found.group() if found else ""
    if len(digits) > 4:
        raise _Unreadable("each group must have 4 or less digits", rest)
    if not digits:
        raise _Unreadable("each colon-separated field must have at least one digit", rest)
    return digits


def _embedded(rest: str, read: int, *, has_gap: bool) -> bytes:
    if not has_gap and read != 12:
        raise _Unreadable("embedded IPv4 address must replace the final 2 fields of the address", rest)
    if read + 4 > 2 * _GROUPS:
        why = "too many hex fields to fit an embedded IPv4 at the end of the address"
        raise _Unreadable(why, rest)
    return _read_octets(rest)


def _with_gap(found: bytes, rest: str, gap: int) -> bytes:
    if rest:
        raise _Unreadable("trailing garbage after address", rest)
    missing = 2 * _GROUPS - len(found)
    if missing and gap < 0:
        raise _Unreadable("address string too short")
    if not missing and gap >= 0:
        raise _Unreadable("the :: must expand to at least one field of zeros")
    return found[:gap] + bytes(missing) + found[gap:] if missing else found
