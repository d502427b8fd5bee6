"""What is refused in a DatabaseInstance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from dbaas.api.instance import DatabaseInstanceSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME
from dbaas.engines.postgres.names import check_name
from dbaas.engines.postgres.options.instances import InstanceOptions
from dbaas.engines.postgres.rules.blocks import explain_block

# Of libpq's parameters (PostgreSQL's manual, "Parameter Key Words") those that change neither where a connection leads
# nor who we are there, and that no other field sets.
PARAMETERS = frozenset(
    {
        "channel_binding", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval",
        "load_balance_hosts", "require_auth", "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcompression",
        "sslsni", "target_session_attrs", "tcp_user_timeout",
    }
)  # fmt: skip


def instance_is_possible(spec: DatabaseInstanceSpec) -> Sequence[Violation]:
    """One word on encryption, and known parameters."""
    try:
        options = InstanceOptions.model_validate(spec.block(ENGINE_NAME))
    except ValidationError as error:
        return list(explain_block(error))
    return [
        *check_name("spec.connection.database", spec.connection.database, "database"),
        *_check_modes(spec, options),
        *_check_parameters(spec),
    ]


def _check_modes(spec: DatabaseInstanceSpec, options: InstanceOptions) -> Iterator[Violation]:
    """`prefer` is what a block says that does not speak of it."""
    mode, field = options.ssl_mode, f"spec.{ENGINE_NAME}.sslMode"
    if spec.tls.enabled and mode not in ("prefer", spec.tls.mode):
        yield Violation(field, f"spec.tls.mode says {spec.tls.mode}: leave one of them out")
    if not spec.tls.enabled and mode == "verify-ca" and spec.tls.secret_ref is None:
        message = "verify-ca needs the certificate of the authority: name its Secret in spec.tls.secretRef"
        yield Violation(field, message)


def _check_parameters(spec: DatabaseInstanceSpec) -> Iterator[Violation]:
    for name, value in spec.connection.options.items():
        field = f"spec.connection.options[{name}]"
        if name not in PARAMETERS:
            message = f"{name!r} cannot be set here: choose from {', '.join(sorted(PARAMETERS))}"
            yield Violation(field, message, "FieldValueNotSupported")
        elif "\0" in value:
            yield Violation(field, "a value cannot contain the character NUL")
