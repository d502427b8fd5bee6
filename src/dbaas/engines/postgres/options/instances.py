"""The block of a DatabaseInstance: how we connect to a server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.model import Duration, Model


class InstanceOptions(Model):
    """How we connect to a server."""

    ssl_mode: Annotated[
        Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        Field(
            default="prefer",
            description="Whether connections are encrypted and the server proves who it is; spec.tls counts more.",
        ),
    ]
    connect_timeout: Annotated[int, Field(default=10, ge=1, le=300, description="Seconds to wait for a connection.")]
    statement_timeout: Annotated[
        Duration, Field(default="60s", description="After this time the server gives up a statement of ours.")
    ]
    application_name: Annotated[
        str, Field(default="dbaas", min_length=1, max_length=63, pattern=r"^[!-~]+$", description="Our sessions' name.")
    ]
