"""The root of our errors: each carries the CamelCase reason that a condition or an answer shows."""

from __future__ import annotations


class DbaasError(Exception):
    """An error of ours. `reason` is CamelCase and stable; the message is a sentence in lower case without a stop:

    "cannot create database 'orders' on 'main': permission denied".
    """

    reason = "InternalError"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if reason is not None:
            self.reason = reason
