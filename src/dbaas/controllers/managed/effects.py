"""What happens once and is no state: a user's SQL inside a new database, run once for each content.

That it begins is recorded before, with the server's own ticket for its transaction; that it has ended, after. What a
crash in between means is asked of the server, and of the user only where the text would not fit one transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from dbaas.api.core import SECRET
from dbaas.api.database import DatabaseStatus
from dbaas.api.init_sql import ANSWER, HASH_LENGTH, InitSQL, InitSQLStatus, shown
from dbaas.contracts.client import Client
from dbaas.contracts.engine import EngineError, LoginRefused, PlanRules, Unreachable
from dbaas.contracts.reconcile import Condition, Outcome, Refused, Waiting
from dbaas.contracts.script import Fate, ScriptEnd, ScriptFrame, ScriptLogin, Scripts
from dbaas.controllers.managed.access import Access
from dbaas.controllers.managed.execution import NotApplied
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.resolution import Resolved
from dbaas.core.clock import Clock, format_time, parse_time
from dbaas.core.randomness import Randomness, token
from dbaas.core.secrets import Secret
from dbaas.manifests.secrets import read_values

FAILED, UNCLEAR = "InitSQLFailed", "InitSQLUnclear"
RETRY_SECONDS = 300.0  # of what failed and left nothing: something that it needs may be there by then
SEPARATOR = "---"


@dataclass(frozen=True)
class Effect:
    """What is to be run once. `files` are run in order."""

    files: tuple[Secret, ...]
    hash: str
    blocks: bool


@dataclass(frozen=True)
class Effected:
    """How it stands. `failure`: why the object is not Ready; `again`: after so many seconds it is tried once more."""

    status: InitSQLStatus
    failure: Condition | None = None
    again: float | None = None


def split_files(text: str) -> list[str]:
    """At lines that hold nothing but `---`; what is blank is left out."""
    files: list[list[str]] = [[]]
    for line in text.splitlines(keepends=True):
        if line.rstrip() == SEPARATOR:
            files.append([])
        else:
            files[-1].append(line)
    return [text for lines in files if (text := "".join(lines)).strip()]


def hash_files(files: Sequence[str]) -> str:
    """The same for the same files in the same order."""
    return hashlib.sha256(orjson.dumps(list(files))).hexdigest()[:HASH_LENGTH]


def with_effect(outcome: Outcome, effected: Effected | None) -> Outcome:
    """The status with how the effect stands; a failure that blocks makes the object not Ready."""
    if effected is None:
        return outcome
    status = {**outcome.status, "initSQL": shown(effected.status)}
    is_ready = all(each.status == "True" for each in outcome.conditions if each.type == "Ready")
    if effected.failure is None or not is_ready:
        return replace(outcome, status=status, requeue_after=effected.again)
    others = [each for each in outcome.conditions if each.type != "Ready"]
    return replace(
        outcome, conditions=[effected.failure, *others], status=status, phase="Failed", requeue_after=effected.again
    )


class EffectsStep:
    """Runs what has not been run. Writes the status itself before a run; the caller writes what it returns."""

    def __init__(self, client: Client, clock: Clock, randomness: Randomness) -> None:
        self._client = client
        self._clock = clock
        self._randomness = randomness

    async def settle(self, resolved: Resolved, access: Access, *, is_new: bool) -> Effected | None:
        """None where nothing is to be run. `is_new`: the database has just been made, so nothing has run in it.

        Raises Waiting where the text is missing or a run is under way, NotApplied where the run cannot be prepared.
        """
        subject = resolved.subject
        effect = await self._read(subject)
        if effect is None:
            return None
        before = InitSQLStatus() if is_new else read_effected(subject)
        answer = subject.resource.metadata.annotations.get(ANSWER, "")
        scripts = access.server.engine.scripts
        if scripts is None:
            raise Refused("NotSupported", f"engine {access.server.engine.name!r} cannot run SQL of users")
        run = _Run(self._client, scripts, resolved, access, effect)
        try:
            return await self._decide(run, before, answer)
        except (Unreachable, LoginRefused):
            raise
        except EngineError as error:
            raise NotApplied(f"cannot run the SQL of {subject.name}: {error.message}", reason=error.reason) from error

    async def _decide(self, run: _Run, before: InitSQLStatus, answer: str) -> Effected:
        effect = run.effect
        is_asked = answer.startswith(f"run-{effect.hash}") and answer != before.answer
        if answer == f"done-{effect.hash}":
            return Effected(before if _is_done(before, effect) else self._applied(effect, None))
        if before.started == effect.hash and not is_asked:
            fate = await run.look_up(self._login(run), before.transaction or "")
            if fate == "running":
                raise Waiting("InitSQLRunning", "a run of the SQL that another process began has not ended yet")
            if fate == "applied":
                return Effected(self._applied(effect, None))
            if fate == "unknown":
                return Effected(before, _unclear(effect))
        elif before.hash == effect.hash and not (is_asked and not before.applied):
            pause = self._pause(before, effect)
            if pause is None or pause > 0:
                return judge(effect, before, pause)
        return await self._run(run, before, answer if is_asked else None)

    def _pause(self, before: InitSQLStatus, effect: Effect) -> float | None:
        """Seconds until what failed and left nothing is tried again; None: not by itself."""
        if before.applied or not effect.blocks or not before.undone:
            return None
        failed = parse_time(before.failed_at) if before.failed_at else None
        since = (self._clock.now() - failed).total_seconds() if failed else RETRY_SECONDS
        return RETRY_SECONDS - since

    async def _run(self, run: _Run, before: InitSQLStatus, answer: str | None) -> Effected:
        subject, effect = run.resolved.subject, run.effect
        end = await run.run(self._login(run), before.model_copy(update={"answer": answer}))
        if not end.error:
            note = f"{subject.name}: the SQL of hash {effect.hash} has run, {end.executed} statements"
            self._client.event(subject.resource, "Normal", "InitSQLApplied", note)
            return Effected(self._applied(effect, end.executed))
        status = InitSQLStatus(
            applied=False, hash=effect.hash, error=end.error, statements_executed=0 if end.undone else end.executed,
            failed_at=format_time(self._clock.now()), undone=end.undone, answer=answer,
        )  # fmt: skip
        if (before.hash, before.error) != (effect.hash, end.error):
            self._client.event(subject.resource, "Warning", FAILED, f"{subject.name}: {end.error}")
        return judge(effect, status, RETRY_SECONDS if end.undone and effect.blocks else None)

    def _applied(self, effect: Effect, executed: int | None) -> InitSQLStatus:
        now = format_time(self._clock.now())
        return InitSQLStatus(applied=True, applied_at=now, hash=effect.hash, statements_executed=executed)

    def _login(self, run: _Run) -> ScriptLogin:
        return ScriptLogin(run.scripts.login_name(run.database), Secret(token(self._randomness)))

    async def _read(self, subject: Subject) -> Effect | None:
        wanted: InitSQL | None = subject.kind.init_sql(subject.spec)
        if wanted is None:
            return None
        texts = wanted.inline or [await self._fetch(subject, wanted)]
        files = [file for text in texts for file in split_files(text)]
        return Effect(tuple(map(Secret, files)), hash_files(files), wanted.failure_policy == "Block")

    async def _fetch(self, subject: Subject, wanted: InitSQL) -> str:
        assert wanted.reference is not None, "the schema asks for one of the three"
        ((kind, key),) = subject.kind.texts(subject.spec, subject.resource.metadata.namespace)
        found = await self._client.get(kind, key)
        if found is None:
            raise Waiting(f"{kind}NotFound", f"{kind} {key}, which holds the SQL of {subject.name}, does not exist")
        values: Mapping[str, str]
        if kind == SECRET:
            values = {name: value.reveal() for name, value in read_values(found).items()}
        else:
            values = found.body().get("data") or {}
        if wanted.reference.key not in values:
            raise Waiting(f"{kind}Invalid", f"{kind} {key} has no key {wanted.reference.key!r} with text")
        return values[wanted.reference.key]


@dataclass(frozen=True)
class _Run:
    """One run or the search for what became of one."""

    client: Client
    scripts: Scripts
    resolved: Resolved
    access: Access
    effect: Effect

    @property
    def database(self) -> str:
        return str(self.resolved.references.database)

    async def look_up(self, login: ScriptLogin, ticket: str) -> Fate:
        """Also removes what the crash has left."""
        fate = await self.access.lane.visit(self.database, lambda session, _: self.scripts.look_up(session, ticket))
        if fate != "running":
            frame = await self._frame(login)
            await self.access.lane.execute(frame.clean)
        return fate

    async def run(self, login: ScriptLogin, before: InitSQLStatus) -> ScriptEnd:
        """Raises Unreachable where the end was not seen."""
        frame = await self._frame(login)
        address = self.access.lane.address.for_login(login.username, login.password, self.database)

        async def began(ticket: str) -> None:
            started = before.model_copy(update={"started": self.effect.hash, "transaction": ticket or None})
            patch = {"status": {"initSQL": {"transaction": None, "answer": None, **shown(started)}}}
            resource = self.resolved.subject.resource
            await self.client.patch(resource.kind, resource.key, patch, subresource="status")

        lane = self.access.lane
        await lane.execute((*frame.clean, *frame.before))
        try:
            return await lane.visit(
                self.database,
                lambda session, may_send: self.scripts.run(session, self.effect.files, began, may_send),
                lambda: self.scripts.connect(address, frame.owner),
            )
        finally:
            await self._leave(login, frame)

    async def _leave(self, login: ScriptLogin, frame: ScriptFrame) -> None:
        """How the run ended must not be forgotten because of this; the next run removes what is left."""
        try:
            await self.access.lane.execute(frame.after)
        except EngineError as error:
            resource = self.resolved.subject.resource
            note = f"login {login.username!r} is still there until its next run: {error.message}"
            self.client.event(resource, "Warning", "InitSQLLoginLeft", note)

    async def _frame(self, login: ScriptLogin) -> ScriptFrame:
        rules = PlanRules(self.access.facts)
        lane = self.access.lane
        return await lane.visit(self.database, lambda session, _: self.scripts.frame(session, login, rules))


def read_effected(subject: Subject) -> InitSQLStatus:
    """How it stood at the end of the last reconcile."""
    status = subject.status
    return (status.init_sql if isinstance(status, DatabaseStatus) else None) or InitSQLStatus()


def judge(effect: Effect, status: InitSQLStatus, again: float | None) -> Effected:
    """What a run that has an end means for the object; `again`: in so many seconds it is tried once more."""
    if status.applied or not effect.blocks:
        return Effected(status, again=again)
    left = "nothing of it is left" if status.undone else "what came before it stays"
    advice = "change it" if status.undone else f"change it, or set the annotation {ANSWER} to {_answers(effect)}"
    message = f"the SQL of hash {effect.hash} failed: {status.error}; {left}; {advice}"
    return Effected(status, Condition("Ready", "False", FAILED, message), again)


def _unclear(effect: Effect) -> Condition:
    return Condition(
        "Ready", "False", UNCLEAR, f"it is not known whether the SQL of hash {effect.hash} ran to its end, because it "
        "could not be one transaction and its run was interrupted: look into the database, then set the annotation "
        f"{ANSWER} to {_answers(effect)}",
    )  # fmt: skip


def _answers(effect: Effect) -> str:
    return f"done-{effect.hash} or run-{effect.hash}"


def _is_done(before: InitSQLStatus, effect: Effect) -> bool:
    return before.hash == effect.hash and bool(before.applied) and before.started is None
