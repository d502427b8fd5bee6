"""How an API server asks whether a write may happen: rules answer, nothing is rewritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong. `field` is a path such as `spec.engine.version`; `message` says what to do.

    `reason` is a Kubernetes cause type: FieldValueInvalid, FieldValueRequired, FieldValueForbidden,
    FieldValueNotSupported, FieldValueDuplicate, FieldValueNotFound.
    """

    field: str
    message: str
    reason: str = "FieldValueInvalid"


@dataclass(frozen=True)
class Review:
    """A write before it is stored, after schema validation. `new` is None for DELETE, `old` is None for CREATE."""

    operation: Literal["CREATE", "UPDATE", "DELETE"]
    group: str
    version: str
    kind: str
    new: Mapping[str, Any] | None
    old: Mapping[str, Any] | None
    subresource: str = ""
    dry_run: bool = False


@dataclass(frozen=True)
class Verdict:
    """Any violation refuses the write (422 Invalid); warnings are sent as `Warning` headers either way."""

    violations: Sequence[Violation] = ()
    warnings: Sequence[str] = ()


class SpecRule(Protocol):
    def __call__(self, spec: Any) -> Sequence[Violation]:
        """What this engine refuses in a valid spec of a kind (an unknown privilege, a reserved name). Pure."""
        ...


class VersionRule(Protocol):
    def __call__(self, spec: Any, version: str) -> Sequence[Violation]:
        """What a server of that version, in its own words, lacks of what the valid spec of a kind asks for. Pure."""
        ...


class Admission(Protocol):
    """Asked in-process by the embedded API server, and by a webhook on Kubernetes."""

    async def review(self, review: Review) -> Verdict: ...
