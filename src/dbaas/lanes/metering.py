"""What a lane tells about its work, for metrics; a lane works the same when nobody listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Work = Literal["connect", "observe", "execute", "open", "close"]


@dataclass(frozen=True)
class LaneEvent:
    """One piece of work that ended. `lane` is its key; `count` is how many requests or statements were in it.

    `open` and `close` tell of the circuit; `failure` is the reason of the error, empty where there was none.
    """

    lane: str
    work: Work
    seconds: float = 0.0
    count: int = 1
    failure: str = ""
    engine: str = ""


Meter = Callable[[LaneEvent], None]


def no_meter(event: LaneEvent) -> None:
    """Listens to nothing."""
