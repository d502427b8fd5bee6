"""Admission once more at the start of a reconcile: an object may be older than a rule, or than what it refers to."""

from __future__ import annotations

from dbaas.api.resource import Resource
from dbaas.contracts.admission import Admission, Review
from dbaas.contracts.reconcile import Refused


async def refuse_invalid(admission: Admission, resource: Resource) -> None:
    """Raises Refused, naming every violation with its field."""
    kind = resource.kind
    verdict = await admission.review(Review("CREATE", kind.group, kind.version, kind.kind, resource.body(), None))
    if verdict.violations:
        raise Refused("InvalidSpec", "; ".join(f"{each.field}: {each.message}" for each in verdict.violations))
