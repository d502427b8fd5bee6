"""Errors of an evaluation, in the words of cel-go, which kube-apiserver shows."""

from __future__ import annotations

EVALUATION_ERRORS = (ArithmeticError, LookupError, TypeError, ValueError)


class Failure(ValueError):
    """What an expression asks cannot be answered."""


class NoOverload(Failure):
    """A value is of a type that the function does not take. `function` where cel-go tells which."""

    def __init__(self, function: str = "") -> None:
        super().__init__(f"no such overload: {function}" if function else "no such overload")


class TooDear(Exception):
    """What was evaluated has cost more than it may. No error of an expression: nothing absorbs it."""


class TakesLong(Exception):
    """What was evaluated has cost more than a trial may: it is evaluated anew where that holds up nobody."""


def describe_error(error: Exception, rule: str) -> str:
    """`rule` is the rule's message, or its text."""
    if isinstance(error, NoOverload):
        why = "call arguments did not match a supported operator, function or macro signature"
        return f"'{error}': {why} for rule: {rule}"
    return f"{error} evaluating rule: {rule}"


def describe_cost(rule: str) -> str:
    return (
        "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost "
        f"exceeds limit for rule: {rule}"
    )
