"""Why a patch cannot be carried out."""

from __future__ import annotations

from dbaas.core.errors import DbaasError

_REASONS = {400: "BadRequest", 422: "Invalid", 500: "InternalError"}


class PatchRefused(DbaasError):
    """`status` is the HTTP status that kube-apiserver answers with: 400 for a malformed patch, 422 for one that does
    not fit the object (the message of that Status is then its generic one), 500 for some malformed lists."""

    reason = "BadRequest"

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message, reason=_REASONS[status])
        self.status = status
