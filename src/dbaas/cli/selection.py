"""Which objects a command speaks of: `databases`, `db,users`, `database shop`, `db/shop user/app`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbaas.api.resource import Key, Resource
from dbaas.cli.exits import WrongUsage
from dbaas.cli.kinds import CATEGORY, KindIndex, ServedKind
from dbaas.cli.suggestions import suggest
from dbaas.contracts.client import ApiError, NotFound
from dbaas.contracts.rest import Selection
from dbaas.kube.verbs import RestClient


@dataclass(frozen=True)
class Choice:
    """Objects of one kind: the named ones, or all that `selection` selects."""

    served: ServedKind
    selection: Selection
    names: tuple[str, ...] = ()

    def key(self, name: str) -> Key:
        return Key(self.selection.namespace if self.served.kind.namespaced else "", name)


@dataclass(frozen=True)
class Scope:
    """Where to look: one namespace, or all where it is empty, and by which labels."""

    namespace: str
    labels: str = ""

    def of(self, served: ServedKind) -> Selection:
        return Selection(self.namespace if served.kind.namespaced else "", self.labels)


def choose(words: Sequence[str], index: KindIndex, scope: Scope) -> list[Choice]:
    """Nothing means all kinds of ours. Raises WrongUsage."""
    first, *rest = words or (CATEGORY,)
    if "/" in first:
        choices = [_parse_pair(word, index, scope) for word in words]
    else:
        kinds = index.resolve(first)
        if rest and len(kinds) > 1:
            raise WrongUsage(f"names need one kind, not {first!r}", "write KIND/NAME for objects of several kinds")
        if any("/" in name for name in rest):
            raise WrongUsage("write either KIND NAME… or KIND/NAME…")
        choices = [Choice(served, scope.of(served), tuple(rest)) for served in kinds]
    named = [choice for choice in choices if choice.names]
    if named and scope.labels:
        raise WrongUsage("a selector chooses among all objects: leave out the names")
    if any(choice.served.kind.namespaced for choice in named) and not scope.namespace:
        raise WrongUsage("names need one namespace: leave out -A")
    return choices


async def fetch(rest: RestClient, choice: Choice) -> tuple[list[Resource], list[str]]:
    """The chosen objects, and the messages about named ones that are not there."""
    if not choice.names:
        return list(await rest.list(choice.served.kind, choice.selection)), []
    found, missing = [], []
    for name in choice.names:
        try:
            found.append(await rest.get(choice.served.kind, choice.key(name)))
        except NotFound:
            missing.append(await explain_absence(rest, choice.served, choice.key(name)))
    return found, missing


async def fetch_one(rest: RestClient, served: ServedKind, key: Key) -> Resource:
    """Raises NotFound in words for people, with the names that are there and look alike."""
    try:
        return await rest.get(served.kind, key)
    except NotFound as error:
        text = await explain_absence(rest, served, key)
        raise NotFound(text, code=error.code, reason=error.reason) from error


async def explain_absence(rest: RestClient, served: ServedKind, key: Key) -> str:
    """That there is no such object, and what was probably meant, as far as we may look."""
    where = f" in namespace {key.namespace!r}" if key.namespace else ""
    text = f"there is no {served.kind.kind} {key.name!r}{where}"
    try:
        there = await rest.list(served.kind, Selection(key.namespace))
    except ApiError:
        return text
    return "; ".join(filter(None, [text, suggest(key.name, [one.metadata.name for one in there])]))


def _parse_pair(word: str, index: KindIndex, scope: Scope) -> Choice:
    kind, slash, name = word.partition("/")
    if not slash or not kind or not name or "/" in name:
        raise WrongUsage(f"{word!r} is not KIND/NAME")
    served = index.one(kind)
    return Choice(served, scope.of(served), (name,))
