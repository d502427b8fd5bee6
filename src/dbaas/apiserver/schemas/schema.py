"""A compiled structural schema: the one thing the server asks about the shape of a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Literal

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.conformity import conforms
from dbaas.apiserver.schemas.defaulting import drop_nulls, fill_defaults
from dbaas.apiserver.schemas.embedded import validate_embedded
from dbaas.apiserver.schemas.expressions.rules import Place, Rulebook, RuleRefused, check_rules
from dbaas.apiserver.schemas.list_types import validate_list_types
from dbaas.apiserver.schemas.nodes import ABSENT, Node, compile_node
from dbaas.apiserver.schemas.patterns import PatternRefused
from dbaas.apiserver.schemas.pruning import prune, unknown_paths
from dbaas.apiserver.schemas.structure import schema_problems
from dbaas.apiserver.schemas.validation import check
from dbaas.core.errors import DbaasError

_BLOCKING = frozenset(
    {
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)
_MISSING = "FieldValueRequired"
_RULES_SKIPPED = wording.invalid(
    wording.NOWHERE,
    None,
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)


class SchemaRefused(DbaasError):
    """A schema that cannot be compiled, or uses what we do not do as kube-apiserver does."""

    reason = "Invalid"


class Schema:
    """Compiled once per kind and version. No method changes its arguments; answers share unchanged parts with them,
    so what comes out must not be changed in place either."""

    def __init__(self, root: Node, rules: Rulebook, *, is_builtin: bool) -> None:
        self.root = root
        self._rules = rules
        self.is_builtin = is_builtin

    @classmethod
    def compile(cls, spec: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]] | None = None) -> Schema:
        """`spec` is an openAPIV3Schema of a whole object (apiVersion, kind and metadata are implied). `definitions` are
        what its `$ref`s name; only built-in kinds have any. Raises SchemaRefused."""
        try:
            root = compile_node({**spec, "x-kubernetes-embedded-resource": True}, definitions or {})
            rules = Rulebook(_with_rules(root))
        except (PatternRefused, RuleRefused) as error:
            raise SchemaRefused(str(error)) from error
        except KeyError as error:
            raise SchemaRefused(f"schema refers to {error.args[0]!r}, which is not defined") from error
        return cls(root, rules, is_builtin=definitions is not None)

    def unknown_fields(self, obj: Mapping[str, Any]) -> list[str]:
        """Sentences for strict field validation: `unknown field "spec.foo"`, sorted, those of metadata last."""
        return [f'unknown field "{each.path}"' for each in sorted(unknown_paths(obj, self.root))]

    def prune(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """Without the fields that the schema does not know."""
        return dict(prune(obj, self.root))

    def default(self, obj: Mapping[str, Any], *, keep_nulls: bool = False) -> dict[str, Any]:
        """With the schema's defaults filled in; null goes where it is not allowed.

        `keep_nulls` after an apply: kube-apiserver drops nulls of custom kinds where it decodes a body, not where it
        merges one.
        """
        if self.is_builtin or not keep_nulls:
            obj = drop_nulls(obj, self.root, drops_empty=self.is_builtin)
        return dict(fill_defaults(obj, self.root))

    def without_status(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """As an object is made, whatever was sent: its status is the default of that, where the schema has one."""
        made = {name: value for name, value in obj.items() if name != "status"}
        status = self.root.child("status")
        if status is not None and status.default is not ABSENT:
            made["status"] = fill_defaults(deepcopy(status.default), status)
        return made

    def is_complete(self, obj: dict[str, Any]) -> bool:
        """Whether `prune` and `default` would leave it as it is."""
        return prune(obj, self.root) is obj and drop_nulls(obj, self.root) is fill_defaults(obj, self.root) is obj

    def validate(
        self,
        new: Mapping[str, Any],
        old: Mapping[str, Any] | None = None,
        *,
        subresource: Literal["", "status"] = "",
        is_trial: bool = False,
    ) -> list[Cause]:
        """All that is wrong with `new`: bounds, embedded resources, list types (which say nothing for built-in kinds),
        then rules (skipped where a bound makes them pointless). `old` is the stored object on an update; parts that the
        two share are not looked into.

        On the status subresource only the status is checked for its bounds. A trial raises TakesLong where rules cost
        much.
        """
        causes = self._check_status(new, old) if subresource == "status" else self._check_bounds(new, old)
        if not subresource and self.root.has_embedded:
            causes += validate_embedded(new, self.root)
        repeated = [] if self.is_builtin else list(validate_list_types(not_shared(new, old), self.root))
        if repeated and (old is None or not any(validate_list_types(old, self.root))):
            causes += repeated
        if self.root.has_rules:
            if any(each.reason in _BLOCKING for each in causes):
                causes.append(_RULES_SKIPPED)
            else:
                place = Place(new, ABSENT if old is None else old, "", is_root=True)
                causes += check_rules(place, self.root, self._rules, is_trial=is_trial)
        return causes

    def _check_bounds(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        if conforms(new, self.root, old):
            return []
        causes = check(new, self.root, "", ABSENT if old is None else old).causes
        if self.is_builtin:  # metadata has rules of its own, which tell what is missing in their own words
            causes = [each for each in causes if not (each.reason == _MISSING and each.field.startswith("metadata."))]
        return causes

    def _check_status(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        node = self.root.properties.get("status")
        if node is None or "status" not in new:
            return []
        stored = (old or {}).get("status", ABSENT)
        if conforms(new["status"], node, stored):
            return []
        return [_under_status(each) for each in check(new["status"], node, "", stored).causes]


def not_shared(new: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields of an object that are not the very same as in the other."""
    known = old or {}
    return {name: value for name, value in new.items() if value is not known.get(name, ABSENT)}


def _under_status(cause: Cause) -> Cause:
    if cause.field == wording.NOWHERE:
        return replace(cause, field="status")
    return replace(cause, field=f"status.{cause.field}" if cause.field else "status")


def _with_rules(root: Node) -> Iterator[Node]:
    """Nodes that have rules, each once. Rules never stand in a cycle: CRD schemas have no `$ref`."""
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        if node.rules:
            yield node
        for below in node.children():
            if id(below) not in seen:
                seen.add(id(below))
                waiting.append(below)


def unsupported_rules(spec: Mapping[str, Any]) -> list[str]:
    """For the generator of CRDs: the rules of a schema that the embedded server refuses, each with where it stands."""
    return [str(each) for each in schema_problems(spec, "") if ".x-kubernetes-validations" in each.field]
