"""Kinds that are questions about the client itself: who am I, what may I do. Nothing of them is stored.

There is one token, so there is one user, and this user may do everything, as Kubernetes' group `system:masters` may.
Source: `pkg/registry/authentication` and `pkg/registry/authorization` in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dbaas.apiserver.failures import bad_request, invalid
from dbaas.apiserver.schemas import Cause

USER = {"username": "dbaas", "groups": ["system:masters", "system:authenticated"]}
Review = Callable[[dict[str, Any], str], dict[str, Any]]
"""Given the question and the time, the question with its answer. Raises Failure."""


def review_self(review: dict[str, Any], time: str) -> dict[str, Any]:
    """Who am I."""
    return {**review, "metadata": {"creationTimestamp": time}, "status": {"userInfo": USER}}


def review_access(review: dict[str, Any], time: str) -> dict[str, Any]:
    """May I do this."""
    spec = review.get("spec") or {}
    causes = []
    attributes, paths = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if attributes is not None and paths is not None:
        message = "cannot be specified in combination with resourceAttributes"
        causes.append(Cause("spec.nonResourceAttributes", f"Invalid value: {message}"))
    if attributes is None and paths is None:
        message = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        causes.append(Cause("spec.resourceAttributes", f"Invalid value: null: {message}"))
    if review.get("metadata"):
        causes.append(Cause("metadata", "Invalid value: must be empty"))
    if causes:
        raise invalid("", "authorization.k8s.io", "", causes)
    return {**review, "status": {"allowed": True}}


def review_rules(review: dict[str, Any], time: str) -> dict[str, Any]:
    """What may I do at all."""
    if not (review.get("spec") or {}).get("namespace"):
        raise bad_request("no namespace on request")
    status = {
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    }
    return {**review, "metadata": {}, "spec": {}, "status": status}


REVIEWS: Mapping[str, Review] = {
    "selfsubjectreviews.authentication.k8s.io": review_self,
    "selfsubjectaccessreviews.authorization.k8s.io": review_access,
    "selfsubjectrulesreviews.authorization.k8s.io": review_rules,
}
