"""Which drift policy holds for an object: its own, else its server's."""

from __future__ import annotations

from dbaas.controllers.managed.access import allows_destructive
from dbaas.controllers.managed.drift import Policy
from dbaas.controllers.managed.resolution import Resolved


def read_policy(resolved: Resolved, digest: str) -> Policy:
    """`digest` is that of what is wanted now."""
    subject = resolved.subject
    policy = subject.drift_policy or resolved.server.spec.drift_policy
    return Policy(subject.status.applied != digest, policy.mode, allows_destructive(subject))
