"""The base of our API types: camelCase outside, snake_case inside, frozen, and tolerant of what newer versions add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from dbaas.core.duration import PATTERN as DURATION_PATTERN

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
ENGINE_PATTERN = r"^[A-Za-z][A-Za-z0-9]*$"

ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=DNS_SUBDOMAIN)]
NamespaceName = Annotated[str, Field(min_length=1, max_length=63, pattern=DNS_LABEL)]
SecretKeyName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
Duration = Annotated[str, Field(max_length=32, pattern=DURATION_PATTERN)]
EngineName = Annotated[str, Field(max_length=40, pattern=ENGINE_PATTERN)]
# The length limit of a real name is the engine's (bytes, in its own encoding) and is checked at admission.
RealName = Annotated[str, Field(min_length=1, max_length=255)]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Model(BaseModel):
    """A part of an object. A field that the stored object has and the model does not is left alone."""

    # Deferred: to make all validators takes a sixth of a start, and no process needs each of them.
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", protected_namespaces=(),
        defer_build=True,
    )  # fmt: skip


class EngineBlocks(Model):
    """A spec in which each engine may have a block of its own, under its own name (`spec.<engine>`).

    The blocks are raw here; the engine's own model parses them, and the generator merges it into the schema.
    """

    model_config = ConfigDict(extra="allow")

    def block(self, engine: str) -> Mapping[str, Any]:
        """The block of that engine; empty where there is none."""
        value = (self.model_extra or {}).get(engine)
        return value if isinstance(value, dict) else {}

    def blocks(self) -> Mapping[str, Any]:
        """All blocks that are given, by name."""
        return self.model_extra or {}


def unique_by(*keys: str) -> dict[str, Any]:
    """Schema: a list whose items are told apart by these keys (`x-kubernetes-list-type: map`)."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


SET_OF_SCALARS: dict[str, Any] = {"x-kubernetes-list-type": "set"}
ATOMIC: dict[str, Any] = {"x-kubernetes-list-type": "atomic"}


def rule(expression: str, message: str, **more: str) -> dict[str, Any]:
    """Schema: one CEL rule (`x-kubernetes-validations`). Use `validations` to give several."""
    return validations({"rule": expression, "message": message, **more})


def validations(*rules: dict[str, str]) -> dict[str, Any]:
    """Schema: several CEL rules."""
    return {"x-kubernetes-validations": list(rules)}


def immutable(what: str) -> dict[str, Any]:
    """Schema: a field that never changes once it is set."""
    return rule("self == oldSelf", f"{what} cannot be changed; make a new object instead")
