"""The wording of refusals; that they are the same as in Kubernetes is checked by the conformance suite."""

from __future__ import annotations

from dataclasses import dataclass

from dbaas.apiserver.failures import Failure, conflict, expired, forbidden, invalid, not_found, quoted
from dbaas.apiserver.schemas import Cause


@dataclass(frozen=True)
class Named:
    """As much of a resource as messages need."""

    group: str = "example.com"
    plural: str = "things"
    kind: str = "Thing"


def test_a_core_kind_has_no_group_in_its_name() -> None:
    failure = not_found(Named(group=""), "one")
    assert failure.message == 'things "one" not found'
    assert failure.details == {"name": "one", "kind": "things"}


def test_names_are_quoted_as_go_does() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'


def test_one_cause_is_a_sentence_and_several_are_a_list() -> None:
    one = invalid("Thing", "example.com", "x", [Cause("spec.a", "Required value", "FieldValueRequired")])
    assert one.message == 'Thing.example.com "x" is invalid: spec.a: Required value'
    two = invalid("Thing", "", "x", [Cause("a", "m"), Cause("b", "n")])
    assert two.message == 'Thing "x" is invalid: [a: m, b: n]'


def test_the_same_cause_is_said_once_but_listed_twice() -> None:
    failure = invalid("Thing", "", "x", [Cause("a", "m"), Cause("a", "m")])
    assert failure.message == 'Thing "x" is invalid: a: m'
    assert failure.details is not None
    assert len(failure.details["causes"]) == 2


def test_details_are_there_only_where_kubernetes_sends_them() -> None:
    assert "details" not in Failure(400, "BadRequest", "no").status()
    assert Failure(404, "NotFound", "no", {}).status()["details"] == {}
    assert "reason" not in Failure(500, "", "no").status()


def test_an_expired_list_says_where_it_may_go_on() -> None:
    failure = expired("too old")
    failure.continue_token = "token"
    assert failure.status()["metadata"] == {"continue": "token"}


def test_a_conflict_and_a_refusal_name_the_object() -> None:
    assert conflict(Named(), "x", "because").message == (
        'Operation cannot be fulfilled on things.example.com "x": because'
    )
    assert forbidden(Named(), "", "because").message == "things.example.com is forbidden: because"
