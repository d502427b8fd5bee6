"""What a client that writes all the time may expect of a replicated cluster, judged from what it was answered.

Pure. Times are those of one monotonic clock, in seconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Row = tuple[str, int]
"""A row as the client has numbered it: the way that it went, and a number that no other row of that way has."""
NAMED = 5  # of the rows that a complaint is about


@dataclass(frozen=True)
class Attempt:
    """One row that was to be written by `way`. `refusal` is empty where it was acknowledged.

    `server` (address and port of who acknowledged it) and `timeline` are known of those alone.
    """

    way: str
    number: int
    began: float
    ended: float
    server: str = ""
    timeline: int = 0
    refusal: str = ""

    @property
    def is_acknowledged(self) -> bool:
        return not self.refusal

    @property
    def row(self) -> Row:
        return (self.way, self.number)


def judge(attempts: Iterable[Attempt], found: Mapping[str, Collection[Row]]) -> list[str]:
    """Complaints; `found` is what each instance has when all is over. Nothing to judge is one, too."""
    answered = acknowledged(attempts)
    if not answered:
        return ["no write was acknowledged at all"]
    return [*_find_lost(answered, found), *_find_rivals(answered), *_find_late(answered)]


def acknowledged(attempts: Iterable[Attempt]) -> Sequence[Attempt]:
    """In the order in which the answers came."""
    return sorted((each for each in attempts if each.is_acknowledged), key=lambda each: each.ended)


def measure_silence(attempts: Iterable[Attempt], since: float) -> float:
    """The longest time, in seconds, that passed between two acknowledgements of which the later came after `since`."""
    ends = [each.ended for each in acknowledged(attempts)]
    gaps = [after - before for before, after in itertools.pairwise(ends) if after > since]
    return max(gaps, default=0.0)


def measure_takeover(attempts: Iterable[Attempt], since: float, former: str) -> float | None:
    """Seconds from `since` until a server other than `former` has acknowledged a row that was sent later."""
    ends = [each.ended for each in acknowledged(attempts) if each.began > since and each.server != former]
    return ends[0] - since if ends else None


def _find_lost(answered: Sequence[Attempt], found: Mapping[str, Collection[Row]]) -> Iterator[str]:
    """An acknowledged row is on every instance."""
    for instance, rows in found.items():
        lost = [each for each in answered if each.row not in rows]
        if lost:
            yield f"{len(lost)} of {len(answered)} acknowledged rows are not on {instance}: {_name(lost)}"


def _find_rivals(answered: Sequence[Attempt]) -> Iterator[str]:
    """A timeline has one writer: whoever is promoted begins another."""
    writers: dict[int, set[str]] = {}
    for each in answered:
        writers.setdefault(each.timeline, set()).add(each.server)
    for timeline, servers in writers.items():
        if len(servers) > 1:
            yield f"timeline {timeline} had {len(servers)} writers, {', '.join(sorted(servers))}"


def _find_late(answered: Sequence[Attempt]) -> Iterator[str]:
    """Once a newer timeline has acknowledged a row, no older one takes a row that is sent after that."""
    newest, since = 0, 0.0
    late: list[Attempt] = []
    for each in answered:
        if each.timeline > newest:
            newest, since = each.timeline, each.ended
        elif each.timeline < newest and each.began > since:
            late.append(each)
    if late:
        yield f"{len(late)} rows were acknowledged by a former primary while another one took writes: {_name(late)}"


def _name(attempts: Sequence[Attempt]) -> str:
    shown = [
        f"{each.way} {each.number} ({each.server}, timeline {each.timeline}, at {each.ended:.2f})"
        for each in attempts[:NAMED]
    ]
    return ", ".join([*shown, *(["…"] if len(attempts) > NAMED else [])])
