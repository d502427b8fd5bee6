"""Building bodies of ours out of foreign specs: most fields have the same names and are taken as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dbaas.api.resource import Kind, Resource
from dbaas.contracts.admission import Violation
from dbaas.dialects.dbops.annotations import translate_annotations

SAME_NAMESPACE = "only the object's own namespace is possible here: leave it out"
ENGINES = ("postgres", "mysql", "clickhouse")
SERVER = ("instanceRef", "clusterInstanceRef")


def build_body(kind: Kind, foreign: Resource, spec: Mapping[str, Any]) -> dict[str, Any]:
    """An object of ours with the foreign one's name; what is None or empty in the spec is left out."""
    annotations = translate_annotations(foreign)
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": foreign.metadata.name, **({"annotations": annotations} if annotations else {})},
        "spec": {name: value for name, value in spec.items() if value is not None and value not in ({}, [])},
    }


def take(spec: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """These fields where they are given."""
    return {name: spec[name] for name in names if name in spec}


def without(block: Mapping[str, Any] | None, *names: str) -> dict[str, Any]:
    return {name: value for name, value in (block or {}).items() if name not in names}


def refuse_elsewhere(
    foreign: Resource, references: Iterable[tuple[str, Mapping[str, Any] | None]]
) -> Iterator[Violation]:
    """Secrets and ConfigMaps are read only where the object itself lives."""
    for path, reference in references:
        namespace = (reference or {}).get("namespace")
        if namespace and namespace != foreign.metadata.namespace:
            yield Violation(f"{path}.namespace", SAME_NAMESPACE, "FieldValueNotSupported")
