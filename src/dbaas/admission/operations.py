"""Rules of OpsRequest: can this operation be done to its cluster; and who is told that a write undoes one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from dbaas.admission.customs import custom_is_declared
from dbaas.admission.facts import Facts
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import ANNOTATION_OPERATION, BLOCKS, OPERATION_MANAGER, OpsRequestSpec
from dbaas.api.resource import Resource
from dbaas.contracts.admission import Review, Violation
from dbaas.contracts.operation import Change, Operation, change_spec, stated_values

Judge = Callable[[Review, Facts], Sequence[Violation]]
NOT_SUPPORTED = "FieldValueNotSupported"
_ITEM = re.compile(r"\[(\d+)\](.*)")
SOME_TIME = "2026-01-01T00:00:00Z"  # rules are pure, and none depends on when an operation begins


def operation_is_possible(review: Review, spec: OpsRequestSpec, facts: Facts, judge: Judge) -> Iterator[Violation]:
    """Asked of a new one, and again when its turn has come: a change of `cancel` is never refused.

    `judge` has the rules of clusters: what an operation may make of one is what its owner might have written.
    """
    if review.old is not None:
        return
    operation = facts.registry.operations.get(spec.type)
    if operation is None or operation.missing:
        missing = operation.missing if operation is not None else f"this installation has no operation {spec.type}"
        yield Violation("spec.type", missing, NOT_SUPPORTED)
        return
    if operation.declared:
        if facts.cluster is not None:
            yield from custom_is_declared(spec, facts)
        return
    stated = stated_values(operation.change(spec, SOME_TIME))
    if not operation.action and not stated:
        yield Violation(f"spec.{BLOCKS[spec.type]}", "it asks for nothing: say what is to change", "FieldValueRequired")
    if facts.cluster is not None:  # which may come later: then it is told when its turn comes
        yield from _provider_can(spec, operation, facts, facts.cluster)
        yield from _cluster_may_become(spec, operation, facts, judge)


def _provider_can(spec: OpsRequestSpec, operation: Operation, facts: Facts, cluster: Resource) -> Iterator[Violation]:
    name = str(cluster.spec.get("provider") or (facts.entry or {}).get("provider", ""))
    provider = facts.registry.provider(name)
    if provider is None:
        return  # the rules of clusters tell
    if operation.action:
        yield from _can_act(spec, operation, cluster, operation.action in provider.actions)
        yield from _instance_fits(spec, operation, cluster)
    for capability in provider.capabilities:
        if capability.name == operation.capability and capability.missing:
            places = {f"spec.{field}": place for field, place in operation.places.items()}
            yield Violation(f"spec.{places.get(capability.field, 'type')}", capability.missing, NOT_SUPPORTED)


def _can_act(spec: OpsRequestSpec, operation: Operation, cluster: Resource, is_there: bool) -> Iterator[Violation]:
    size = int(cluster.spec.get("clusterSize", 1))
    if size == 1:
        yield Violation(
            "spec.type",
            f"{operation.type} needs a replicated cluster, and {spec.cluster_ref.name!r} has one instance: make "
            "spec.clusterSize of the cluster larger first",
            NOT_SUPPORTED,
        )
    elif not is_there:
        message = f"who runs {spec.cluster_ref.name!r} cannot do {operation.type} in this version of dbaas"
        yield Violation("spec.type", message, NOT_SUPPORTED)


def _instance_fits(spec: OpsRequestSpec, operation: Operation, cluster: Resource) -> Iterator[Violation]:
    """An instance that there is, as far as is known; which of them is the primary may change until its turn comes."""
    named, known = operation.instance(spec), [str(each.get("name")) for each in cluster.status.get("instances") or ()]
    if named and known and named not in known:
        message = f"{spec.cluster_ref.name!r} has no instance {named!r}: it has {', '.join(known)}"
        yield Violation(f"spec.{operation.places.get('instance', 'type')}", message, "FieldValueNotFound")
    if spec.rebuild_instance is not None and spec.rebuild_instance.source_instance is not None:
        message = "an instance is always copied from the primary: leave it out"
        yield Violation("spec.rebuildInstance.sourceInstance", message, NOT_SUPPORTED)


def _cluster_may_become(spec: OpsRequestSpec, operation: Operation, facts: Facts, judge: Judge) -> Iterator[Violation]:
    """What the rules say of the cluster as it would be, at the field of the request that it comes from."""
    assert facts.cluster is not None
    body, change = facts.cluster.body(), operation.change(spec, SOME_TIME)
    changed = {**body, "spec": change_spec(body.get("spec") or {}, change)}
    kind = DATABASE_CLUSTER
    for found in judge(Review("UPDATE", kind.group, kind.version, kind.kind, changed, body), facts):
        place = _find_place(found.field, operation, change, changed["spec"])
        if place:
            yield Violation(place, found.message, found.reason)
        else:
            message = f"DatabaseCluster {spec.cluster_ref.name!r} would be refused: {found.field}: {found.message}"
            yield Violation("spec.clusterRef.name", message)


def _find_place(field: str, operation: Operation, change: Change, changed: Mapping[str, Any]) -> str:
    """Where the request says what a field of the cluster has; empty where it does not."""
    for own, place in operation.places.items():
        rest = field.removeprefix(f"spec.{own}")
        if rest == field or not (rest == "" or rest[0] in ".["):
            continue
        item = _ITEM.fullmatch(rest)
        if item is None:
            return f"spec.{place}{rest}"
        name = changed[own][int(item[1])]["name"]
        stated = [each["name"] for each in change[own]]
        return f"spec.{place}[{stated.index(name)}]{item[2]}" if name in stated else ""
    return ""


def find_undone(review: Review) -> Iterator[str]:
    """Of a write to a cluster by somebody else: each field that an operation had made something else."""
    old, new = review.old or {}, review.new or {}
    if review.kind != DATABASE_CLUSTER.kind or not old or not new:
        return
    if _marks(old).get(ANNOTATION_OPERATION) != _marks(new).get(ANNOTATION_OPERATION):
        return
    before, after = old.get("spec") or {}, new.get("spec") or {}
    for entry in (old.get("metadata") or {}).get("managedFields") or ():
        if entry.get("manager") == OPERATION_MANAGER and not entry.get("subresource"):
            for path, was, becomes in _differing(((entry.get("fieldsV1") or {}).get("f:spec")) or {}, before, after):
                yield (
                    f"spec{path}: an operation has made it {_show(was)}, and this makes it {_show(becomes)}: to keep "
                    "what was done, change the manifest that this comes from"
                )


def _marks(body: Mapping[str, Any]) -> Mapping[str, str]:
    return (body.get("metadata") or {}).get("annotations") or {}


def _differing(owned: Mapping[str, Any], before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path and both values of what is owned and not equal; `owned` is a part of fieldsV1."""
    below = {name: inner for name, inner in owned.items() if name != "."}
    if not below and before != after:
        yield path, before, after
    for name, inner in below.items():
        mark, _, rest = name.partition(":")
        if mark == "f":
            yield from _differing(inner, _member(before, rest), _member(after, rest), f"{path}.{rest}")
        elif mark == "k":
            keys = orjson.loads(rest)
            shown = ",".join(str(value) for value in keys.values())
            yield from _differing(inner, _item(before, keys), _item(after, keys), f"{path}[{shown}]")


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _item(value: Any, keys: Mapping[str, Any]) -> Any:
    items = value if isinstance(value, list) else ()
    return next((i for i in items if isinstance(i, Mapping) and keys.items() <= i.items()), None)


def _show(value: Any) -> str:
    return "nothing" if value is None else orjson.dumps(value).decode()
