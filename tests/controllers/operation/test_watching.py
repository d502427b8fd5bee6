"""When what was done counts as undone, and by whom."""

from __future__ import annotations

from controllers.operation.make import ENDED, cluster, request, setting
from dbaas.api.operation import ANNOTATION_OPERATION
from dbaas.api.resource import Resource
from dbaas.controllers.operation.request import Request
from dbaas.controllers.operation.watching import describe_undone, find_undone


def done(name: str = "one", value: str = "1") -> Request:
    return request(name, "Reconfiguring", status=ENDED, **setting("a", value))


def marked(by: str, *config: tuple[str, str], uid: str = "uid-main") -> Resource:
    settings = [{"name": name, "value": value} for name, value in config]
    return cluster(config=settings, annotations={ANNOTATION_OPERATION: by}, uid=uid)


def test_a_field_that_has_another_value_was_changed_by_somebody() -> None:
    assert find_undone(done(), marked("uid-one", ("a", "1"), ("b", "2")), []) == []
    assert find_undone(done(), marked("uid-one", ("a", "7")), []) == ["config[a]"]
    assert find_undone(done(), marked("uid-one"), []) == ["config[a]"]


def test_what_a_later_operation_has_changed_is_that_ones() -> None:
    assert find_undone(done(), marked("uid-two", ("a", "2")), [done("two", "2")]) == []


def test_nothing_is_said_where_the_last_operation_is_not_known_any_more_or_the_cluster_is_another() -> None:
    assert find_undone(done(), marked("uid-gone", ("a", "2")), []) == []
    assert find_undone(done(), marked("uid-one", ("a", "7"), uid="uid-other"), []) == []


def test_it_is_told_with_what_was_there() -> None:
    told = describe_undone(done(), ["config[a]"])
    assert told == "what OpsRequest 'one' has done was changed again by somebody else: spec.config[a] was 1"
