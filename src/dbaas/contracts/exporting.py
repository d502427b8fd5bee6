"""An exporter: a program beside an instance that tells its metrics, with a login that may do no more than look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas.contracts.provider import SecretKey, ServerImage


@dataclass(frozen=True)
class Exporter:
    """What runs beside each instance and tells its metrics at `port`, by HTTP.

    It logs in as a user of its own with the password of `login` (by `exporter_login`). `user` is the spec of that
    DatabaseUser, without its server and its Secret. `$(PORT_<NAME>)`, `$(PASSWORD_FILE)`, `$(METRICS_HOST)` and
    `$(METRICS_PORT)` in `arguments` and `env` are expanded.

    Where there are no containers it is a program of one of these names; `install` says how to get one.
    """

    image: ServerImage
    port: int
    login: SecretKey
    user: Mapping[str, Any]
    arguments: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    programs: tuple[str, ...] = ()
    install: str = ""


@dataclass(frozen=True)
class ExporterFacts:
    """How the exporter of an instance is; `endpoint` is `host:port`, empty until there is one.

    `is_missing`: its program is not installed.
    """

    instance: str
    is_ready: bool = False
    endpoint: str = ""
    message: str = ""
    is_missing: bool = False


def exporter_login(cluster: str) -> SecretKey:
    """Where the password of the exporter's user is; that DatabaseUser has the name of the Secret."""
    return SecretKey(f"{cluster}-exporter", "password")
