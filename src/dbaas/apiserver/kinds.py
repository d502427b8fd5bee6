"""The resources that are served from the start, made from the built-in kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dbaas.apiserver.builtins import BUILTIN_KINDS, BuiltinKind
from dbaas.apiserver.definitions import COLLECTION as DEFINITIONS
from dbaas.apiserver.definitions import Definitions
from dbaas.apiserver.habits import HABITS, Habits
from dbaas.apiserver.resources import Catalogue, Resource
from dbaas.apiserver.reviews import REVIEWS
from dbaas.apiserver.strategies import STRATEGIES, Strategy
from dbaas.apiserver.translations import TRANSLATIONS

SELECTABLE: Mapping[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
        "reason", "reportingComponent", "source", "type",
    ),
    "events.events.k8s.io": (
        "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion",
        "regarding.resourceVersion", "regarding.fieldPath", "reason", "reportingController", "type",
    ),
    "namespaces": ("status.phase",),
    "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"),
    "jobs.batch": ("status.successful",),
}  # fmt: skip


def builtin_resources(catalogue: Catalogue | None = None) -> Iterator[Resource]:
    """`catalogue` is what they will be part of."""
    catalogue = Catalogue() if catalogue is None else catalogue
    for kind in BUILTIN_KINDS:
        yield _resource(kind, catalogue)


def _resource(kind: BuiltinKind, catalogue: Catalogue) -> Resource:
    collection = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
    strategy: Strategy = Definitions(catalogue) if collection == DEFINITIONS else STRATEGIES.get(collection, Strategy())
    return Resource(
        kind.group,
        kind.version,
        kind.kind,
        kind.plural,
        kind.singular,
        kind.namespaced,
        kind.compile(),
        kind.schema,
        kind.columns,
        components=kind.openapi,
        list_kind=kind.kind + "List",
        short_names=kind.short_names,
        categories=kind.categories,
        has_status=kind.has_status,
        selectable={field: _reader(field) for field in SELECTABLE.get(collection, ())},
        habits=HABITS.get(collection, Habits()),
        strategy=strategy,
        translation=TRANSLATIONS.get(collection),
        review=REVIEWS[collection] if not kind.is_stored else None,
    )


def _reader(field: str) -> Callable[[Mapping[str, Any]], str]:
    if field == "source":  # an event's source is a structure; it is selected by its component
        field = "source.component"
    path = field.split(".")

    def read(obj: Mapping[str, Any]) -> str:
        value: Any = obj
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else None
        return "" if value is None else str(value)

    return read
