"""Tests of `kube.answers`."""

from __future__ import annotations

import orjson
import pytest

from dbaas.contracts.client import AlreadyExists, ApiError, Forbidden, Invalid, NotFound, WriteConflict
from dbaas.contracts.transport import Response
from dbaas.kube.answers import error_of


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        (400, "BadRequest", Invalid),
        (401, "Unauthorized", Forbidden),
        (403, "Forbidden", Forbidden),
        (404, "NotFound", NotFound),
        (409, "Conflict", WriteConflict),
        (409, "AlreadyExists", AlreadyExists),
        (410, "Expired", ApiError),
        (422, "Invalid", Invalid),
        (500, "InternalError", ApiError),
    ],
)
def test_each_answer_is_its_own_class_and_keeps_its_reason(code: int, reason: str, expected: type[ApiError]) -> None:
    body = orjson.dumps({"kind": "Status", "code": code, "reason": reason, "message": "because"})
    error = error_of(Response(code, body), "create Gadget a")
    assert type(error) is expected
    assert (error.code, error.reason) == (code, reason)
    assert str(error) == "cannot create Gadget a: because"


def test_causes_name_the_fields() -> None:
    causes = [{"field": "spec.size", "message": "too big", "reason": "FieldValueInvalid"}, {"message": "also"}]
    body = orjson.dumps({"reason": "Invalid", "message": "no", "details": {"causes": causes}})
    assert error_of(Response(422, body), "x").causes == (("spec.size", "too big"), ("", "also"))


@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b'"text"', b'{"code":"x"}', b"\xff\xfe"])
def test_an_answer_that_is_no_status_still_becomes_an_error(body: bytes) -> None:
    error = error_of(Response(502, body), "list gadgets")
    assert (error.code, error.reason) == (502, "InternalError")
    assert str(error).startswith("cannot list gadgets: ")
