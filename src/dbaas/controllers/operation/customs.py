"""Takes operations of type Custom further: one statement after another, each noted before it is sent and when it ended.

A statement may take hours, so it goes on beside the reconciles, in a session of its own whose name the status has. What
a crash leaves behind is found by that name and ended; what it had done by then nobody knows.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TypeGuard

import structlog

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.operation import OPS_REQUEST, OpsRequestStatus
from dbaas.api.resource import Resource
from dbaas.contracts.custom import Frame
from dbaas.contracts.engine import EngineError, LoginRefused, Unreachable
from dbaas.contracts.reconcile import Condition, Outcome, Refused, Waiting
from dbaas.controllers.cluster.subject import entry_key
from dbaas.controllers.conditions import READY
from dbaas.controllers.operation import record
from dbaas.controllers.operation.acting import LOOK_SECONDS
from dbaas.controllers.operation.deciding import decide
from dbaas.controllers.operation.declared import Script, ScriptStep, build_script
from dbaas.controllers.operation.ending import SHORTEST_SECONDS, Ended
from dbaas.controllers.operation.noting import write_note
from dbaas.controllers.operation.record import dump_status
from dbaas.controllers.operation.request import Request
from dbaas.controllers.operation.runs import Run, Runs
from dbaas.controllers.operation.sessions import Sessions
from dbaas.controllers.surroundings import Surroundings
from dbaas.core.clock import format_time, parse_time
from dbaas.core.duration import parse_duration
from dbaas.core.errors import DbaasError
from dbaas.core.randomness import token

log = structlog.get_logger(__name__)

SESSION = "dbaas-op-"
SESSION_LENGTH = 16
TRY_AGAIN_SECONDS = 5.0


class Customs:
    """`runs` are the statements that are on their way, in this life."""

    def __init__(self, surroundings: Surroundings, runs: Runs) -> None:
        self._surroundings = surroundings
        self._client = surroundings.client
        self._clock = surroundings.clock
        self._runs = runs
        self._sessions = Sessions(surroundings)
        self._troubles: dict[str, str] = {}  # why the last attempt has failed, by the uid of the OpsRequest

    async def find_script(self, request: Request, cluster: Resource) -> Script:
        """What the catalogue says now. Raises Refused."""
        registry = self._surroundings.registry
        entry = await self._client.get(DATABASE_ENGINE, entry_key(cluster, registry))
        engine = registry.engine(str((cluster.spec.get("engine") or {}).get("type", "")))
        part = engine.custom_statements if engine is not None else None
        return build_script(request.spec, entry.spec if entry is not None else None, part)

    async def advance(self, request: Request, cluster: Resource) -> Outcome:
        """As far as it goes now. Raises Ended; WriteConflict where somebody has written to the request."""
        while True:
            run = self._runs.find(request.uid)
            move = decide(request.status, run.state if run is not None else None)
            match move.what:
                case "finish":
                    text = f"operation {_name(request)!r} of DatabaseCluster {cluster.key.name!r} is done"
                    raise Ended(request, "Succeeded", record.SUCCEEDED, text)
                case "open":
                    await self._runs.stop(request.uid)
                    script = await self._require_same(request, cluster)
                    self._open(request, cluster, script, script.find(move.step))
                    return await self._wait(request, cluster, self._explain_wait(request, move.step))
                case "wait":
                    if run is None or not run.state.is_released:
                        return await self._wait(request, cluster, self._explain_wait(request, move.step))
                    return await self._wait(request, cluster, f"statement {move.step!r} goes on")
                case "note" if run is not None:
                    await self._require_same(request, cluster)
                    noted = record.note_statement(request.status, move.step, run.session, self._now())
                    request = await self._note(request, noted)
                case "release" if run is not None:
                    run.release()
                    self._troubles.pop(request.uid, None)
                    return await self._wait(request, cluster, f"statement {move.step!r} goes on")
                case "try again" if run is not None:
                    return await self._try_again(request, cluster, run)
                case "take" if run is not None:
                    request = await self._take(request, run)
                case _:
                    found = await self._find_out(request, cluster, move.step)
                    if isinstance(found, Outcome):
                        return found
                    request = found

    async def close(self, ended: Ended) -> Ended:
        """Ends what is on its way, also where an earlier life has sent it. With what there is to say of it."""
        request = ended.request
        run = self._runs.find(request.uid)
        if run is not None and run.state.is_released and run.state.has_ended and run.failure is None:
            status = record.note_statement_end(request.status, run.step, run.tag, self._now())
            request = Request(request.resource, request.spec, status, request.operation)
        await self._runs.stop(request.uid)
        self._troubles.pop(request.uid, None)
        told = ""
        if request.status.session is not None:
            told = await self._end_session(request)
        done, of_all = record.count_statements(request.status)
        text = f"{ended.message}; {done} of {of_all} statements have been done{told}"
        return Ended(request, ended.end, ended.reason, text)

    def _open(self, request: Request, cluster: Resource, script: Script, step: ScriptStep) -> None:
        randomness = self._surroundings.randomness
        run = Run(step.name, SESSION + token(randomness, SESSION_LENGTH).lower())
        wake = partial(self._surroundings.enqueue, OPS_REQUEST, request.key)
        frame = Frame(
            run.session, max(SHORTEST_SECONDS, _left(request, script.seconds, self._clock.now())), script.lock_seconds
        )
        self._runs.begin(request.uid, run, partial(self._sessions.send, cluster, step, frame, wake), wake)

    async def _require_same(self, request: Request, cluster: Resource) -> Script:
        """What is declared, which is still what it began with. Raises Ended where it is not."""
        script = await self._find_same(request, cluster)
        if script is None:
            text = (
                f"the DatabaseEngine does not declare operation {_name(request)!r} as it did when this began: make "
                "another OpsRequest for what is left"
            )
            raise Ended(request, "Failed", "OperationChanged", text)
        return script

    async def _find_same(self, request: Request, cluster: Resource) -> Script | None:
        try:
            script = await self.find_script(request, cluster)
        except Refused:
            return None
        return script if script.digest == request.status.digest else None

    async def _try_again(self, request: Request, cluster: Resource, run: Run) -> Outcome:
        """Nothing of it was sent."""
        failure = run.failure
        if request.status.session is not None:
            again = record.note_again(request.status, run.step, "it was not sent", self._now())
            request = await self._note(request, again)
        self._runs.forget(request.uid)
        if isinstance(failure, Refused) or _is_final(failure, LoginRefused):
            text = f"statement {run.step!r} was not sent: {failure.message}"
            reason = failure.reason if isinstance(failure, Refused) else "StatementFailed"
            raise Ended(request, "Failed", reason, text) from failure
        told = failure.message if isinstance(failure, DbaasError) else "its session was lost"
        self._troubles[request.uid] = told
        return await self._wait(request, cluster, self._explain_wait(request, run.step), TRY_AGAIN_SECONDS)

    async def _take(self, request: Request, run: Run) -> Request:
        """Notes how it ended. Where nobody saw that, it is as after a crash."""
        failure = run.failure
        if failure is None:
            noted = record.note_statement_end(request.status, run.step, run.tag, self._now())
            request = await self._note(request, noted)
        elif _is_final(failure):
            self._runs.forget(request.uid)
            text = f"statement {run.step!r} has failed: {failure.message}"
            status = record.note_failure(request.status, run.step, failure.message, self._now())
            failed = Request(request.resource, request.spec, status, request.operation)
            raise Ended(failed, "Failed", "StatementFailed", text) from failure
        elif not isinstance(failure, DbaasError):
            log.error("statement_lost", step=run.step, exc_info=failure)
        self._runs.forget(request.uid)
        return request

    async def _find_out(self, request: Request, cluster: Resource, step: str) -> Request | Outcome:
        """What may have been sent, and nobody saw its end: it is ended, and then sent again where it may be."""
        await self._runs.stop(request.uid)
        try:
            if await self._sessions.end(cluster, str(request.status.session)):
                text = f"statement {step!r} of an earlier run is being ended"
                return await self._wait(request, cluster, text, LOOK_SECONDS)
        except (Waiting, Refused, EngineError) as error:
            text = f"it is not known what became of statement {step!r}: {error.message}"
            return await self._wait(request, cluster, text, TRY_AGAIN_SECONDS)
        script = await self._find_same(request, cluster)
        if script is not None and script.is_repeatable:
            again = record.note_again(request.status, step, "nobody saw its end, and it may run again", self._now())
            return await self._note(request, again)
        text = (
            f"nobody saw how statement {step!r} ended, and operation {_name(request)!r} may not be repeated: look in "
            "the database whether it has taken effect, and make another OpsRequest if it has not"
        )
        raise Ended(_without_session(request), "Failed", "OutcomeUnknown", text)

    async def _end_session(self, request: Request) -> str:
        """What there is to say where that is not certain."""
        cluster = await self._client.get(DATABASE_CLUSTER, request.cluster)
        if cluster is None:
            return ""
        try:
            await self._sessions.end(cluster, str(request.status.session))
        except (Waiting, Refused, EngineError) as error:
            return f"; whether the one that was going on has ended is not known: {error.message}"
        return "; the one that was going on was ended, and may have taken effect"

    async def _wait(self, request: Request, cluster: Resource, why: str, seconds: float | None = None) -> Outcome:
        """Raises Ended where its time is over."""
        try:
            limit = (await self.find_script(request, cluster)).seconds
        except Refused:
            limit = parse_duration(request.spec.timeout).total_seconds()
        left = _left(request, limit, self._clock.now())
        if left <= 0:
            raise Ended(request, "Failed", "TimedOut", f"it was not done within {limit:.0f} s: {why}")
        pause = max(SHORTEST_SECONDS, left if seconds is None else min(left, seconds))
        condition = Condition(READY, "False", "Running", why)
        return Outcome((condition,), dump_status(request.status), "Running", why, pause)

    def _explain_wait(self, request: Request, step: str) -> str:
        """The same as long as the same is in the way, or each attempt would write a status."""
        trouble = self._troubles.get(request.uid)
        return (
            f"statement {step!r} was not sent: {trouble}" if trouble else f"statement {step!r} waits for a connection"
        )

    async def _note(self, request: Request, status: OpsRequestStatus) -> Request:
        return await write_note(self._client, request, status, request.resource.metadata.resourceVersion)

    def _now(self) -> str:
        return format_time(self._clock.now())


def _name(request: Request) -> str:
    return request.spec.custom.operation if request.spec.custom is not None else ""


def _left(request: Request, seconds: float, now: datetime) -> float:
    began = request.status.start_time
    return seconds - (now - parse_time(began)).total_seconds() if began is not None else seconds


def _without_session(request: Request) -> Request:
    """It has been looked for, and is not there any more."""
    status = request.status.model_copy(update={"session": None})
    return Request(request.resource, request.spec, status, request.operation)


def _is_final(failure: Exception | None, *passing: type[EngineError]) -> TypeGuard[EngineError]:
    """Whether the server has said so itself, so that it is known."""
    return isinstance(failure, EngineError) and not isinstance(failure, (Unreachable, *passing))
