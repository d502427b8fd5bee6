"""What is refused in a DatabaseCluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.admission import Violation
from dbaas.core.quantity import parse_quantity
from dbaas.engines.postgres.parameters import explain_unknown, find_fault, parameters_of
from dbaas.engines.postgres.pooling import PROGRAM
from dbaas.engines.postgres.replication.settings import find_unfit
from dbaas.engines.postgres.server import ENCRYPTION, OUR_PARAMETERS
from dbaas.engines.postgres.server_log import FILES_OF_JSON, is_json
from dbaas.engines.postgres.sizing import LEAST_MEMORY, MEGABYTE


def settings_are_known(spec: DatabaseClusterSpec) -> Sequence[Violation]:
    """Every setting exists in that version, is not one of ours, and has a value that the server would start with."""
    return [
        Violation(f"spec.config[{index}].{where}", message, reason)
        for index, parameter in enumerate(spec.config)
        for where, message, reason in _check_setting(parameter.name, parameter.value, spec)
    ]


def pooler_is_known(spec: DatabaseClusterSpec) -> Sequence[Violation]:
    """There is one program that it can be."""
    if spec.proxy is None or spec.proxy.type is None or spec.proxy.type.lower() == PROGRAM:
        return []
    message = f"{spec.proxy.type!r} is no pooler that dbaas runs before PostgreSQL: use {PROGRAM}, or leave it out"
    return [Violation("spec.proxy.type", message, "FieldValueNotSupported")]


def memory_is_enough(spec: DatabaseClusterSpec) -> Sequence[Violation]:
    """What goes beyond its limit is killed, and a server that has just started must not."""
    most = spec.resources.limits.get("memory") if spec.resources else None
    if most is None or parse_quantity(most) >= LEAST_MEMORY * MEGABYTE:
        return []
    message = f"{most} is too little for PostgreSQL: give it {LEAST_MEMORY}Mi or more"
    return [Violation("spec.resources.limits.memory", message)]


def _check_setting(name: str, value: str, spec: DatabaseClusterSpec) -> Iterator[tuple[str, str, str]]:
    version, lowered = spec.engine.version, name.lower()
    known = parameters_of(version)
    if lowered in ENCRYPTION and spec.is_encrypted:
        yield "name", f"dbaas sets {name!r} itself where spec.tls is there", "FieldValueForbidden"
        return
    if lowered in FILES_OF_JSON and is_json(spec):
        message = f"dbaas sets {name!r} itself where spec.monitoring.logging.format is json"
        yield "name", message, "FieldValueForbidden"
        return
    if not known or "." in name:
        if any(character in value for character in "\0\r\n"):
            yield "value", "a value is one line", "FieldValueInvalid"
        return
    if lowered in OUR_PARAMETERS:
        yield "name", f"dbaas sets {name!r} itself, so that it can run the server", "FieldValueForbidden"
    elif lowered == "ssl" and value.lower() in ("on", "true", "yes", "1"):
        yield "name", "say it by spec.tls, which gives the server a certificate, too", "FieldValueForbidden"
    elif lowered not in known:
        yield "name", explain_unknown(name, version), "FieldValueNotSupported"
    elif fault := find_fault(known[lowered], value):
        yield "value", f"{value!r} does not fit {name!r}: {fault}", "FieldValueInvalid"
    elif spec.cluster_size > 1:
        yield from find_unfit(name, value)
