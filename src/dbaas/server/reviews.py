"""AdmissionReview, the language in which an API server asks a webhook: read and answered. Pure.

Source: the Kubernetes reference, `admission.k8s.io/v1`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dbaas.contracts.admission import Review, Verdict, Violation, summarize

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"
LONGEST_WARNING = 256  # longer ones may be cut by the API server, and too many of them left out


class NotAReview(ValueError):
    """What came is no AdmissionReview that we understand; the text says why."""


@dataclass(frozen=True)
class Asked:
    """`review` is None for what is none of our business: CONNECT, and reviews without a kind."""

    uid: str
    review: Review | None


def read_review(body: bytes) -> Asked:
    """Raises NotAReview."""
    try:
        read = orjson.loads(body)
    except ValueError as error:
        raise NotAReview("the body is no JSON") from error
    if not isinstance(read, dict) or (read.get("apiVersion"), read.get("kind")) != (API_VERSION, KIND):
        raise NotAReview(f"the body is no {KIND} of {API_VERSION}")
    request = read.get("request")
    if not isinstance(request, dict) or not isinstance(request.get("uid"), str):
        raise NotAReview("the review has no request with a uid")
    return Asked(request["uid"], _read_request(request))


def build_answer(uid: str, review: Review | None, verdict: Verdict) -> dict[str, Any]:
    """What is sent back: all violations at once, each with its field, worded as the API server words them."""
    response: dict[str, Any] = {"uid": uid, "allowed": not verdict.violations}
    if verdict.warnings:
        response["warnings"] = [warning[:LONGEST_WARNING] for warning in verdict.warnings]
    if verdict.violations and review is not None:
        response["status"] = _build_status(review, verdict.violations)
    return {"apiVersion": API_VERSION, "kind": KIND, "response": response}


def _read_request(request: Mapping[str, Any]) -> Review | None:
    kind, operation = request.get("kind"), request.get("operation")
    if not isinstance(kind, dict) or operation not in ("CREATE", "UPDATE", "DELETE"):
        return None
    return Review(
        operation=operation,
        group=str(kind.get("group") or ""),
        version=str(kind.get("version") or ""),
        kind=str(kind.get("kind") or ""),
        new=_object(request.get("object")),
        old=_object(request.get("oldObject")),
        subresource=str(request.get("subResource") or ""),
        dry_run=bool(request.get("dryRun")),
    )


def _object(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _build_status(review: Review, violations: Sequence[Violation]) -> dict[str, Any]:
    name = str((review.new or review.old or {}).get("metadata", {}).get("name") or "")
    causes = [{"reason": each.reason, "message": each.message, "field": each.field} for each in violations]
    return {
        "code": 422,
        "reason": "Invalid",
        "message": summarize(violations),
        "details": {"name": name, "group": review.group, "kind": review.kind, "causes": causes},
    }
