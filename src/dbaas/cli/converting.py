"""Manifests of foreign groups, turned into ours for good; all others stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dbaas.api.resource import Resource, build_resource
from dbaas.api.schema import build_schema
from dbaas.apiserver.schemas import Schema
from dbaas.cli.checking import Rulebook, located
from dbaas.cli.manifests import Manifest, Problem
from dbaas.contracts.dialect import ForeignKind, Lookup


def convert_manifests(
    manifests: Sequence[Manifest], rulebook: Rulebook, namespace: str
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The objects in the order of the manifests, and what cannot be said in ours. Looks only at the manifests."""
    registry = rulebook.registry
    brought = [_read(rulebook, manifest, namespace) for manifest in manifests]
    converted: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for manifest in manifests:
        group = str(manifest.body["apiVersion"]).partition("/")[0]
        foreign = registry.foreign(group, manifest.kind)
        if foreign is None:
            converted.append(manifest.body)
            continue
        objects, refused = _convert(manifest, foreign, brought, namespace)
        converted += objects
        problems += refused
    return converted, problems


def _convert(
    manifest: Manifest, foreign: ForeignKind, brought: Sequence[Resource | None], namespace: str
) -> tuple[list[dict[str, Any]], list[Problem]]:
    schema = Schema.compile(build_schema(foreign.definition, {}))
    here = namespace if foreign.kind.namespaced else ""
    resource = build_resource(foreign.kind, schema.default(located(manifest, here)))
    found = {lookup: _find(lookup, brought) for lookup in foreign.lookups(resource)}
    translation = foreign.translate(resource, found)
    about = f"{manifest.kind} {manifest.name}"
    problems = [Problem(manifest.place(v.field), v.message, v.field, about) for v in translation.refused]
    problems += [Problem(manifest.place(), text, "", about) for text in translation.missing]
    own = {"namespace": manifest.key.namespace} if manifest.key.namespace else {}
    objects = [{**body, "metadata": {**body["metadata"], **own}} for body in translation.objects]
    return objects, problems


def _read(rulebook: Rulebook, manifest: Manifest, namespace: str) -> Resource | None:
    definition = rulebook.definition(manifest)
    return build_resource(definition.kind, located(manifest, namespace)) if definition is not None else None


def _find(lookup: Lookup, brought: Sequence[Resource | None]) -> list[Resource]:
    return [
        each
        for each in brought
        if each is not None
        and each.kind == lookup.kind
        and each.metadata.name == lookup.key.name
        and lookup.key.namespace in ("", each.metadata.namespace)
    ]
