"""What an operator must be allowed to do, derived from what its controllers say that they watch, own and refer to.

Nothing is listed by hand that a controller declares, so a controller that is added brings its rights along, and one
that goes takes them away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbaas.api.core import EVENT, SECRET
from dbaas.api.resource import Kind
from dbaas.contracts.reconcile import Controller

Rule = Mapping[str, Any]
READ = ("get", "list", "watch")
MAKE = ("create", "patch", "delete")
EDIT = ("create", "delete", "deletecollection", "patch", "update")


@dataclass(frozen=True)
class Needs:
    """`controllers` are all that may run. The rest is what they do without declaring it.

    `served`: kinds of ours and of dialects, which have a status. `made` and `deleted`: those that a controller makes or
    deletes though it does not own them. `looked_at`: kinds that are read now and then and watched by nobody.
    `granted`: what it gives to others, who must not get more than it has.
    """

    controllers: Sequence[Controller]
    served: Sequence[Kind]
    made: Sequence[Kind] = ()
    deleted: Sequence[Kind] = ()
    looked_at: Sequence[Kind] = ()
    granted: Sequence[tuple[Kind, Sequence[str]]] = ()


@dataclass
class _Verbs:
    """By kind and subresource, in the order in which they were found."""

    found: dict[tuple[Kind, str], dict[str, None]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, kinds: Iterable[Kind], verbs: Iterable[str], subresource: str = "") -> None:
        for kind in kinds:
            self.found[kind, subresource].update(dict.fromkeys(verbs))


def derive_rules(needs: Needs, *, namespaced: bool) -> list[Rule]:
    """Those about kinds that are in a namespace, or those about kinds that are in none."""
    verbs = _Verbs()
    served = set(needs.served)
    for controller in needs.controllers:
        verbs.add((controller.kind,), (*READ, "patch"))
        if controller.kind in served:
            verbs.add((controller.kind,), ("patch",), "status")
            verbs.add((controller.kind,), ("update",), "finalizers")  # to own what blocks the owner's deletion
        verbs.add(controller.owns, (*READ, *MAKE))
        verbs.add(controller.refers_to, READ)
        verbs.add((watch.kind for watch in controller.watches), READ)
    verbs.add((SECRET,), MAKE)  # logins are published there
    verbs.add(needs.made, ("create",))
    verbs.add(needs.deleted, ("patch", "delete"))
    verbs.add(needs.looked_at, ("get", "list"))
    for kind, given in needs.granted:
        verbs.add((kind,), given)
    verbs.add((EVENT,), ("create", "patch"))
    return _group({place: given for place, given in verbs.found.items() if place[0].namespaced is namespaced})


def write_events() -> list[Rule]:
    """Events about objects in no namespace are in `default`."""
    return [build_rule(EVENT, ("create", "patch"))]


def build_rule(kind: Kind, verbs: Sequence[str], names: Sequence[str] = ()) -> Rule:
    """About one kind; `names` says which objects, for verbs that name one."""
    rule = {"apiGroups": [kind.group], "resources": [kind.plural], "verbs": list(verbs)}
    return {**rule, "resourceNames": list(names)} if names else rule


def people_rules(served: Sequence[Kind], verbs: Sequence[str]) -> list[Rule]:
    """What people may do with our objects, by the roles that Kubernetes has for them. Secrets are never in it."""
    given = dict.fromkeys(verbs)
    return _group({(kind, ""): given for kind in served if kind.namespaced})


def _group(verbs: Mapping[tuple[Kind, str], Mapping[str, None]]) -> list[Rule]:
    """Kinds of one group with the same verbs share a rule."""
    order = [*READ, *EDIT]
    shared: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (kind, subresource), given in verbs.items():
        resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
        shared[kind.group, tuple(sorted(given, key=order.index))].append(resource)
    return [
        {"apiGroups": [group], "resources": sorted(resources), "verbs": list(given)}
        for (group, given), resources in sorted(shared.items())
    ]
