"""Everything that a server would say of manifests of our kinds, said before anything is sent, all of it at once.

Unknown fields come with what was probably meant; then schema and CEL, then the rules of kinds and engines, by the very
code that the embedded server runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from dbaas.admission import Find, RuleAdmission
from dbaas.api.kinds import DEFINITIONS, LAPTOP_DEFINITIONS, Definition
from dbaas.api.model import DNS_SUBDOMAIN
from dbaas.api.resource import GROUP, Key, Kind, Resource, build_resource
from dbaas.api.schema import build_schema
from dbaas.apiserver.schemas import Schema
from dbaas.cli.manifests import Manifest, Problem
from dbaas.cli.suggestions import suggest
from dbaas.contracts.admission import Review
from dbaas.contracts.provider import Site
from dbaas.contracts.registry import Registry, find_registry

NOWHERE = "<nil>"
SHOWN_CHOICE = 120
_UNKNOWN = re.compile(r'^unknown field "(.*)"$')
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Rulebook:
    """All that is known without a server."""

    registry: Registry

    def definition(self, manifest: Manifest) -> Definition | None:
        identity = (manifest.body["apiVersion"], manifest.kind)
        foreign = [kind.definition for kind in self.registry.foreign_kinds()]
        known = (*DEFINITIONS, *LAPTOP_DEFINITIONS, *foreign)
        return next((d for d in known if (d.kind.api_version, d.kind.kind) == identity), None)

    def blocks(self, definition: Definition) -> Mapping[str, type[BaseModel]]:
        """Of the engines; foreign kinds write theirs down themselves."""
        return self.registry.blocks(definition.kind.kind) if definition.engine_blocks else {}


def open_rulebook(site: Site = "laptop") -> Rulebook:
    """With the engines that are installed, and the providers of that site."""
    return Rulebook(find_registry(site))


def is_ours(manifest: Manifest, rulebook: Rulebook) -> bool:
    """Whether dbaas serves its group."""
    group = str(manifest.body["apiVersion"]).partition("/")[0]
    return group == GROUP or group.endswith(f".{GROUP}") or group in rulebook.registry.dialects


async def check_manifests(
    manifests: Sequence[Manifest], rulebook: Rulebook, namespace: str, find: Find | None = None
) -> list[Problem]:
    """`find` reads what the manifests refer to and do not bring along; without it, that is not known."""
    lookup = _Lookup(manifests, namespace, find)
    schemas: dict[Kind, tuple[Mapping[str, Any], Schema]] = {}
    problems: list[Problem] = []
    for manifest in (each for each in manifests if is_ours(each, rulebook)):
        definition = rulebook.definition(manifest)
        if definition is None:
            problems.append(_unknown_kind(manifest, rulebook.registry))
            continue
        if definition.kind not in schemas:
            raw = build_schema(definition, rulebook.blocks(definition))
            schemas[definition.kind] = raw, Schema.compile(raw)
        fields, schema = schemas[definition.kind]
        problems += _check_names(manifest, fields, schema)
        known = schema.prune(schema.default(manifest.body))
        found = _check_shape(manifest, schema, known)
        problems += found or await _check_rules(manifest, known, definition.kind, rulebook.registry, lookup)
    return problems


class _Lookup:
    """Finds an object among the manifests first."""

    def __init__(self, manifests: Sequence[Manifest], namespace: str, find: Find | None) -> None:
        self._find = find
        self._brought = {
            (manifest.kind, Key(manifest.key.namespace or namespace, manifest.name)): manifest for manifest in manifests
        }
        self.namespace = namespace

    async def __call__(self, kind: Kind, key: Key) -> Resource | None:
        manifest = self._brought.get((kind.kind, Key(key.namespace or self.namespace, key.name)))
        place = Key((key.namespace or self.namespace) if kind.namespaced else "", key.name)
        if manifest is not None:
            return build_resource(kind, located(manifest, place.namespace))
        return await self._find(kind, place) if self._find else None


def located(manifest: Manifest, namespace: str) -> dict[str, Any]:
    """The object with its namespace."""
    return {**manifest.body, "metadata": {"namespace": namespace, **manifest.body["metadata"]}}


def _check_names(manifest: Manifest, raw: Mapping[str, Any], schema: Schema) -> Iterator[Problem]:
    if not re.fullmatch(DNS_SUBDOMAIN, manifest.name) or len(manifest.name) > 253:
        text = f"{manifest.name!r} is not lower-case letters, digits, '-' and '.'; real names go into spec.name"
        yield _problem(manifest, "metadata.name", text)
    for sentence in schema.unknown_fields(manifest.body):
        path = _UNKNOWN.sub(r"\1", sentence)
        yield _problem(manifest, path, _explain_unknown(path, raw))


def _check_shape(manifest: Manifest, schema: Schema, body: Mapping[str, Any]) -> list[Problem]:
    """What has no field says only that rules were skipped."""
    causes = [cause for cause in schema.validate(body) if cause.field != NOWHERE]
    return [_problem(manifest, cause.field, _shorten(cause.message)) for cause in causes]


def _shorten(message: str) -> str:
    """A long choice is not told in full where one of it was probably meant."""
    given, _, choice = message.partition(": supported values: ")
    value = given.rpartition(": ")[2].strip('"')
    suggestion = suggest(value, re.findall(r'"([^"]*)"', choice))
    if not suggestion:
        return message
    values = f": supported values: {choice}" if len(choice) < SHOWN_CHOICE else ""
    return f"{given}{values}; {suggestion}"


async def _check_rules(
    manifest: Manifest, body: Mapping[str, Any], kind: Kind, registry: Registry, lookup: _Lookup
) -> list[Problem]:
    place = {"namespace": lookup.namespace} if kind.namespaced else {}
    new = {**body, "metadata": {**place, **body["metadata"]}}
    review = Review("CREATE", kind.group, kind.version, kind.kind, new, None)
    verdict = await RuleAdmission(registry, lookup).review(review)
    return [_problem(manifest, violation.field, violation.message) for violation in verdict.violations]


def _explain_unknown(path: str, raw: Mapping[str, Any]) -> str:
    parent, _, name = _INDEX.sub("", path).rpartition(".")
    schema: Mapping[str, Any] = raw
    for field in filter(None, parent.split(".")):
        schema = (schema.get("items", schema).get("properties") or {}).get(field) or {}
    known = sorted(schema.get("items", schema).get("properties") or {})
    elsewhere = _find_fields(raw, name)
    advice = f"did you mean {elsewhere[0]}?" if len(elsewhere) == 1 else suggest(name, known)
    return "; ".join(filter(None, ["there is no such field", advice]))


def _find_fields(schema: Mapping[str, Any], name: str) -> Sequence[str]:
    """The paths below `spec` that end with this name."""
    found: list[str] = []
    left = [("spec", (schema.get("properties") or {}).get("spec") or {})]
    while left:
        path, field = left.pop()
        inside = field.get("items", field).get("properties") or {}
        place = f"{path}[]" if "items" in field else path
        found += [f"{place}.{name}"] if name in inside else []
        left += [(f"{place}.{each}", inside[each]) for each in inside]
    return found


def _unknown_kind(manifest: Manifest, registry: Registry) -> Problem:
    dialect = registry.dialects.get(str(manifest.body["apiVersion"]).partition("/")[0])
    if dialect is not None and manifest.kind in dialect.lacking:
        return _problem(manifest, "kind", dialect.lacking[manifest.kind])
    served = (*DEFINITIONS, *LAPTOP_DEFINITIONS) if dialect is None else [kind.definition for kind in dialect.kinds]
    known = {definition.kind.kind: definition.kind.api_version for definition in served}
    if manifest.kind in known:
        text = f"{manifest.kind} has apiVersion {known[manifest.kind]}, not {manifest.body['apiVersion']}"
        return _problem(manifest, "apiVersion", text)
    suggestion = suggest(manifest.kind, known)
    advice = f"; {suggestion}" if suggestion else f": there are {', '.join(sorted(known))}"
    return _problem(manifest, "kind", f"there is no kind {manifest.kind!r}{advice}")


def _problem(manifest: Manifest, field: str, message: str) -> Problem:
    return Problem(manifest.place(field), message, field, f"{manifest.kind} {manifest.name}")
