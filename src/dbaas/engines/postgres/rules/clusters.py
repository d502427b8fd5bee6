"""What is refused in a DatabaseCluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.parameters import explain_unknown, find_fault, parameters_of
from dbaas.engines.postgres.server import OUR_PARAMETERS, WITHOUT_OPENSSL


def settings_are_known(spec: DatabaseClusterSpec) -> Sequence[Violation]:
    """Every setting exists in that version, is not one of ours, and has a value that the server would start with."""
    return [
        Violation(f"spec.config[{index}].{where}", message, reason)
        for index, parameter in enumerate(spec.config)
        for where, message, reason in _check_setting(parameter.name, parameter.value, spec.engine.version)
    ]


def _check_setting(name: str, value: str, version: str) -> Iterator[tuple[str, str, str]]:
    known, lowered = parameters_of(version), name.lower()
    if not known or "." in name:
        if any(character in value for character in "\0\r\n"):
            yield "value", "a value is one line", "FieldValueInvalid"
        return
    if lowered in OUR_PARAMETERS:
        yield "name", f"dbaas sets {name!r} itself, so that it can run the server", "FieldValueForbidden"
    elif lowered == "ssl" and value.lower() in ("on", "true", "yes", "1"):
        yield "value", WITHOUT_OPENSSL, "FieldValueNotSupported"
    elif lowered not in known:
        yield "name", explain_unknown(name, version), "FieldValueNotSupported"
    elif fault := find_fault(known[lowered], value):
        yield "value", f"{value!r} does not fit {name!r}: {fault}", "FieldValueInvalid"
