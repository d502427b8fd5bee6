"""What all controllers of a process share."""

from __future__ import annotations

from dataclasses import dataclass

from dbaas.contracts.admission import Admission
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Enqueue
from dbaas.contracts.registry import Registry
from dbaas.controllers.dues import Dues
from dbaas.controllers.metrics import ControllerCounts
from dbaas.controllers.servers import Servers
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness


@dataclass(frozen=True)
class Surroundings:
    """Given to each controller when it is made."""

    client: Client
    servers: Servers
    registry: Registry
    admission: Admission
    enqueue: Enqueue
    clock: Clock
    randomness: Randomness
    counts: ControllerCounts
    dues: Dues
