"""From the end of an execution to the status and the events that people see. Nothing here touches the server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbaas.api.resource import ANNOTATION_MADE_AT
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Engine
from dbaas.contracts.looking import Tallying, Telling
from dbaas.contracts.reconcile import Outcome
from dbaas.contracts.statement import Change
from dbaas.controllers.managed.credentials import Credentials, read_published
from dbaas.controllers.managed.drift import Policy, judge, report_drift
from dbaas.controllers.managed.execution import Settled, is_changed
from dbaas.controllers.managed.items import Wish, format_owned, read_owned
from dbaas.controllers.managed.kinds import Seen, Subject
from dbaas.controllers.managed.observing import find_primary
from dbaas.controllers.managed.resolution import Resolved
from dbaas.controllers.managed.tags import is_tag
from dbaas.controllers.metrics import ControllerCounts
from dbaas.core.clock import Clock, format_time

FIRST_LOOK_SECONDS = 300.0  # into a database that was not looked into when it was made: what it holds is told then


@dataclass(frozen=True)
class Finding:
    """All that a status is made of. `digest` is that of what was wanted."""

    resolved: Resolved
    credentials: Credentials | None
    wishes: tuple[Wish, ...]
    policy: Policy
    settled: Settled
    digest: str

    @property
    def subject(self) -> Subject:
        return self.resolved.subject


class Reporting:
    """Builds outcomes and says what happened."""

    def __init__(self, client: Client, clock: Clock, counts: ControllerCounts) -> None:
        self._client = client
        self._clock = clock
        self._counts = counts

    def report(self, finding: Finding) -> Outcome:
        """The status of an object whose server was asked last of all."""
        self._announce(finding)
        subject, settled = finding.subject, finding.settled
        now = format_time(self._clock.now())
        condition = judge(settled.left, subject.kind.noun, finding.policy)
        before = subject.status.drift.model_dump(by_alias=True, exclude_none=True) if subject.status.drift else None
        owned = self._owned(finding)
        observed = find_primary(finding.wishes, settled.observation)
        entries = sum(len(wish.keys) for wish in finding.wishes)
        seen = Seen(
            finding.resolved.references, observed, entries, _collect_told(finding), _tally(finding.wishes),
            subject.status, self._find_beginning(finding),
        )  # fmt: skip
        status: dict[str, Any] = {
            **subject.kind.describe(subject.spec, seen),
            "drift": report_drift(settled.left, before, now),
            "owned": owned or None,
            "applied": finding.digest,
            "secret": self._published(finding, observed, now),
        }
        kept = {name: value for name, value in status.items() if value is not None}
        again = FIRST_LOOK_SECONDS if settled.observation.foreseen else None
        phase = "Ready" if condition.status == "True" else "Failed"
        return Outcome([condition], kept, phase=phase, requeue_after=again)

    def _find_beginning(self, finding: Finding) -> str | None:
        """When the thing was made, if that was not told yet: just now, or by a run that did not come to its end."""
        if finding.settled.is_new:
            return format_time(self._clock.now())
        subject = finding.subject
        return None if subject.was_applied else subject.resource.metadata.annotations.get(ANNOTATION_MADE_AT)

    def _owned(self, finding: Finding) -> list[dict[str, Any]]:
        """After our own change all that is wished is applied and nothing else; else it is as it was, but for tags."""
        wished = {wish.thing: wish.keys for wish in finding.wishes}
        if finding.policy.is_own:
            return format_owned(wished.items())
        engine, before = finding.resolved.server.engine, read_owned(finding.subject.status.owned)
        tags = {thing: keys for thing, keys in wished.items() if is_tag(engine, thing.part)}
        return format_owned({**before, **tags}.items())

    def _published(self, finding: Finding, observed: Any, now: str) -> Mapping[str, Any] | None:
        credentials = finding.credentials
        if credentials is None:
            return None
        before = read_published(finding.subject)
        is_new = before is None or before.version != credentials.login.version
        changed = is_new and is_changed(finding.settled.executed)
        last = now if changed else (before.last_changed if before is not None else None)
        is_wrong = credentials.refused and not is_changed(finding.settled.executed)
        proof = "" if is_wrong else prove(finding.resolved.server.engine, observed, credentials)
        published = {"name": credentials.secret, "version": credentials.login.version, "lastChanged": last}
        return {name: value for name, value in {**published, "proof": proof}.items() if value}

    def _announce(self, finding: Finding) -> None:
        subject, executed, left = finding.subject, finding.settled.executed, finding.settled.left
        events, resource = subject.kind.events, subject.resource
        if executed and finding.policy.is_own:
            reason = events.updated if subject.was_applied else events.created
            self._client.event(resource, "Normal", reason, f"{subject.name}: {_fields(executed)} set")
        elif is_changed(executed):
            self._client.event(resource, "Normal", "DriftCorrected", f"{subject.name}: {_fields(executed)} put right")
            self._counts.count_drift(subject.kind.kind.resource, finding.resolved.server.engine.name)
        if left and not _is_known(subject, left):
            self._client.event(resource, "Warning", "DriftDetected", f"{subject.name}: {_fields(left)} differs")
            self._counts.count_drift(subject.kind.kind.resource, finding.resolved.server.engine.name)


def _collect_told(finding: Finding) -> Mapping[str, Any]:
    found = [finding.settled.observation.find(wish.thing) for wish in finding.wishes if wish.desired is not None]
    return {name: value for each in found if isinstance(each, Telling) for name, value in each.tell().items()}


def _tally(wishes: Sequence[Wish]) -> Mapping[str, Sequence[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for wish in wishes:
        for sort, entries in wish.desired.tally().items() if isinstance(wish.desired, Tallying) else ():
            found[sort] += entries
    return found


def prove(engine: Engine, observed: Any, credentials: Credentials) -> str:
    """What to record, so that the password need not be checked again; empty where the engine has no proofs."""
    if engine.login_proof is None or observed is None:
        return ""
    return engine.login_proof(observed, credentials.login) or ""


def _fields(changes: tuple[Change, ...]) -> str:
    return ", ".join(dict.fromkeys(change.field for change in changes))


def _is_known(subject: Subject, left: tuple[Change, ...]) -> bool:
    drift = subject.status.drift
    return drift is not None and [d.field for d in drift.diffs] == [change.field for change in left]
