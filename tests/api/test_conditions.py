"""Reading conditions as they are stored."""

from __future__ import annotations

from controllers.make import database, with_conditions
from dbaas.api.conditions import read_condition


def test_a_condition_is_found_by_its_type_and_empty_where_it_is_not_there() -> None:
    resource = database(status=with_conditions(("Ready", "False", "Waiting")))
    assert read_condition(resource, "Ready")["status"] == "False"
    assert read_condition(resource, "Healthy") == {}
    assert read_condition(database(), "Ready") == {}
