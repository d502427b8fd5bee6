"""Rules that hold for every kind that has to do with an engine: is it known, can it do that, are the blocks its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from dbaas.admission.facts import Facts
from dbaas.api.database_engine import DatabaseEngineSpec
from dbaas.api.model import EngineBlocks
from dbaas.api.references import InstanceReference, OnServer
from dbaas.contracts.admission import Review, Violation
from dbaas.contracts.upgrade import older_versions


def engine_is_known(field: str, facts: Facts) -> Iterator[Violation]:
    """For the kinds that name their engine themselves, at `field`."""
    if not facts.engine or facts.registry.engine(facts.engine) is not None:
        return
    known = sorted(facts.registry.engines)
    aliases = {alias: engine.name for engine in facts.registry.engines.values() for alias in engine.aliases}
    near = get_close_matches(facts.engine.lower(), [*known, *aliases], n=1)
    hint = f"; did you mean {aliases.get(near[0], near[0])!r}?" if near else ""
    yield Violation(
        field,
        f"unknown engine {facts.engine!r}: this installation has {', '.join(known)}{hint}",
        "FieldValueNotSupported",
    )


def blocks_are_the_engines_own(spec: Any, facts: Facts) -> Iterator[Violation]:
    """A block of another engine would be ignored, so it is refused."""
    engine = facts.registry.engine(facts.engine) if facts.engine else None
    if engine is None or not isinstance(spec, EngineBlocks):
        return
    for name in sorted(spec.blocks()):
        if name in facts.registry.engines and name != engine.name:
            yield Violation(
                f"spec.{name}",
                f"these are options of {name}, and the server's engine is {engine.name}: remove the block",
                "FieldValueForbidden",
            )


def engine_has_kind(review: Review, facts: Facts) -> Iterator[Violation]:
    """For kinds that live inside a server: an engine without the part cannot have them."""
    engine = facts.registry.engine(facts.engine) if facts.engine else None
    if engine is not None and review.kind not in engine.blueprints:
        yield Violation(
            "spec",
            f"{engine.name} has no {review.kind}: it can have {_list(sorted(engine.blueprints))}",
            "FieldValueForbidden",
        )


def engine_accepts(review: Review, spec: Any, facts: Facts) -> Iterator[Violation]:
    """The engine's own rules for the kind."""
    engine = facts.registry.engine(facts.engine) if facts.engine else None
    if engine is None:
        return
    for spec_rule in engine.rules.get(review.kind, ()):
        yield from spec_rule(_as_resident(spec) if facts.is_resident else spec)


def version_accepts(review: Review, spec: Any, facts: Facts) -> Iterator[Violation]:
    """What the server's version lacks; where that is not known yet, it is told when it is."""
    engine = facts.registry.engine(facts.engine) if facts.engine else None
    rule = engine.version_rules.get(review.kind) if engine is not None else None
    if rule is not None and facts.version:
        yield from rule(spec, facts.version)


def _as_resident(spec: Any) -> Any:
    """As if the server were named without its namespace: engines tell by that who is a guest."""
    if not isinstance(spec, OnServer):
        return spec
    reference = InstanceReference(name=spec.server.name)
    return spec.model_copy(update={"instance_ref": reference, "cluster_instance_ref": None})


def _list(names: list[str]) -> str:
    return ", ".join(names) or "nothing of that sort"


def upgrades_go_forward(spec: DatabaseEngineSpec, versions: Sequence[str]) -> Iterator[Violation]:
    """Each image upgrades from versions before its own; `versions` are those that are known, newest first."""
    for at, image in enumerate(spec.images):
        before = older_versions(versions, image.version)
        for number, older in enumerate(image.upgrades_from):
            if older.version not in before:
                known = f"choose from {', '.join(before)}" if before else "leave it out"
                message = f"data of version {older.version} cannot be upgraded to {image.version}: {known}"
                where = f"spec.images[{at}].upgradesFrom[{number}].version"
                yield Violation(where, message, "FieldValueNotSupported")
