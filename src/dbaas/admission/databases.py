"""What is refused in a Database of any engine."""

from __future__ import annotations

from collections.abc import Iterator

from dbaas.admission.facts import Facts
from dbaas.api.database import DatabaseSpec
from dbaas.contracts.admission import Review, Violation


def quarantine_is_possible(spec: DatabaseSpec, facts: Facts) -> Iterator[Violation]:
    """Where the engine can put a database away."""
    engine = facts.registry.engine(facts.engine) if facts.engine else None
    if spec.quarantine is not None and engine is not None and engine.quarantine is None:
        message = f"{engine.name} cannot put a database away before it is dropped: remove it"
        yield Violation("spec.quarantine", message, "FieldValueNotSupported")


def sql_can_be_run(review: Review, spec: DatabaseSpec, facts: Facts) -> Iterator[Violation]:
    """By an engine that can, from a text that the database's own namespace holds."""
    wanted = spec.init_sql
    if wanted is None:
        return
    engine = facts.registry.engine(facts.engine) if facts.engine else None
    if engine is not None and engine.scripts is None:
        yield Violation("spec.initSQL", f"{engine.name} cannot run SQL of users: remove it", "FieldValueNotSupported")
    own = str((review.new or {}).get("metadata", {}).get("namespace", ""))
    for field, reference in (("configMapRef", wanted.config_map_ref), ("secretRef", wanted.secret_ref)):
        if reference is not None and reference.namespace not in (None, own):
            yield Violation(
                f"spec.initSQL.{field}.namespace",
                "so far nothing can consent to be read from another namespace: copy it here and leave namespace out",
                "FieldValueNotSupported",
            )
