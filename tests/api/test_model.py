"""The base of our API types."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import DatabaseGrantSpec
from dbaas.api.model import Model, validations
from dbaas.api.references import InstanceReference

SPEC = {"instanceRef": {"name": "main"}, "allowedNamespaces": ["*"]}


def test_names_are_camel_case_outside_and_snake_case_inside() -> None:
    assert DatabaseSpec.model_validate(SPEC).instance_ref.name == "main"
    assert DatabaseSpec.model_validate(SPEC).model_dump(by_alias=True)["deletionPolicy"] == "Retain"


def test_a_field_of_a_newer_version_is_left_alone() -> None:
    assert InstanceReference.model_validate({"name": "x", "colour": "red"}).name == "x"


def test_a_model_that_nobody_has_used_has_cost_no_validator() -> None:
    class Fresh(Model):
        size: int

    assert not Fresh.__pydantic_complete__
    assert Fresh.model_validate({"size": 1}).size == 1
    assert Fresh.__pydantic_complete__


def test_models_are_frozen() -> None:
    with pytest.raises(ValidationError):
        DatabaseSpec.model_validate(SPEC).owner = "somebody"  # type: ignore[misc]


def test_an_engines_block_is_found_under_its_name() -> None:
    spec = DatabaseSpec.model_validate({**SPEC, "turbo": {"speed": 1}})
    assert spec.block("turbo") == {"speed": 1}
    assert spec.block("other") == {}
    assert spec.blocks() == {"turbo": {"speed": 1}}


def test_what_is_no_mapping_is_no_block() -> None:
    assert DatabaseSpec.model_validate({**SPEC, "turbo": 5}).block("turbo") == {}


def test_a_cluster_has_three_instances_by_default_and_keeps_its_data() -> None:
    spec = DatabaseClusterSpec.model_validate({"engine": {"type": "x", "version": "1"}})
    assert (spec.cluster_size, spec.deletion_policy, spec.deletion_protection) == (3, "Retain", True)


@pytest.mark.parametrize(
    "name", ["", "Main", "-main", "main-", "a..b", "x" * 254]
)  # fmt: skip
def test_names_of_objects_are_those_of_kubernetes(name: str) -> None:
    with pytest.raises(ValidationError):
        InstanceReference.model_validate({"name": name})


@pytest.mark.parametrize("privilege", ["select", "SELECT; DROP TABLE x", ""])
def test_privileges_are_words_in_capitals(privilege: str) -> None:
    item = {"on": "table", "privileges": [privilege]}
    with pytest.raises(ValidationError):
        DatabaseGrantSpec.model_validate({"userRef": {"name": "u"}, "privileges": [item]})


def test_several_rules_stand_in_one_list() -> None:
    first, second = {"rule": "a", "message": "b"}, {"rule": "c", "message": "d"}
    assert validations(first, second) == {"x-kubernetes-validations": [first, second]}
