"""From an answer that is not a success to the error that says so."""

from __future__ import annotations

import msgspec

from dbaas.contracts.client import AlreadyExists, ApiError, Forbidden, Invalid, NotFound, WriteConflict
from dbaas.contracts.transport import Response


class _Cause(msgspec.Struct):
    field: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    """A `Status` object; servers and proxies on the way may send anything instead."""

    code: int = 0
    message: str = ""
    reason: str = ""
    details: _Details | None = None


_STATUS = msgspec.json.Decoder(_Status)
_LONGEST_TEXT = 500
_CLASSES: dict[int, type[ApiError]] = {
    400: Invalid,
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: WriteConflict,
    422: Invalid,
}
_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}


def error_of(response: Response, attempted: str) -> ApiError:
    """`attempted` reads after "cannot": "create Database default/shop"."""
    return status_error(response.body, response.status, attempted)


def status_error(body: bytes, code: int, attempted: str) -> ApiError:
    """The same from the bytes of a Status; `code` counts where it states none."""
    status = _parse_status(body)
    code = code or status.code
    reason = status.reason or _REASONS.get(code, "InternalError")
    kind = AlreadyExists if reason == "AlreadyExists" else _CLASSES.get(code, ApiError)
    causes = [(cause.field, cause.message) for cause in (status.details and status.details.causes) or ()]
    text = status.message or f"the server answered {code}"
    return kind(f"cannot {attempted}: {text}", code=code, reason=reason, causes=causes)


def _parse_status(body: bytes) -> _Status:
    try:
        return _STATUS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Status(message=body[:_LONGEST_TEXT].decode(errors="replace").strip())
