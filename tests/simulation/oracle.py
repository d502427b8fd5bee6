"""Judges what happens: every statement when it is sent, and every `Ready` at every look.

It knows the API and the servers as they really are, and nothing of how the operator works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import NAMESPACE
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.rest import Selection
from dbaas.core.clock import Clock
from dbaas.kube.verbs import RestClient
from simulation.declared import Declared, Thing, answer_now
from simulation.histories import DATABASES
from simulation.lines import Fuse
from simulation.servers import StormyServer

NOTICED_SECONDS = 75.0
"""Within this time a change behind our back is noticed: the longest interval between two looks, and the look."""
FOLLOWED_SECONDS = 10.0
"""Within this time an edit reaches those that depend on the object, and what was decided before has been done."""
TOGETHER_SECONDS = 1.0
"""What was decided at the same time is done within it."""
DISTURBED_SECONDS = 120.0
"""The same where something was in the way: no answer, no watch, no operator."""


class Violated(Exception):
    """An invariant does not hold. The text says which, where and when."""


@dataclass(frozen=True)
class Place:
    """Something on a server; `name` empty means all of it."""

    server: str
    what: str
    name: str


class Oracle:
    """`violations` in order; the first is the one to read."""

    def __init__(self, rest: RestClient, clock: Clock, servers: Mapping[str, StormyServer]) -> None:
        self.violations: list[str] = []
        self.statements = 0
        self.effects: list[str] = []
        self.fuse = Fuse()
        self._rest = rest
        self._clock = clock
        self._servers = servers
        self._touched: dict[Place, float] = {}
        self._edited: dict[tuple[Kind, Key], float] = {}
        self._wished: dict[tuple[Kind, Key], float] = {}  # the edits among them that asked for something else
        self._before: dict[tuple[Kind, Key], list[tuple[float, Thing]]] = {}  # each edit, as things were before it
        self._disturbed_until = -DISTURBED_SECONDS
        self._asked: dict[str, set[tuple[Key, Key]]] = {}  # entries, and the grants that ever listed them, for whom
        self._names: dict[Key, set[str]] = {}  # of users, and the roles that they ever were
        self._revoked: dict[tuple[str, str], float] = {}
        self._frozen: Declared | None = None
        self._seen: tuple[str, Declared] | None = None
        self._note: Callable[[str], None] = lambda text: None

    def listen(self, note: Callable[[str], None]) -> None:
        self._note = note

    def declared(self) -> Declared:
        """Read once for each version of the store: many look at the same."""
        if self._frozen is not None:
            return self._frozen
        version = answer_now(self._rest.list_page(NAMESPACE, Selection(), limit=1)).version
        if self._seen is None or self._seen[0] != version:
            self._seen = version, Declared(self._rest)
        return self._seen[1]

    def freeze(self) -> None:
        """Nobody can read from now on, and nothing can change."""
        self._frozen = Declared(self._rest).read_all()

    def thaw(self) -> None:
        self._frozen = None

    def violated(self, text: str) -> None:
        self._violate(text)

    def check(self) -> None:
        """Raises Violated."""
        if self.violations:
            raise Violated(self.violations[0])

    def touched(self, server: StormyServer, what: str, name: str) -> None:
        """Somebody else has changed it."""
        self._touched[Place(server.name, what, name)] = self._clock.monotonic()

    def edited(self, kind: Kind, key: Key, before: Thing | None = None) -> None:
        """The user has changed it: what was decided before may be out of date for a while. `before`: as it was then."""
        now, found = self._clock.monotonic(), self.declared().all(kind).get(key)
        self._edited[kind, key] = now
        if before is None or found is None or _wish(before) != _wish(found):
            self._wished[kind, key] = now
        if before is not None:
            self._before.setdefault((kind, key), []).append((now, before))
        if kind not in (DATABASE_GRANT, DATABASE_USER):
            return
        if found is not None and kind == DATABASE_USER:
            self._names.setdefault(key, set()).add(found.real_name)
        elif found is not None:
            reference = found.spec["userRef"]
            user = Key(reference.get("namespace") or key.namespace, reference["name"])
            for entry in (entry for name in DATABASES for entry in found.entries(name)):
                self._asked.setdefault(entry, set()).add((key, user))

    def disturbed(self, seconds: float) -> None:
        """Something is in the operator's way for so long."""
        self._disturbed_until = max(self._disturbed_until, self._clock.monotonic() + seconds)

    def is_touched(self, server: StormyServer, what: str, name: str, within: float = NOTICED_SECONDS) -> bool:
        places = (Place(server.name, what, name), Place(server.name, "", ""))
        return any(self._is_recent(self._touched.get(place), within) for place in places)

    def was_touched(self, server: StormyServer, what: str, name: str, thing: Thing) -> bool:
        """Whether it was changed behind our back since somebody last asked for something else."""
        touched = self._touched.get(Place(server.name, what, name))
        return touched is not None and touched >= self._wished.get((thing.kind, thing.key), 0.0)

    def about_to(self, server: StormyServer, text: str, database: str) -> None:
        """Before each statement: is there a declaration behind it, and is it held so that the effect cannot be lost?"""
        self.statements += 1
        self._note(f"{server.name}: {text}")
        self.fuse.burn(after=False)
        declared = self.declared()
        verb, what = text.split()[:2]
        claimants = _claimants(declared, server, self, text, database)
        is_moving = self._is_fresh(_kind_of(text), DATABASE_INSTANCE, DATABASE_CLUSTER)
        if verb in ("CREATE", "GRANT") and not any(t.is_held for t in claimants) and (claimants or not is_moving):
            self._violate(f"{text!r} ran on {server.name}, but no object that is held by a finalizer asks for it")
        if verb == "DROP" and what in ("BASE", "ROLE"):
            self._check_drop(declared, server, text, claimants, is_moving=is_moving)
        if verb == "REVOKE" and not self._askers(text):
            self._violate(f"{text!r} ran on {server.name}, but it was never ours")
        if (verb == "REVOKE" or text.startswith("DROP SCHEMA ")) and not is_moving:
            wanting = [t for t in claimants if not t.is_deleting]
            if wanting:
                self._violate(f"{text!r} ran on {server.name}, but {wanting[0]} wants it")
        self._check_useful(declared, server, text, database)

    def _check_drop(
        self, declared: Declared, server: StormyServer, text: str, claimants: list[Thing], *, is_moving: bool
    ) -> None:
        """Only the oldest of those that claim a thing has it; the others may wait for it, and never drop it."""
        if is_moving and any(map(_drops, [*claimants, *self._find_moved(declared, server, text)])):
            return
        oldest = min(claimants, key=lambda thing: thing.seniority, default=None)
        if oldest is None or not oldest.is_deleting:
            self._violate(f"{text!r} ran on {server.name} without consent of {oldest or 'anybody'}")
            return
        is_protected = oldest.is_protected and not declared.namespace_is_going(oldest.key.namespace)
        had_consented = self._had_consented(oldest)
        if not _drops(oldest) and not had_consented:
            self._violate(f"{text!r} ran on {server.name} without consent of {oldest}")
        if is_protected and not had_consented:
            self._violate(f"{text!r} ran on {server.name}, but {oldest} is protected")

    def _find_moved(self, declared: Declared, server: StormyServer, text: str) -> Iterator[Thing]:
        """Objects that lived there until a moment ago, when what leads to their server was changed."""
        for thing in declared.all(_kind_of(text)).values():
            instance = declared.instance_of(thing) if thing.real_name == text.split()[2] else None
            earlier = self._before.get((instance.kind, instance.key), ()) if instance is not None else ()
            hosts = [each.spec["connection"]["host"] for at, each in earlier if self._is_recent(at, FOLLOWED_SECONDS)]
            if any(self.same_server(host, server.name) for host in hosts):
                yield thing

    def _had_consented(self, thing: Thing) -> bool:
        """Whether it had until a moment ago: who was told to drop it then may be at it still."""
        return any(
            _drops(earlier) and not earlier.is_protected and self._is_recent(moment, FOLLOWED_SECONDS)
            for moment, earlier in self._before.get((thing.kind, thing.key), ())
            if earlier.uid == thing.uid
        )

    def _askers(self, text: str) -> set[Key]:
        """Grants that have ever asked for what a statement gives or takes, for a user that was that role."""
        words = text.split()
        asked = self._asked.get(" ".join(words[1:-2]), set())
        return {grant for grant, user in asked if words[-1] in self._names.get(user, ())}

    def done(self, server: StormyServer, text: str) -> None:
        self.effects.append(f"{server.name}: {text}")

    def impossible(self, server: StormyServer, text: str, database: str) -> None:
        self._note(f"{server.name}: {text} is impossible")
        name = text.split()[2]
        if not self.is_touched(server, text.split()[1].lower(), name, FOLLOWED_SECONDS):
            self._violate(f"{text!r} was sent to {server.name} where it is impossible: an effect was made twice")

    def look(self) -> None:
        """No object may say that it is Ready while it is not."""
        declared = self.declared()
        for thing in declared.ours():
            if thing.claims_ready and not declared.is_unwatched(thing):
                missing = list(self.missing(declared, thing, in_flight=True))
                if missing:
                    self._violate(f"{thing} says Ready, but {missing[0]}")

    def missing(self, declared: Declared, thing: Thing, *, in_flight: bool = False) -> Iterator[str]:
        """What the server does not have. `in_flight`: without what was changed a moment ago by somebody else."""
        server = self._servers.get(declared.host_of(thing))
        if server is None or thing.kind in (DATABASE_CLUSTER, DATABASE_INSTANCE):
            return
        excused = in_flight and self._is_moving(declared, thing)
        ignores = declared.drift_mode(thing) == "ignore"
        for what, name, text in _lacks(declared, thing, server):
            if excused or (in_flight and self.is_touched(server, what, name)):
                continue
            if ignores and self.was_touched(server, what, name, thing):
                continue  # nothing is said of that, as was asked
            yield f"on {server.name} {text}"

    def servers_of(self, thing: Thing, declared: Declared) -> StormyServer | None:
        return self._servers.get(declared.host_of(thing))

    def same_server(self, left: str, right: str) -> bool:
        one, other = self._servers.get(left), self._servers.get(right)
        return one is not None and one is other

    def _is_fresh(self, *kinds: Kind) -> bool:
        """Whether the user has just changed some object of these kinds, so that the operator cannot know it yet."""
        moments = [moment for (kind, _), moment in self._edited.items() if kind in kinds]
        return any(self._is_recent(moment, FOLLOWED_SECONDS) for moment in moments)

    def _is_recent(self, moment: float | None, within: float) -> bool:
        """Longer ago counts as well where something has been in the way since."""
        if moment is None:
            return False
        was_disturbed = self._disturbed_until >= moment
        return self._clock.monotonic() - moment < (DISTURBED_SECONDS if was_disturbed else within)

    def _is_moving(self, declared: Declared, thing: Thing) -> bool:
        """Whether what it refers to was changed a moment ago."""
        instance, user = declared.instance_of(thing), None
        others = [instance] if instance is not None else []
        if thing.kind == DATABASE_GRANT and (user := declared.user_of(thing)) is not None:
            others.append(user)
        places = [(other.kind, other.key) for other in others]
        if instance is not None:
            places += [(DATABASE_CLUSTER, instance.key), (NAMESPACE, Key("", instance.key.namespace))]
        return any(self._is_recent(self._edited.get(place), FOLLOWED_SECONDS) for place in places)

    def _check_useful(self, declared: Declared, server: StormyServer, text: str, database: str) -> None:
        words = text.split()
        entry, principal = " ".join(words[1:-2]), words[-1]
        has = entry in server.privileges.get(principal, ())
        is_twice = (words[0] == "GRANT" and has) or (words[0] == "REVOKE" and not has)
        if (
            is_twice
            and not self.is_touched(server, "role", principal, FOLLOWED_SECONDS)
            and not self._is_shared(declared, server, text)
            and _base_of(entry) in server.bases  # else it has just gone, and what was given in it with it
        ):
            self._violate(f"{text!r} ran on {server.name} where it changes nothing: an effect was made twice")
        if words[0] == "REVOKE":
            self._revoked[server.name, text] = self._clock.monotonic()

    def _is_shared(self, declared: Declared, server: StormyServer, text: str) -> bool:
        """Several grants that list the same, or did a moment ago, may all send it; those that go together likewise."""
        entry = " ".join(text.split()[1:-2])
        if sum(self._lists(declared, grant, entry) for grant in declared.all(DATABASE_GRANT).values()) > 1:
            return True
        moment = self._revoked.get((server.name, text))
        return len(self._askers(text)) > 1 and self._is_recent(moment, TOGETHER_SECONDS)

    def _lists(self, declared: Declared, grant: Thing, entry: str) -> bool:
        """What was declared a moment ago may still be under way."""
        before = self._before.get((grant.kind, grant.key), ())
        recent = [earlier for moment, earlier in before if self._is_recent(moment, FOLLOWED_SECONDS)]
        return any(entry in declared.entries_of(one) for one in (grant, *recent))

    def _violate(self, text: str) -> None:
        self._note(f"VIOLATED: {text}")
        self.violations.append(f"at {self._clock.monotonic():.2f} s: {text}")


def _base_of(entry: str) -> str:
    """`table shop.sales SELECT` is in the base `shop`."""
    return entry.split()[1].split(".")[0] if entry else ""


def _claimants(declared: Declared, server: StormyServer, oracle: Oracle, text: str, database: str) -> list[Thing]:
    """Objects that ask for what a statement is about."""
    words = text.split()
    kind, name = _kind_of(text), words[2]
    found = []
    for thing in declared.all(kind).values():
        if not oracle.same_server(declared.host_of(thing), server.name):
            continue
        if words[1] == "SCHEMA":
            if thing.real_name == database and name in thing.spec.get("basalt", {}).get("schemas", ()):
                found.append(thing)
        elif kind == DATABASE_GRANT:
            user = declared.user_of(thing)
            if user is not None and user.real_name == words[-1] and " ".join(words[1:-2]) in declared.entries_of(thing):
                found.append(thing)
        elif thing.real_name == name:
            found.append(thing)
    return found


def _wish(thing: Thing) -> dict[str, Any]:
    """What is asked of the server, without how it is looked after."""
    return {name: value for name, value in thing.spec.items() if name not in _POLICIES}


def _kind_of(text: str) -> Kind:
    return _KINDS.get(text.split()[1], DATABASE_GRANT)


def _drops(thing: Thing) -> bool:
    return thing.is_deleting and thing.spec.get("deletionPolicy", "Delete") == "Delete"


_POLICIES = frozenset({"deletionPolicy", "deletionProtection", "driftPolicy", "allowedNamespaces"})
_KINDS: Mapping[str, Kind] = {"BASE": DATABASE, "SCHEMA": DATABASE, "ROLE": DATABASE_USER}


def _lacks(declared: Declared, thing: Thing, server: StormyServer) -> Iterator[tuple[str, str, str]]:
    """What, whose change excuses it, and in words."""
    if thing.kind == DATABASE_USER:
        yield from _lacks_of_user(declared, thing, server)
    if thing.kind == DATABASE:
        yield from _lacks_of_database(thing, server)
    if thing.kind == DATABASE_GRANT:
        user = declared.user_of(thing)
        principal = user.real_name if user is not None else ""
        for entry in sorted(declared.entries_of(thing) - server.privileges.get(principal, set())):
            yield "role", principal, f"{principal!r} has no {entry!r}"


def _lacks_of_user(declared: Declared, thing: Thing, server: StormyServer) -> Iterator[tuple[str, str, str]]:
    name = thing.real_name
    if name not in server.roles:
        yield "role", name, f"there is no role {name!r}"
        return
    published = thing.status.get("secret") or {}
    given = thing.spec.get("existingPasswordSecret") or published
    found = declared.find_secret(thing, given.get("name", ""))
    if found is None or found[0] != published.get("version"):
        return  # it has changed since
    if server.roles[name] != found[1]:
        yield "role", name, f"the password of {name!r} is not that of its Secret"


def _lacks_of_database(thing: Thing, server: StormyServer) -> Iterator[tuple[str, str, str]]:
    name = thing.real_name
    base = server.bases.get(name)
    if base is None:
        yield "base", name, f"there is no database {name!r}"
        return
    owner = thing.spec.get("owner")
    if owner and base.owner != owner:
        yield "base", name, f"database {name!r} belongs to {base.owner!r} and not to {owner!r}"
    for schema in thing.spec.get("basalt", {}).get("schemas", ()):
        if schema not in base.schemas:
            yield "base", name, f"database {name!r} has no schema {schema!r}"
