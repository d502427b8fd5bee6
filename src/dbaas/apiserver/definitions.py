"""CustomResourceDefinitions: what they must say, their status, and the resources that they make served.

Source: apiextensions-apiserver, `pkg/apis/apiextensions/validation` and the naming controller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from dbaas.apiserver.builtins import Column
from dbaas.apiserver.habits import Habits
from dbaas.apiserver.jsonpath import JSONPath, PathError
from dbaas.apiserver.naming import Naming, settle_names
from dbaas.apiserver.resources import Catalogue, Resource, Scale, version_priority
from dbaas.apiserver.schemas import Cause, is_in_use, schema_problems, share_schema
from dbaas.apiserver.strategies import Strategy
from dbaas.core.clock import parse_time
from dbaas.core.duration import format_age

GROUP = "apiextensions.k8s.io"
COLLECTION = f"customresourcedefinitions.{GROUP}"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"


class Definitions(Strategy):
    """Fills in what Kubernetes fills in, and refuses what it refuses. The catalogue knows which names are taken."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def complete(self, new: dict[str, Any]) -> None:
        spec = new.get("spec")
        if not isinstance(spec, dict) or not isinstance(spec.get("names"), dict):
            return
        names = spec["names"]
        if isinstance(names.get("kind"), str):
            names.setdefault("singular", names["kind"].lower())
            names.setdefault("listKind", names["kind"] + "List")
        spec.setdefault("conversion", {"strategy": "None"})

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        group, plural = new["spec"].get("group"), new["spec"]["names"].get("plural")
        others = [each for each in self._catalogue.in_group(group) if each.custom and each.plural != plural]
        new["status"] = _status(new, old, others)

    def begin_deletion(self, obj: dict[str, Any], time: str) -> None:
        """Its objects go first: a finalizer of the server holds it until they have."""
        metadata = obj["metadata"]
        metadata["finalizers"] = sorted({*(metadata.get("finalizers") or ()), CLEANUP})
        message = "CustomResourceDefinition marked for deletion; CustomResource deletion will be in progress"
        terminating = {
            "type": "Terminating",
            "status": "True",
            "lastTransitionTime": time,
            "reason": "InstanceDeletionPending",
            "message": message,
        }
        status = obj.setdefault("status", {})
        kept = [each for each in status.get("conditions") or () if each["type"] != "Terminating"]
        status["conditions"] = [*kept, terminating]

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        spec, name = new["spec"], new["metadata"]["name"]
        causes = []
        expected = f"{spec['names']['plural']}.{spec['group']}"
        if name != expected:
            message = f'Invalid value: "{name}": must be spec.names.plural+"."+spec.group'
            causes.append(Cause("metadata.name", message))
        causes += _validate_versions(spec.get("versions") or [])
        if (spec.get("conversion") or {}).get("strategy") != "None":
            message = 'Unsupported value: "Webhook": supported values: "None"'
            causes.append(Cause("spec.conversion.strategy", message, "FieldValueNotSupported"))
        if old is not None:
            causes += _validate_immutable(spec, old["spec"])
        return causes


def is_established(definition: Mapping[str, Any]) -> bool:
    """Whether its objects are served."""
    return _is_true(definition, "Established")


def has_its_names(definition: Mapping[str, Any]) -> bool:
    """Whether it was given all names that it asks for."""
    return _is_true(definition, "NamesAccepted")


def _is_true(definition: Mapping[str, Any], condition: str) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or ()
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def _status(new: Mapping[str, Any], old: Mapping[str, Any] | None, others: Iterable[Resource]) -> dict[str, Any]:
    spec = new["spec"]
    previous = dict(old.get("status") or {}) if old is not None else {}
    naming = settle_names(spec["names"], previous.get("acceptedNames") or {}, others)
    conditions = _conditions(previous, naming, new["metadata"].get("creationTimestamp"))
    stored = list(previous.get("storedVersions") or [])
    for version in spec.get("versions") or []:
        if version.get("storage") and version["name"] not in stored:
            stored.append(version["name"])
    return {**previous, "conditions": conditions, "acceptedNames": naming.accepted, "storedVersions": stored}


def _conditions(previous: Mapping[str, Any], naming: Naming, time: str | None) -> list[dict[str, Any]]:
    """Once established, a definition stays so: what it cannot have is a new name."""
    if naming.reason:
        wanted = {"NamesAccepted": ("False", naming.reason, naming.message)}
        if not is_established({"status": previous}):
            wanted["Established"] = ("False", "NotAccepted", "not all names are accepted")
    else:
        wanted = {
            "NamesAccepted": ("True", "NoConflicts", "no conflicts found"),
            "Established": ("True", "InitialNamesAccepted", "the initial names have been accepted"),
        }
    conditions = {each["type"]: each for each in previous.get("conditions") or ()}
    for kind, (status, reason, message) in wanted.items():
        if conditions.get(kind, {}).get("status") != status:
            facts = {"type": kind, "status": status, "lastTransitionTime": time, "reason": reason, "message": message}
            conditions[kind] = facts
    return list(conditions.values())


def _validate_versions(versions: Sequence[Mapping[str, Any]]) -> Iterator[Cause]:
    if len({version["name"] for version in versions}) < len(versions):
        yield Cause("spec.versions", "Invalid value: must contain unique version names")
    if sum(1 for version in versions if version.get("storage")) != 1:
        yield Cause("spec.versions", "Invalid value: must have exactly one version marked as storage version")
    for index, version in enumerate(versions):
        place = f"spec.versions[{index}]"
        document = (version.get("schema") or {}).get("openAPIV3Schema")
        if document is None:
            message = "Required value: schemas are required"
            yield Cause(f"{place}.schema.openAPIV3Schema", message, "FieldValueRequired")
        else:
            # kube-apiserver calls a schema that all versions share by the name of the oldest API version.
            shared = all(each.get("schema") == version["schema"] for each in versions)
            if (not shared or index == 0) and not is_in_use(document):
                root = "spec.validation" if shared else f"{place}.schema"
                yield from schema_problems(document, f"{root}.openAPIV3Schema")
        for number, column in enumerate(version.get("additionalPrinterColumns") or []):
            try:
                JSONPath(column["jsonPath"])
            except PathError as error:
                where = f"{place}.additionalPrinterColumns[{number}].jsonPath"
                yield Cause(where, f'Invalid value: "{column["jsonPath"]}": {error}')


def _validate_immutable(spec: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[Cause]:
    for path, value, before in (
        ("spec.group", spec["group"], old["group"]),
        ("spec.names.plural", spec["names"]["plural"], old["names"]["plural"]),
        ("spec.names.kind", spec["names"]["kind"], old["names"]["kind"]),
        ("spec.scope", spec["scope"], old["scope"]),
    ):
        if value != before:
            yield Cause(path, f'Invalid value: "{value}": field is immutable')


def served_resources(definition: Mapping[str, Any]) -> list[Resource]:
    """One for each served version, the preferred first."""
    versions = [version for version in definition["spec"]["versions"] if version.get("served")]
    versions.sort(key=lambda version: version_priority(version["name"]))
    return [_resource(definition["spec"], version) for version in versions]


def collection_of(definition: Mapping[str, Any]) -> str:
    """Where the objects of this definition are stored."""
    return f"{definition['spec']['names']['plural']}.{definition['spec']['group']}"


def _resource(spec: Mapping[str, Any], version: Mapping[str, Any]) -> Resource:
    names = spec["names"]
    subresources = version.get("subresources") or {}
    document = version["schema"]["openAPIV3Schema"]
    scale = subresources.get("scale")
    return Resource(
        spec["group"],
        version["name"],
        names["kind"],
        names["plural"],
        names["singular"],
        spec["scope"] == "Namespaced",
        share_schema(document),
        document,
        _columns(version.get("additionalPrinterColumns") or ()),
        list_kind=names["listKind"],
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        has_status="status" in subresources,
        scale=Scale(scale["specReplicasPath"], scale["statusReplicasPath"], scale.get("labelSelectorPath", ""))
        if scale
        else None,
        selectable={
            field["jsonPath"].removeprefix("."): _reader(field["jsonPath"])
            for field in version.get("selectableFields") or ()
        },
        custom=True,
        habits=Habits(counts_generations=True),
    )


def _reader(path: str) -> Callable[[Mapping[str, Any]], str]:
    compiled = JSONPath(path)

    def read(obj: Mapping[str, Any]) -> str:
        found = compiled.find(obj)
        if not found or found[0] is None:
            return ""
        return str(found[0]).lower() if isinstance(found[0], bool) else str(found[0])

    return read


def _columns(declared: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    description = (
        "Name must be unique within a namespace. Is required when creating resources, although some resources may "
        "allow a client to request the generation of an appropriate name automatically. Name is primarily intended "
        "for creation idempotence and configuration definition. Cannot be updated. "
        "More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
    )
    name = Column("Name", "string", lambda obj, now: obj["metadata"]["name"], "name", description)
    if not declared:
        declared = ({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},)
    return (name, *(_column(each) for each in declared))


def _column(declared: Mapping[str, Any]) -> Column:
    path = JSONPath(declared["jsonPath"])
    kind = declared["type"]

    def cell(obj: Mapping[str, Any], now: datetime) -> object:
        found = path.find(obj)
        return _show(found, kind, now) if found else None

    return Column(
        declared["name"],
        kind,
        cell,
        declared.get("format", ""),
        declared.get("description") or f"Custom resource definition column (in JSONPath format): {path.text}",
        declared.get("priority", 0),
    )


def _show(found: Sequence[Any], kind: str, now: datetime) -> object:
    value = found[0]
    match kind:
        case "date":
            try:
                return format_age(now - parse_time(value)) if value else "<unknown>"
            except (TypeError, ValueError):
                return "<invalid>"
        case "integer":
            return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "number":
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "boolean":
            return value if isinstance(value, bool) else None
    if len(found) > 1 or isinstance(value, dict | list):
        return " ".join(_show_text(each) for each in found) if len(found) > 1 else _show_text(value)
    return _show_text(value)


def _show_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return "" if value is None else str(value)
