"""The kinds that a server has, and how people call them: `databases`, `db`, `Database`, `databases.dbaas.io`.

Our own kinds are also known without their prefix (`users` for `databaseusers`), and are meant first where several
groups have a kind of the same name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dbaas.api.resource import GROUP, Kind
from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.suggestions import suggest

DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
CATEGORY = "dbaas"
_PREFIX = "database"


class Reads(Protocol):
    """What discovery needs of a client."""

    async def read(self, path: str, query: Mapping[str, str] | None = None, accept: str = "") -> dict[str, Any]: ...


@dataclass(frozen=True)
class ServedKind:
    """One kind as the server describes it."""

    kind: Kind
    singular: str
    categories: frozenset[str] = frozenset()
    has_status: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether dbaas serves it, whatever its group is called."""
        return CATEGORY in self.categories or self.kind.group == GROUP or self.kind.group.endswith(f".{GROUP}")

    @property
    def label(self) -> str:
        """`databases.dbaas.io/`, as `-o name` writes it before a name."""
        return f"{self.singular}.{self.kind.group}" if self.kind.group else self.singular

    @property
    def names(self) -> frozenset[str]:
        full = {self.kind.plural, self.singular, self.kind.kind.lower(), self.kind.resource, self.label}
        short = set(self.kind.short_names)
        if self.kind.group == GROUP:
            short |= {name.removeprefix(_PREFIX) for name in (self.kind.plural, self.singular)} - {"s", ""}
        return frozenset(full | short)


@dataclass(frozen=True)
class KindIndex:
    """All kinds of one server."""

    kinds: Sequence[ServedKind]

    def resolve(self, text: str) -> list[ServedKind]:
        """A comma list of kinds or categories, without repetitions. Raises WrongUsage with what was probably meant."""
        found: dict[str, ServedKind] = {}
        for word in (part.strip().lower() for part in text.split(",")):
            for served in self._find(word):
                found[served.kind.resource] = served
        return list(found.values())

    def one(self, text: str) -> ServedKind:
        kinds = self.resolve(text)
        if len(kinds) != 1:
            raise WrongUsage(f"one kind is wanted here, not {text!r}")
        return kinds[0]

    def of(self, body: Mapping[str, Any]) -> ServedKind | None:
        """The kind of an object, by its apiVersion and kind."""
        wanted = (body.get("apiVersion"), body.get("kind"))
        return next((k for k in self.kinds if (k.kind.api_version, k.kind.kind) == wanted), None)

    def _find(self, word: str) -> list[ServedKind]:
        named = sorted((served for served in self.kinds if word in served.names), key=_importance)
        if named:
            return named[:1]
        members = [served for served in self.kinds if (CATEGORY if word == "all" else word) in served.categories]
        if members:
            return members
        known = sorted({name for served in self.kinds for name in served.names})
        advice = list(filter(None, [suggest(word, known)]))
        if not any(served.is_ours for served in self.kinds):
            advice.append("the kinds of dbaas.io are not installed on this server")
        raise WrongUsage(f"the server has no kind {word!r}", *advice)


async def discover(rest: Reads) -> KindIndex:
    """Asks the server in two requests (aggregated discovery, Kubernetes 1.27 and later)."""
    documents = await asyncio.gather(rest.read("/api", accept=DISCOVERY), rest.read("/apis", accept=DISCOVERY))
    groups = [group for document in documents for group in document.get("items") or ()]
    if not groups:
        raise CommandError("the server does not tell its kinds in one document", "Kubernetes 1.27 or later is needed")
    return KindIndex(list(_read_groups(groups)))


def _read_groups(groups: Iterable[Mapping[str, Any]]) -> Iterable[ServedKind]:
    for group in groups:
        name = (group.get("metadata") or {}).get("name", "")
        seen: set[str] = set()
        for version in group.get("versions") or ():
            for resource in version.get("resources") or ():
                if resource["resource"] not in seen:  # the first version is the preferred one
                    seen.add(resource["resource"])
                    yield _read_resource(name, version["version"], resource)


def _read_resource(group: str, version: str, resource: Mapping[str, Any]) -> ServedKind:
    kind = Kind(
        group,
        version,
        resource["responseKind"]["kind"],
        resource["resource"],
        namespaced=resource.get("scope") == "Namespaced",
        short_names=tuple(resource.get("shortNames") or ()),
    )
    subresources = {part["subresource"] for part in resource.get("subresources") or ()}
    return ServedKind(
        kind,
        resource.get("singularResource") or kind.kind.lower(),
        frozenset(resource.get("categories") or ()),
        "status" in subresources,
    )


def _importance(served: ServedKind) -> tuple[int, str]:
    group = served.kind.group
    rank = 0 if group == GROUP or group.endswith(f".{GROUP}") else 1 if not group else 2
    return (rank, group)
