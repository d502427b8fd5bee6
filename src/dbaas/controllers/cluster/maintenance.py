"""Which changes of a cluster wait, and for what. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from dbaas.api.cluster import Maintenance
from dbaas.contracts.provider import Disruption
from dbaas.core.clock import format_time
from dbaas.core.duration import parse_duration
from dbaas.core.windows import DAYS, Window, find_opening, find_zone


@dataclass(frozen=True)
class Pending:
    """A change that is not made yet; `until` is when it will be, where that is known."""

    change: str
    reason: str
    until: datetime | None = None

    def body(self) -> dict[str, str]:
        """As the status has it."""
        told = {"change": self.change, "reason": self.reason}
        return {**told, "until": format_time(self.until)} if self.until is not None else told


def find_wait(name: str, disruption: Disruption, maintenance: Maintenance | None, now: datetime) -> Pending | None:
    """None where instance `name` may be restarted now. A restart that was asked for takes along all that waits."""
    if maintenance is None or disruption.is_asked:
        return None
    change = describe_restart(name, disruption)
    if disruption.is_upgrade and not maintenance.auto_upgrade:
        return Pending(change, "spec.maintenance.autoUpgrade is off: restart the cluster to take newer programs")
    zone = find_zone(maintenance.timezone)
    opening = find_opening(windows_of(maintenance), zone, now)
    if opening is None or opening.begin <= now:
        return None
    local = opening.begin.astimezone(zone)
    day = DAYS[local.isoweekday() % 7]
    return Pending(change, f"maintenance window of {day} {local:%H:%M} {maintenance.timezone}", opening.begin)


def describe_restart(name: str, disruption: Disruption) -> str:
    """What is to change, for people."""
    return f"restart of {name} for {disruption.what}"


def windows_of(maintenance: Maintenance) -> Sequence[Window]:
    return [
        Window(each.day_of_week, time.fromisoformat(each.start_time), parse_duration(each.duration))
        for each in maintenance.windows
    ]
