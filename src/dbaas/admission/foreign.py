"""Rules for objects of foreign groups: what their dialect refuses, and what ours refuse in what they become."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.admission.facts import Find, gather_facts
from dbaas.admission.rules import find_violations
from dbaas.api.kinds import DEFINITIONS, Definition
from dbaas.api.resource import Resource, build_resource
from dbaas.api.schema import build_schema
from dbaas.contracts.admission import Review, Violation
from dbaas.contracts.dialect import ForeignKind, Lookup, translate
from dbaas.contracts.registry import Registry

_STEP = re.compile(r"[^.\[\]]+")


async def find_foreign_violations(
    review: Review, foreign: ForeignKind, registry: Registry, find: Find
) -> Sequence[Violation]:
    """Nothing about an object that is being deleted, or that is written without a change of what it asks for.

    Where the dialect has said something of a field, what ours say of it is left out.
    """
    if review.new is None or review.new.get("metadata", {}).get("deletionTimestamp"):
        return ()
    if review.old is not None and _asked(review.old) == _asked(review.new):
        return ()

    async def find_named(lookup: Lookup) -> Sequence[Resource]:
        """What may be anywhere is not looked for here: the facade waits for it."""
        one = None if lookup.is_anywhere else await find(lookup.kind, lookup.key)
        return [one] if one is not None else []

    translation = await translate(foreign, build_resource(foreign.kind, dict(review.new)), find_named)
    found: list[Violation] = []
    for body in translation.objects:
        child = _child_review(review, body)
        facts = await gather_facts(child, registry, find)
        ours = [*_find_unknown(body, registry), *find_violations(child, facts)]
        found += _locate(ours, foreign.definition, str(body["kind"]))
    said = {violation.field for violation in translation.refused}
    return list(dict.fromkeys((*translation.refused, *(each for each in found if each.field not in said))))


def _asked(body: Mapping[str, Any]) -> tuple[Any, Any]:
    return body.get("spec"), body.get("metadata", {}).get("annotations")


def _child_review(review: Review, body: Mapping[str, Any]) -> Review:
    group, _, version = str(body["apiVersion"]).rpartition("/")
    metadata = {"namespace": (review.new or {}).get("metadata", {}).get("namespace", ""), **body["metadata"]}
    return Review("CREATE", group, version, str(body["kind"]), {**body, "metadata": metadata}, None)


def _find_unknown(body: Mapping[str, Any], registry: Registry) -> Iterator[Violation]:
    """The API server would take such a field away without a word."""
    definition = next(each for each in DEFINITIONS if each.kind.kind == body["kind"])
    spec = definition.model.model_fields["spec"].annotation
    fields = getattr(spec, "model_fields", {})
    known = {field.alias or name for name, field in fields.items()} | set(registry.blocks(definition.kind.kind))
    for name in sorted(set(body["spec"]) - known):
        message = f"no engine of this installation has a block {name!r} for this kind: remove it"
        yield Violation(f"spec.{name}", message, "FieldValueNotSupported")


def _locate(violations: Sequence[Violation], foreign: Definition, kind: str) -> Iterator[Violation]:
    """At the field of the same name where the foreign kind has it, else at its spec with our own name in the text."""
    if not violations:
        return
    schema = build_schema(foreign, {})
    for each in violations:
        is_there = _has_field(schema, each.field)
        text = f"as {kind}, {each.field}: {each.message}"
        yield each if is_there else Violation("spec", text, each.reason)


def _has_field(schema: Mapping[str, Any], path: str) -> bool:
    """What is in a mapping of free names counts as there, and so do annotations."""
    place: Any = schema
    first, *_ = steps = _STEP.findall(path)
    if first == "metadata":
        return True
    for step in steps:
        if "additionalProperties" in place:
            return True
        place = place.get("items") if step.isdigit() else (place.get("properties") or {}).get(step)
        if place is None:
            return False
    return True
