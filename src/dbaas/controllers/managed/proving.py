"""Whether a user's password is what its Secret says, and how we know.

Where the server shows what it stores, every look at the user tells. Where it does not, only a login tells: one after
the password was set, and one an hour from then on, so that thousands of users are no load. Of one who may not log in
at all nobody can tell, and that is said.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from dbaas.api.conditions import read_condition
from dbaas.contracts.engine import LoginRefused
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.controllers.managed.access import Access
from dbaas.controllers.managed.credentials import Credentials
from dbaas.controllers.managed.execution import NotApplied, Settled, is_changed
from dbaas.controllers.managed.items import build_items
from dbaas.controllers.managed.resolution import Resolved
from dbaas.core.clock import Clock

INTERVAL_SECONDS = 3600.0
MOST_REMEMBERED = 50_000
PASSWORD_VERIFIED = "PasswordVerified"
NO_LOGIN = "LoginNotAllowed"
_FIELD = "password"


class Proving:
    """Remembers in memory when each user last logged in; after a start all count as just proven, so none storms."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._proven: OrderedDict[str, float] = OrderedDict()

    async def recheck(self, resolved: Resolved, access: Access, credentials: Credentials) -> Credentials:
        """A login where one is due. After one that is refused the password counts as changed behind our back."""
        if not _is_hidden(access) or not credentials.login.proof or not self._is_due(resolved):
            return credentials
        try:
            await self._log_in(resolved, access, credentials)
        except LoginRefused as error:
            if await self._find_bar(resolved, access):
                return credentials
            return replace(credentials, login=replace(credentials.login, proof=""), refused=error.message)
        return credentials

    async def settle(
        self, resolved: Resolved, access: Access, credentials: Credentials, settled: Settled, seen: Any
    ) -> Condition:
        """How the password is known to be right. `seen` is the user as it was last looked at, None where it is not.

        Raises NotApplied where it was set just now and does not log in.
        """
        differs = any(change.field == _FIELD for change in settled.left)
        differs = differs or (not _is_hidden(access) and _is_of_another(resolved, credentials, seen))
        if differs or (credentials.refused and not is_changed(settled.executed)):
            why = credentials.refused or "what the server stores was made of another password"
            return Condition(PASSWORD_VERIFIED, "False", "PasswordDiffers", why)
        if not _is_hidden(access):
            return Condition(
                PASSWORD_VERIFIED, "True", "VerifierMatches", "what the server stores was made of this password"
            )
        if not credentials.login.proof or _was_barred(resolved) or self._is_due(resolved):
            try:
                await self._log_in(resolved, access, credentials)
            except LoginRefused as error:
                if bar := await self._find_bar(resolved, access):
                    why = (
                        f"{bar}, and our login may not see what the server stores: nobody can tell until it can log in"
                    )
                    return Condition(PASSWORD_VERIFIED, "Unknown", NO_LOGIN, why)
                message = f"{resolved.subject.name} cannot log in with its password: {error.message}"
                raise NotApplied(message, reason=error.reason) from error
        return Condition(
            PASSWORD_VERIFIED, "True", "LoginSucceeded",
            "our login may not see what the server stores, so we log in with the password, once an hour",
        )  # fmt: skip

    def _is_due(self, resolved: Resolved) -> bool:
        now = self._clock.monotonic()
        last = self._proven.setdefault(resolved.subject.resource.metadata.uid, now)
        if len(self._proven) > MOST_REMEMBERED:
            self._proven.popitem(last=False)
        return now - last >= INTERVAL_SECONDS

    async def _find_bar(self, resolved: Resolved, access: Access) -> str:
        """Why no password would let it in; empty where the right one would."""
        bar = resolved.server.engine.login_bar
        user = next(item for item in build_items(resolved, None) if item.exclusive)
        found = (await access.lane.observe(user.part, user.database, {user.name})).get(user.name)
        return bar(found, self._clock.now()) if bar is not None and found is not None else ""

    async def _log_in(self, resolved: Resolved, access: Access, credentials: Credentials) -> None:
        login, engine = credentials.login, resolved.server.engine
        whose = access.lane.address.for_login(resolved.subject.spec.username, login.password, engine.default_database)
        await access.lane.prove(whose)
        self._proven[resolved.subject.resource.metadata.uid] = self._clock.monotonic()


def _was_barred(resolved: Resolved) -> bool:
    """At the last look nobody could tell, so what is recorded as proof is only that the password was set."""
    return read_condition(resolved.subject.resource, PASSWORD_VERIFIED).get("status") == "Unknown"


def _is_of_another(resolved: Resolved, credentials: Credentials, seen: Any) -> bool:
    """Whether the server shows that it stores another password, also where drift is ignored."""
    prove = resolved.server.engine.login_proof
    return prove is not None and seen is not None and prove(seen, credentials.login) is None


def _is_hidden(access: Access) -> bool:
    return "superuser" not in access.facts.capabilities


def with_password(outcome: Outcome, condition: Condition | None) -> Outcome:
    """The outcome with that condition; called again when the next login is due."""
    if condition is None:
        return outcome
    again = outcome.requeue_after
    if condition.reason != "VerifierMatches" and again is None:
        again = INTERVAL_SECONDS
    return replace(outcome, conditions=[*outcome.conditions, condition], requeue_after=again)
