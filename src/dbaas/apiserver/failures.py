"""Every answer that is not a success, as a Kubernetes `Status` words it.

The texts are part of the contract: clients and people search for them. Source: apimachinery `api/errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from dbaas.contracts.admission import Explained, summarize
from dbaas.core.errors import DbaasError

STALE = "the object has been modified; please apply your changes to the latest version and try again"


class NamedResource(Protocol):
    """As much of a served resource as messages need."""

    @property
    def group(self) -> str: ...
    @property
    def plural(self) -> str: ...
    @property
    def kind(self) -> str: ...


class CauseLike(Explained, Protocol):
    """`field: message` is how it reads in a sentence."""

    @property
    def reason(self) -> str: ...


class Failure(DbaasError):
    """One refused request. `details` is the `details` of the Status, None where Kubernetes sends none."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, reason=reason)
        self.code = code
        self.details = details
        self.warnings: tuple[str, ...] = ()  # of what came before the refusal
        self.continue_token = ""  # where a list may go on after it has expired

    def status(self) -> dict[str, Any]:
        """The body of the answer."""
        metadata = {"continue": self.continue_token} if self.continue_token else {}
        body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure"}
        body["message"] = self.message
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


def qualified(resource: NamedResource) -> str:
    """`databases.dbaas.io`, `secrets`."""
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def describe(resource: NamedResource, name: str) -> dict[str, Any]:
    """The `details` that say which object is meant."""
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in details.items() if value}


def quoted(text: str) -> str:
    """As Go's %q shows a string without control characters."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def not_found(resource: NamedResource, name: str) -> Failure:
    return Failure(404, "NotFound", f"{qualified(resource)} {quoted(name)} not found", describe(resource, name))


class NotServed(Failure):
    """No group or version at this path is served at all; answered in plain text, as Kubernetes does."""

    def __init__(self) -> None:
        super().__init__(404, "NotFound", "404 page not found\n")


def unknown_path() -> Failure:
    """The group and version are served, but nothing of theirs is there."""
    return Failure(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource: NamedResource, name: str, *, generated: bool = False) -> Failure:
    message, details = f"{qualified(resource)} {quoted(name)} already exists", describe(resource, name)
    if generated:
        message += ", the server was not able to generate a unique name for the object"
        details["retryAfterSeconds"] = 1
    return Failure(409, "AlreadyExists", message, details)


def conflict(resource: NamedResource, name: str, why: str = STALE) -> Failure:
    message = f"Operation cannot be fulfilled on {qualified(resource)} {quoted(name)}: {why}"
    return Failure(409, "Conflict", message, describe(resource, name))


def forbidden(resource: NamedResource, name: str, why: str, causes: Sequence[Mapping[str, str]] = ()) -> Failure:
    subject = f"{qualified(resource)} {quoted(name)}" if name else qualified(resource)
    details = describe(resource, name)
    if causes:
        details["causes"] = list(causes)
    return Failure(403, "Forbidden", f"{subject} is forbidden: {why}", details)


def unauthorized() -> Failure:
    return Failure(401, "Unauthorized", "Unauthorized")


def beyond_rights(who: str, method: str, path: str) -> Failure:
    return Failure(403, "Forbidden", f"forbidden: {who} cannot {method} {quoted(path)}", {})


def bad_request(message: str) -> Failure:
    return Failure(400, "BadRequest", message)


def method_not_allowed() -> Failure:
    return Failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def not_acceptable(media_types: Sequence[str]) -> Failure:
    return Failure(406, "NotAcceptable", f"only the following media types are accepted: {', '.join(media_types)}")


def plain_error(message: str) -> Failure:
    """What Kubernetes answers where an error has no Status of its own: 500 without a reason."""
    return Failure(500, "", message)


def unreadable_version(version: str) -> Failure:
    return plain_error(f'strconv.ParseUint: parsing "{version}": invalid syntax')


def unsupported_media_type(accepted: Sequence[str]) -> Failure:
    message = "the body of the request was in an unknown format - accepted media types include: "
    return Failure(415, "UnsupportedMediaType", message + ", ".join(accepted))


def too_large(limit: int) -> Failure:
    return Failure(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def expired(message: str = "The resourceVersion for the provided watch is too old.") -> Failure:
    return Failure(410, "Expired", message)


def version_too_large(wanted: int, current: int) -> Failure:
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    message = f"Timeout: Too large resource version: {wanted}, current: {current}"
    return Failure(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})


def timed_out() -> Failure:
    return Failure(504, "Timeout", "Timeout: request did not complete within the allotted timeout", {})


def too_many_requests() -> Failure:
    """More at once than the server takes on."""
    message = "Too many requests, please try again later."
    return Failure(429, "TooManyRequests", message, {"retryAfterSeconds": 1})


def unavailable(message: str) -> Failure:
    return Failure(503, "ServiceUnavailable", message)


def invalid(kind: str, group: str, name: str, causes: Sequence[CauseLike]) -> Failure:
    """All that is wrong with an object, at once."""
    details: dict[str, Any] = {"name": name, "group": group, "kind": kind}
    details = {key: value for key, value in details.items() if value}
    details["causes"] = [
        {key: value for key, value in (("reason", c.reason), ("message", c.message), ("field", c.field)) if value}
        for c in causes
    ]
    subject = f"{kind}.{group}" if group else kind
    return Failure(422, "Invalid", f"{subject} {quoted(name)} is invalid: {summarize(causes)}", details)
