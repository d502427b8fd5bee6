"""By which memberships a role gets at what other roles were given. Pure.

A role has all the time what it inherits without a break, and can get by SET ROLE at what the roles have that it may
become (PostgreSQL's manual, "Role Membership").
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from dbaas.engines.postgres.access.catalogue import Edge

Ways = Mapping[str, tuple[Edge, ...]]


@dataclass(frozen=True)
class Route:
    """From `member` over its memberships in turn; the last role is where it leads."""

    member: str
    edges: tuple[Edge, ...]
    becoming: bool

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(edge.role for edge in self.edges)


class Reach:
    """Every route from a role to another one that begins with another membership is told, the shortest of each."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._of_member: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in sorted(edges, key=lambda edge: (edge.member, edge.role)):
            self._of_member[edge.member].append(edge)

    def routes(self, member: str) -> Iterator[Route]:
        """To every role that it can get at; those that it inherits from, and others only by becoming somebody."""
        for first in self._of_member[member]:
            inherited = self._spread(member, {first.role: (first,)} if first.inherit else {})
            for edges in inherited.values():
                yield Route(member, edges, becoming=False)
            became = self._become(member, first) if first.set else {}
            for role, edges in self._spread(member, became).items():
                if role not in inherited:
                    yield Route(member, edges, becoming=True)

    def attainable(self, member: str) -> Iterator[Route]:
        """To every role that it may become: only so are attributes of use, which nobody inherits."""
        for first in self._of_member[member]:
            if first.set:
                for edges in self._become(member, first).values():
                    yield Route(member, edges, becoming=True)

    def _become(self, member: str, first: Edge) -> Ways:
        return self._walk(member, {first.role: (first,)}, lambda edge: edge.set)

    def _spread(self, member: str, starts: Ways) -> Ways:
        return self._walk(member, starts, lambda edge: edge.inherit)

    def _walk(self, member: str, starts: Ways, leads: Callable[[Edge], bool]) -> Ways:
        """Breadth first, so that the shortest way to each role is kept; never back to where it began."""
        found = dict(starts)
        waiting = deque(sorted(found, key=lambda role: len(found[role])))
        while waiting:
            role = waiting.popleft()
            for edge in self._of_member.get(role, ()):
                if leads(edge) and edge.role not in found and edge.role != member:
                    found[edge.role] = (*found[role], edge)
                    waiting.append(edge.role)
        return found
