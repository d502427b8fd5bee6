"""CustomResourceDefinitions made from the models: pydantic's JSON Schema, rewritten as Kubernetes wants it.

Kubernetes takes structural schemas only (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/
custom-resource-definitions/#specifying-a-structural-schema): no references, no `anyOf` that carries types, no
`additionalProperties` beside `properties`. An optional field is one that is not required; null means absent.

Defaults of a spec are stored by the server, so changing one changes the API. Empty lists, maps and strings are not
stored, because they mean the same as nothing; a status has no defaults, because what its writer left out must stay out,
but for that of the whole, which stands until somebody writes one.
Neither have items of a list: who applies a list owns all of it, and an item that the server has completed is another
one than was applied, so two who apply the same manifest would take the list from each other for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from dbaas.api.kinds import Definition
from dbaas.core.errors import DbaasError

JsonSchema = dict[str, Any]
Described = tuple[Definition, Mapping[str, type[BaseModel]]]
CATEGORY = "dbaas"
VALIDATIONS = "x-kubernetes-validations"
INT_OR_STRING = "x-kubernetes-int-or-string"
PRESERVE = "x-kubernetes-preserve-unknown-fields"
UNSEEN = -1

_MODE: Final = "validation"
_KEPT = (
    "type", "format", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf", "minItems",
    "maxItems", "minProperties", "maxProperties", "required",
)  # fmt: skip
_LEFT_OUT = {"title", "$defs"}
_REWRITTEN = {
    "$ref", "anyOf", "const", "default", "description", "properties", "items", "additionalProperties",
    "exclusiveMinimum", "exclusiveMaximum", VALIDATIONS,
}  # fmt: skip
_IDENTITY: Mapping[str, JsonSchema] = {
    "apiVersion": {"type": "string", "description": "Group and version of the kind."},
    "kind": {"type": "string", "description": "The kind."},
}


class UnsupportedSchema(DbaasError):
    """A model says something that no CustomResourceDefinition can say."""

    reason = "UnsupportedSchema"


def build_crds(described: Iterable[Described]) -> list[dict[str, Any]]:
    """The CustomResourceDefinitions of kinds. All at once takes half as long: what they share is read once.

    Raises UnsupportedSchema.
    """
    kinds = list(described)
    schemas = _Structural(model for definition, blocks in kinds for model in (definition.model, *blocks.values()))
    return [_build_crd(definition, _build_schema(definition, blocks, schemas)) for definition, blocks in kinds]


def build_crd(definition: Definition, blocks: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """That of one kind. `blocks` are the engines' models of `spec.<engine>` for this kind. Raises UnsupportedSchema."""
    return build_crds([(definition, blocks)])[0]


def _build_crd(definition: Definition, schema: JsonSchema) -> dict[str, Any]:
    kind = definition.kind
    names: dict[str, Any] = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.kind.lower(),
        "categories": [CATEGORY],
    }
    if kind.short_names:
        names["shortNames"] = list(kind.short_names)
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": name, "type": type_, "jsonPath": path} for name, type_, path in definition.columns
        ],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.resource},
        "spec": {
            "group": kind.group,
            "names": names,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [version],
        },
    }


def build_schema(definition: Definition, blocks: Mapping[str, type[BaseModel]]) -> JsonSchema:
    """The `openAPIV3Schema` of a kind, with the engines' blocks in its spec. Raises UnsupportedSchema."""
    return _build_schema(definition, blocks, _Structural([definition.model, *blocks.values()]))


def _build_schema(definition: Definition, blocks: Mapping[str, type[BaseModel]], schemas: _Structural) -> JsonSchema:
    if blocks and not definition.engine_blocks:
        raise UnsupportedSchema(f"{definition.kind} has no engine blocks, but {sorted(blocks)} have one for it")
    fields = schemas.render(definition.model)["properties"]
    spec = fields["spec"]
    for engine, model in sorted(blocks.items()):
        if engine in spec["properties"]:
            raise UnsupportedSchema(f"the block {engine!r} of {definition.kind} hides a field of that name")
        spec["properties"][engine] = schemas.render(model)
    _add_rules(spec, definition.spec_rules)
    root: JsonSchema = {
        "type": "object",
        "description": _first_paragraph(definition.model),
        "required": ["spec"],
        "properties": {
            **{name: dict(schema) for name, schema in _IDENTITY.items()},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": _begin(_without_defaults(fields["status"])),
        },
    }
    if definition.object_rules:
        # Rules of an object may look at its name; only this much of the metadata may be described.
        root["properties"]["metadata"]["properties"] = {"name": {"type": "string", "maxLength": 253}}
    _add_rules(root, definition.object_rules)
    return root


def render(model: type[BaseModel]) -> JsonSchema:
    """The structural schema of one model. Raises UnsupportedSchema."""
    return _Structural([model]).render(model)


@dataclass(frozen=True)
class _Place:
    """Where we are in a schema, for messages, and inside which models."""

    path: str
    models: frozenset[str] = frozenset()

    def below(self, name: str) -> _Place:
        return replace(self, path=f"{self.path}.{name}")


class _Generator(GenerateJsonSchema):
    """Without pydantic's own encoders, a new one for each default, for what is JSON as it stands."""

    def encode_default(self, dft: Any) -> Any:
        return dft if dft is None or type(dft) in (bool, int, str) else super().encode_default(dft)


class _Structural:
    """Rewrites pydantic's JSON Schema of some models."""

    def __init__(self, models: Iterable[type[BaseModel]]) -> None:
        wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [
            (model, _MODE) for model in dict.fromkeys(models)
        ]
        self._schemas, described = models_json_schema(wanted, by_alias=True, schema_generator=_Generator)
        self._definitions: Mapping[str, JsonSchema] = described.get("$defs", {})

    def render(self, model: type[BaseModel]) -> JsonSchema:
        return self._rewrite(self._schemas[model, _MODE], _Place(model.__name__))

    def _rewrite(self, schema: Mapping[str, Any], place: _Place) -> JsonSchema:
        schema, place = self._inline(schema, place)
        kept = {key for key in schema if key in _KEPT or key.startswith("x-")}
        unknown = schema.keys() - kept - _REWRITTEN - _LEFT_OUT
        if unknown:
            raise UnsupportedSchema(f"{place.path} uses {', '.join(sorted(unknown))}, which Kubernetes does not know")
        result = {key: schema[key] for key in ("type", "description") if key in schema}
        result.update({key: schema[key] for key in schema if key in kept})
        _rewrite_values(schema, result)
        self._rewrite_children(schema, result, place)
        default = _meaningful(schema.get("default"))
        if default is not None:
            result["default"] = default
        return result

    def _inline(self, schema: Mapping[str, Any], place: _Place) -> tuple[Mapping[str, Any], _Place]:
        """Puts what is referred to in place; what stands beside the reference counts more."""
        while True:
            if "$ref" in schema:
                name = schema["$ref"].rpartition("/")[2]
                if name in place.models:
                    raise UnsupportedSchema(f"{place.path} contains itself, which no schema of Kubernetes can say")
                place = replace(place, models=place.models | {name})
                schema = _merge(self._definitions[name], schema, "$ref")
            elif "anyOf" in schema:
                schema = _merge(_only_branch(schema["anyOf"], place), schema, "anyOf")
            else:
                return schema, place

    def _rewrite_children(self, schema: Mapping[str, Any], result: JsonSchema, place: _Place) -> None:
        values = schema.get("additionalProperties")
        if "properties" in schema:
            result["properties"] = {
                name: self._rewrite(child, place.below(name)) for name, child in schema["properties"].items()
            }
        elif isinstance(values, Mapping):
            result["additionalProperties"] = self._rewrite(values, place.below("*"))
        elif values is True:
            result[PRESERVE] = True
        if "items" in schema:
            result["items"] = _without_defaults(self._rewrite(schema["items"], place.below("[]")))


def _rewrite_values(schema: Mapping[str, Any], result: JsonSchema) -> None:
    if "description" in schema:
        result["description"] = _one_line(schema["description"])
    if "const" in schema:
        result["enum"] = [schema["const"]]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if exclusive in schema:
            result.update({bound: schema[exclusive], exclusive: True})
    if "type" not in result and INT_OR_STRING not in result:
        result[PRESERVE] = True


def _only_branch(branches: Sequence[Mapping[str, Any]], place: _Place) -> Mapping[str, Any]:
    real = [branch for branch in branches if branch.get("type") != "null"]
    if len(real) == 1:
        return real[0]
    if sorted(branch.get("type", "") for branch in real) == ["integer", "string"]:
        return {INT_OR_STRING: True}
    raise UnsupportedSchema(f"{place.path} may be of several types, which no schema of Kubernetes can say")


def _merge(inner: Mapping[str, Any], outer: Mapping[str, Any], resolved: str) -> Mapping[str, Any]:
    merged = {**inner, **{key: value for key, value in outer.items() if key != resolved}}
    rules = [*inner.get(VALIDATIONS, ()), *outer.get(VALIDATIONS, ())]
    return {**merged, VALIDATIONS: rules} if rules else merged


def _meaningful(default: Any) -> Any:
    """The default without what is empty; None where nothing is left."""
    if isinstance(default, Mapping):
        return {key: kept for key, value in default.items() if (kept := _meaningful(value)) is not None} or None
    return None if default in ("", []) else default


def _without_defaults(schema: JsonSchema) -> JsonSchema:
    result = {key: value for key, value in schema.items() if key != "default"}
    if "properties" in schema:
        result["properties"] = {name: _without_defaults(child) for name, child in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in schema:
            result[key] = _without_defaults(schema[key])
    return result


def _begin(status: JsonSchema) -> JsonSchema:
    """An object that nobody has looked at has an observedGeneration that is none of its own: who reads by kstatus takes
    one without any status for done."""
    if "observedGeneration" not in status.get("properties", {}):
        return status
    return {**status, "default": {"observedGeneration": UNSEEN}}


def _add_rules(schema: JsonSchema, rules: Mapping[str, Any]) -> None:
    if VALIDATIONS in rules:
        schema[VALIDATIONS] = [*schema.get(VALIDATIONS, ()), *rules[VALIDATIONS]]


def _first_paragraph(model: type[BaseModel]) -> str:
    return _one_line((model.__doc__ or "").split("\n\n")[0])


def _one_line(text: str) -> str:
    return " ".join(text.split())
