"""A cluster's pooler: what clients connect to instead of a server, so that they can be many and come and go."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.model import Model
from dbaas.api.pods import ResourceRequirements


class Proxy(Model):
    """A pooler before the servers, which keeps connections to the one that takes writes."""

    enabled: Annotated[bool, Field(default=False, description="Whether there is one.")]
    type: Annotated[
        str | None,
        Field(
            default=None, max_length=40, pattern=r"^[A-Za-z][A-Za-z0-9-]*$",
            description="Which program; the engine's usual one by default.",
        ),
    ]  # fmt: skip
    replicas: Annotated[int, Field(default=2, ge=1, le=20, description="How many, on Kubernetes.")]
    resources: Annotated[ResourceRequirements | None, Field(default=None, description="Of each, on Kubernetes.")]


class ProxyStatus(Model):
    """The observed pooler."""

    ready: Annotated[bool, Field(default=False, description="Whether it lets clients in and leads them to a server.")]
    replicas: Annotated[int, Field(default=0, description="How many there are.")]
    ready_replicas: Annotated[int, Field(default=0, description="How many serve.")]
    endpoint: Annotated[str | None, Field(default=None, max_length=300, description="host:port for clients.")]
