"""Which proxy leads to a server, as the environment has it: the rules of Go's `golang.org/x/net/http/httpproxy`."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def find_proxy(server: str, environment: Mapping[str, str]) -> str:
    """The URL of the proxy for a server's URL; empty where it is reached straight, as this machine itself always is."""
    address = urlsplit(server)
    host = (address.hostname or "").lower()
    port = address.port or (443 if address.scheme == "https" else 80)
    name = f"{address.scheme}_proxy"
    proxy = environment.get(name.upper()) or environment.get(name) or ""
    exempt = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    if not proxy or _is_this_machine(host) or any(_covers(part, host, port) for part in exempt.split(",")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_this_machine(host: str) -> bool:
    address = _parse_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _covers(entry: str, host: str, port: int) -> bool:
    """`*`, an address, a network, a domain with all below it (`.domain`: only those), each with a port or without."""
    entry = entry.strip().lower()
    if not entry or entry == "*":
        return bool(entry)
    address = _parse_address(host)
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, _, wanted = entry.rpartition(":") if entry.count(":") == 1 or "]:" in entry else (entry, "", "")
    if wanted and wanted != str(port):
        return False
    name = name.strip("[]")
    if address is not None:
        return _parse_address(name) == address
    suffix = name.removeprefix("*")
    return host.endswith(suffix) if suffix.startswith(".") else host == suffix or host.endswith(f".{suffix}")


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
