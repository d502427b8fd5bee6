"""What is in the way of an upgrade, as the server of the old version tells while it serves: so nothing is ended for it.

It cannot tell all of it: what only the programs of the new version find, they find when it has ended.
"""

from __future__ import annotations

from dbaas.contracts.engine import EngineError
from dbaas.contracts.upgrade import explain_failure
from dbaas.controllers.cluster.pooling import FindLane
from dbaas.controllers.cluster.subject import Cluster


class Hindrances:
    """Of all clusters. `find_lane` leads to a published server, once it has been reached."""

    def __init__(self, find_lane: FindLane) -> None:
        self._find_lane = find_lane

    async def find(self, cluster: Cluster, version: str) -> str:
        """Empty where there is none, and where no server of that version answers."""
        find, lane = cluster.engine.find_hindrance, self._find_lane(cluster.key)
        serves = (cluster.resource.status.get("database") or {}).get("readyInstances")
        if find is None or lane is None or not serves:
            return ""
        try:
            why = await lane.visit(None, lambda session, _: find(session, version))
        except EngineError:
            return ""
        return f"{cluster.key.name}: {explain_failure(why)}" if why else ""
