"""Tests of `server.reviews`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dbaas.contracts.admission import Review, Verdict, Violation
from dbaas.server.reviews import NotAReview, build_answer, read_review


def _asked(**request: Any) -> bytes:
    whole = {"uid": "u1", "operation": "CREATE", "kind": {"group": "dbaas.io", "version": "v1", "kind": "Database"}}
    body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": whole | request}
    return json.dumps(body).encode()


def test_a_review_is_read_as_our_rules_take_it() -> None:
    new, old = {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}
    body = _asked(operation="UPDATE", object=new, oldObject=old, subResource="status", dryRun=True)
    expected = Review("UPDATE", "dbaas.io", "v1", "Database", new, old, "status", True)
    assert read_review(body).review == expected
    assert read_review(_asked(object=new, oldObject=None)).review == Review(
        "CREATE", "dbaas.io", "v1", "Database", new, None
    )


def test_what_is_none_of_our_business_is_let_through() -> None:
    asked = read_review(_asked(operation="CONNECT"))
    assert asked.review is None
    assert build_answer(asked.uid, None, Verdict())["response"] == {"uid": "u1", "allowed": True}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\x00", "no JSON"),
        (b"[]", "no AdmissionReview"),
        (b'{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview"}', "no AdmissionReview"),
        (b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}', "no request"),
        (b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {}}', "no request"),
    ],
)
def test_what_is_no_review_is_refused_with_its_reason(body: bytes, message: str) -> None:
    with pytest.raises(NotAReview, match=message):
        read_review(body)


def test_all_violations_are_answered_at_once_with_their_fields() -> None:
    review = Review("CREATE", "dbaas.io", "v1", "Database", {"metadata": {"name": "orders"}}, None)
    violations = (Violation("spec.a", "is wrong"), Violation("spec.b", "is missing", "FieldValueRequired"))
    answer = build_answer("u1", review, Verdict(violations, ("old field", "x" * 300)))
    assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    assert answer["response"] == {
        "uid": "u1",
        "allowed": False,
        "warnings": ["old field", "x" * 256],
        "status": {
            "code": 422,
            "reason": "Invalid",
            "message": "[spec.a: is wrong, spec.b: is missing]",
            "details": {
                "name": "orders",
                "group": "dbaas.io",
                "kind": "Database",
                "causes": [
                    {"reason": "FieldValueInvalid", "message": "is wrong", "field": "spec.a"},
                    {"reason": "FieldValueRequired", "message": "is missing", "field": "spec.b"},
                ],
            },
        },
    }
