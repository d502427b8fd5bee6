"""What is retained does not say any longer that one of our objects stands for it, as far as its server can be asked."""

from __future__ import annotations

from dbaas.contracts.client import Client
from dbaas.contracts.engine import EngineError, PlanRules
from dbaas.contracts.reconcile import Waiting
from dbaas.controllers.managed.access import Access, AccessStep
from dbaas.controllers.managed.assessment import assess
from dbaas.controllers.managed.items import Wish, read_owned
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.observing import observe_wishes
from dbaas.controllers.managed.tags import is_tag
from dbaas.controllers.servers import Server

TAG_LEFT = "TagLeft"


class UntaggingStep:
    """Takes away the tags that the object has written, and holds nobody: an old tag does no harm."""

    def __init__(self, client: Client, access: AccessStep) -> None:
        self._client = client
        self._access = access

    async def settle(self, subject: Subject, server: Server) -> None:
        """What cannot be taken away is told by an event."""
        owned = read_owned(subject.status.owned)
        wishes = [Wish(thing, None, keys) for thing, keys in owned.items() if is_tag(server.engine, thing.part)]
        if not wishes:
            return
        try:
            access = await self._access.reach(server)
            with self._access.watched(server):
                await _take_away(access, wishes)
        except (Waiting, EngineError) as error:
            note = f"{subject.name} stays on its server, and its tag as well: {error.message}"
            self._client.event(subject.resource, "Warning", TAG_LEFT, note)


async def _take_away(access: Access, wishes: list[Wish]) -> None:
    observation = await observe_wishes(access.lane, wishes)
    changes = assess(access.server.engine, wishes, observation, {}, PlanRules(access.facts))
    statements = [statement for change in changes for statement in change.statements]
    if statements:
        await access.lane.execute(statements)
