"""How an API server asks whether a write may happen: rules answer, nothing is rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


class Explained(Protocol):
    """What is wrong with one field."""

    @property
    def field(self) -> str: ...
    @property
    def message(self) -> str: ...


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong. `field` is a path such as `spec.engine.version`; `message` says what to do.

    `reason` is a Kubernetes cause type: FieldValueInvalid, FieldValueRequired, FieldValueForbidden,
    FieldValueNotSupported, FieldValueDuplicate, FieldValueNotFound.
    """

    field: str
    message: str
    reason: str = "FieldValueInvalid"


def summarize(violations: Iterable[Explained]) -> str:
    """All of them in one line, each once, as Kubernetes words an invalid object."""
    sentences = list(dict.fromkeys(f"{each.field}: {each.message}" for each in violations))
    return sentences[0] if len(sentences) == 1 else f"[{', '.join(sentences)}]"


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
