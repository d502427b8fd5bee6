"""A block that slipped past the schema, told field by field."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME


def explain_block(error: ValidationError) -> Iterator[Violation]:
    """A block that slipped past the schema."""
    for detail in error.errors():
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
        yield Violation(f"spec.{ENGINE_NAME}{path}", detail["msg"].lower())
