"""Errors of an evaluation, in the words of cel-go, which kube-apiserver shows."""

from __future__ import annotations

import re

EVALUATION_ERRORS = (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError)
_CONVERSION = re.compile(r"Function '(int|double|timestamp|duration)' error")
_TYPES = {"timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration"}
_NO_OVERLOAD = re.compile(r"Python function call failed: TypeError: ")
_NOTHING = "optional.none() dereference"
_PYTHON_FAILURE = re.compile(r"Python function call failed: \w+: (.*?)\. Check function arguments", re.DOTALL)


def describe_error(error: Exception, rule: str) -> str:
    """`rule` is the rule's message, or its text."""
    if isinstance(error, TypeError) or _NO_OVERLOAD.search(str(error)):
        return (
            "'no such overload': call arguments did not match a supported operator, function or macro signature "
            f"for rule: {rule}"
        )
    return f"{_reason(error)} evaluating rule: {rule}"


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"no such key: {error.args[0]}"
    if isinstance(error, ZeroDivisionError):
        return "modulus by zero" if str(error).startswith("modulo") else "division by zero"
    if isinstance(error, OverflowError):
        return "integer overflow"
    if conversion := _CONVERSION.match(str(error)):
        return f"type conversion error from 'string' to '{_TYPES.get(conversion[1], conversion[1])}'"
    if _NOTHING in str(error):
        return _NOTHING
    if failure := _PYTHON_FAILURE.search(str(error)):
        return failure[1]
    return str(error)
