"""Whether the data of an instance may be thrown away, and when it has been copied anew. Pure."""

from __future__ import annotations

from dbaas.contracts.reconcile import Refused
from dbaas.manifests.agreement import Agreement


def explain_wait(agreement: Agreement, instance: str) -> str:
    """Why that instance cannot be copied from the primary yet; empty where it can.

    Raises Refused where it is the primary, whose data is all there is, or where there is no such instance.
    """
    if instance not in agreement.members:
        known = ", ".join(agreement.members)
        raise Refused("UnknownInstance", f"there is no instance {instance!r}: there are {known}")
    if instance == agreement.leader:
        why = f"{instance} is the primary, from which all others are copied: switch over to another instance first"
        raise Refused("IsPrimary", why)
    return "" if agreement.primary else "there is no primary at present that it could be copied from"


def is_copied(agreement: Agreement, instance: str) -> bool:
    """It follows the primary. What it said before its data was thrown away must not be counted."""
    member, primary = agreement.members.get(instance), agreement.members.get(agreement.primary)
    return member is not None and primary is not None and member.is_streaming and member.timeline == primary.timeline
