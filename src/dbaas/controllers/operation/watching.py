"""Whether somebody has undone what an operation has done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbaas.api.operation import ANNOTATION_OPERATION
from dbaas.api.resource import Resource
from dbaas.contracts.operation import find_values, stated_values
from dbaas.controllers.operation.request import Request


def find_undone(request: Request, cluster: Resource, later: Sequence[Request]) -> list[str]:
    """Fields that have neither what it has stated nor what one of the `later` operations has.

    Nothing where the last operation of the cluster is none of these: nobody knows any more what that one has changed.
    """
    if request.status.cluster_uid != cluster.metadata.uid:
        return []
    last = cluster.metadata.annotations.get(ANNOTATION_OPERATION)
    if last not in {request.uid, *(each.uid for each in later)}:
        return []
    theirs = {field for each in later for field in stated_values(each.change)}
    found = find_values(cluster.spec, request.change)
    stated = stated_values(request.change)
    return [field for field in stated if field not in theirs and found[field] != stated[field]]


def describe_undone(request: Request, fields: Iterable[str]) -> str:
    """For whoever looks at the cluster."""
    stated = stated_values(request.change)
    told = ", ".join(f"spec.{field} was {stated[field]}" for field in fields)
    return f"what OpsRequest {request.key.name!r} has done was changed again by somebody else: {told}"
