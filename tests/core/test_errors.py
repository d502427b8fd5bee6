"""Our errors carry a reason that conditions show."""

from __future__ import annotations

from dbaas.core.errors import DbaasError


class Lost(DbaasError):
    """An error with a reason of its own."""

    reason = "Lost"


def test_an_error_shows_its_message_and_its_class_reason() -> None:
    error = Lost("cannot find 'orders'")
    assert (str(error), error.message, error.reason) == ("cannot find 'orders'", "cannot find 'orders'", "Lost")


def test_a_reason_can_be_given_for_one_error_alone() -> None:
    assert Lost("gone", reason="Deleted").reason == "Deleted"
    assert Lost("gone").reason == "Lost"


def test_an_error_without_a_reason_is_internal() -> None:
    assert DbaasError("what").reason == "InternalError"
