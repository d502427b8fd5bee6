"""Rules for objects of foreign groups: what their dialect refuses, and what ours refuse in what they become."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.admission.facts import Find, gather_facts
from dbaas.admission.rules import find_violations
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.admission import Review, Violation
from dbaas.contracts.dialect import ForeignKind, Found
from dbaas.contracts.registry import Registry

_STEP = re.compile(r"[^.\[\]]+")


async def find_foreign_violations(
    review: Review, foreign: ForeignKind, registry: Registry, find: Find
) -> Sequence[Violation]:
    """Nothing about an object that is being deleted, or that is written without a change of what it asks for."""
    if review.new is None or review.new.get("metadata", {}).get("deletionTimestamp"):
        return ()
    if review.old is not None and _asked(review.old) == _asked(review.new):
        return ()
    resource = build_resource(foreign.kind, dict(review.new))
    translation = foreign.translate(resource, await _look_up(foreign, resource, find))
    found = list(translation.refused)
    for body in translation.objects:
        child = _child_review(review, body)
        facts = await gather_facts(child, registry, find)
        found += [_locate(each, review.new, str(body["kind"])) for each in find_violations(child, facts)]
    return list(dict.fromkeys(found))


def _asked(body: Mapping[str, Any]) -> tuple[Any, Any]:
    return body.get("spec"), body.get("metadata", {}).get("annotations")


async def _look_up(foreign: ForeignKind, resource: Resource, find: Find) -> Found:
    """What may be anywhere is not looked for here: the facade waits for it."""
    found: dict[Any, Sequence[Resource]] = {}
    for lookup in foreign.lookups(resource):
        known = lookup.key.namespace or not lookup.kind.namespaced
        one = await find(lookup.kind, lookup.key) if known else None
        found[lookup] = [one] if one is not None else []
    return found


def _child_review(review: Review, body: Mapping[str, Any]) -> Review:
    group, _, version = str(body["apiVersion"]).rpartition("/")
    metadata = {"namespace": (review.new or {}).get("metadata", {}).get("namespace", ""), **body["metadata"]}
    return Review("CREATE", group, version, str(body["kind"]), {**body, "metadata": metadata}, None)


def _locate(violation: Violation, foreign: Mapping[str, Any], kind: str) -> Violation:
    """At the field of the same name where the foreign object has it, else at its spec with our own name in the text."""
    if all(_walk(violation.field, foreign)):
        return violation
    return Violation("spec", f"as {kind}, {violation.field}: {violation.message}", violation.reason)


def _walk(path: str, body: Mapping[str, Any]) -> Iterator[bool]:
    """Whether each step but the last is there: the last may be what is missing."""
    place: Any = body
    for step in _STEP.findall(path)[:-1]:
        place = place.get(step) if isinstance(place, Mapping) else _item(place, step)
        yield place is not None


def _item(place: Any, step: str) -> Any:
    index = int(step) if step.isdigit() else -1
    return place[index] if isinstance(place, list) and 0 <= index < len(place) else None
