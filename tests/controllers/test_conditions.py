"""Reading conditions."""

from __future__ import annotations

from controllers.make import database, instance, with_conditions
from dbaas.api.conditions import read_condition
from dbaas.controllers.conditions import has_seen_spec, is_connected, is_ready, own_status, ready_reason


def test_an_object_without_a_status_is_not_ready() -> None:
    fresh = database()
    assert (is_ready(fresh), ready_reason(fresh), read_condition(fresh, "Ready")) == (False, "", {})


def test_ready_is_what_the_condition_says() -> None:
    assert is_ready(database(status=with_conditions(("Ready", "True", "Applied"))))
    waiting = database(status=with_conditions(("Ready", "False", "InstanceNotReady")))
    assert (is_ready(waiting), ready_reason(waiting)) == (False, "InstanceNotReady")


def test_a_server_that_is_held_is_still_connected() -> None:
    held = with_conditions(("Connected", "True", "ConnectionSuccess"), ("Ready", "False", "DependenciesExist"))
    assert is_connected(instance(status=held))


def test_a_status_of_an_older_generation_has_not_seen_the_spec() -> None:
    assert has_seen_spec(database(generation=2, status={"observedGeneration": 2}))
    assert not has_seen_spec(database(generation=3, status={"observedGeneration": 2}))


def test_what_the_runtime_writes_is_no_part_of_a_kinds_own_status() -> None:
    status = {"observedGeneration": 1, "phase": "Ready", "message": "", "conditions": [], "version": "18"}
    assert own_status(instance(status=status)) == {"version": "18"}
