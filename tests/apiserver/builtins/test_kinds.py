"""The built-in kinds as a whole."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbaas.apiserver.builtins import BUILTIN_KINDS, BuiltinKind

NOW = datetime(2026, 1, 1, 1, tzinfo=UTC)
BY_NAME = {f"{each.group}/{each.kind}": each for each in BUILTIN_KINDS}


def cells(kind: BuiltinKind, obj: dict[str, object]) -> list[object]:
    return [column.cell(obj, NOW) for column in kind.columns]


@pytest.mark.parametrize("kind", BUILTIN_KINDS, ids=lambda kind: f"{kind.group}/{kind.kind}")
def test_every_kind_compiles_once_and_shows_an_object_that_has_only_a_name(kind: BuiltinKind) -> None:
    assert kind.compile() is kind.compile()
    assert "a" in cells(kind, {"metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}})
    assert kind.definition in kind.openapi


def test_objects_are_defaulted_as_in_kubernetes() -> None:
    service = BY_NAME["/Service"].compile()
    assert service.default({"spec": {"ports": [{"port": 80}]}})["spec"] == {
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ports": [{"port": 80, "protocol": "TCP"}],
    }
    assert BY_NAME["/Secret"].compile().default({})["type"] == "Opaque"


def test_unknown_fields_are_found_deep_inside() -> None:
    pod = {"spec": {"containers": [{"name": "a", "env": [{"nmae": "x"}], "resources": {"limits": {"cpu": 1}}}]}}
    assert BY_NAME["/Pod"].compile().unknown_fields(pod) == ['unknown field "spec.containers[0].env[0].nmae"']


def test_a_definition_of_a_kind_may_hold_any_schema() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object", "x-bogus": 1}}}}
    definition = {"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": inner}}]}}
    assert BY_NAME["apiextensions.k8s.io/CustomResourceDefinition"].compile().unknown_fields(definition) == []


def test_a_secret_shows_how_much_it_holds_and_not_what() -> None:
    secret = {"metadata": {"name": "a"}, "type": "Opaque", "data": {"k": "c2VjcmV0", "l": ""}}
    assert cells(BY_NAME["/Secret"], secret) == ["a", "Opaque", 2, "<unknown>"]


def test_the_other_small_kinds_show_what_kubectl_shows() -> None:
    born = {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}
    assert cells(BY_NAME["/ConfigMap"], {"metadata": born, "data": {"a": ""}, "binaryData": {"b": ""}}) == [
        "a",
        2,
        "60m",
    ]
    lease = {"metadata": born, "spec": {"holderIdentity": "me"}}
    assert cells(BY_NAME["coordination.k8s.io/Lease"], lease) == ["a", "me", "60m"]
    assert cells(BY_NAME["/Namespace"], {"metadata": born, "status": {"phase": "Active"}}) == ["a", "Active", "60m"]
