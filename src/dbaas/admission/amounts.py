"""Rules of amounts: what an instance is promised and may use, and how large a volume is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dbaas.api.pods import ResourceRequirements
from dbaas.contracts.admission import Violation
from dbaas.core.quantity import parse_quantity

_STANDARD = re.compile(r"cpu|memory|ephemeral-storage|hugepages-.+")  # the manual's "Resource Management"


def resources_are_possible(field: str, resources: ResourceRequirements | None) -> Iterator[Violation]:
    """Amounts of what there is, none below nothing, and no more promised than allowed."""
    if resources is None:
        return
    for part, amounts in (("requests", resources.requests), ("limits", resources.limits)):
        yield from _amounts_are_possible(f"{field}.{part}", amounts)
    for name, promised in resources.requests.items():
        most = resources.limits.get(name)
        if most is not None and parse_quantity(promised) > parse_quantity(most):
            message = f"{promised} is promised and {most} is the most: promise less, or allow more"
            yield Violation(f"{field}.requests.{name}", message)


def size_is_possible(field: str, size: str) -> Iterator[Violation]:
    """There is a volume only of something."""
    if parse_quantity(size) <= 0:
        yield Violation(field, f"{size} is no size of a volume: it must be more than 0")


def _amounts_are_possible(field: str, amounts: Mapping[str, str]) -> Iterator[Violation]:
    for name, amount in amounts.items():
        if not _STANDARD.fullmatch(name) and "/" not in name:
            message = "there is no such resource: cpu, memory, ephemeral-storage, hugepages-SIZE, or VENDOR/DEVICE"
            yield Violation(f"{field}.{name}", message, "FieldValueNotSupported")
        if parse_quantity(amount) < 0:
            yield Violation(f"{field}.{name}", f"{amount} is less than nothing")
