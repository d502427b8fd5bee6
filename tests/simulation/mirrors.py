"""Whether each cache of the operator has what the API server has, and nothing else: so it must be once all is calm."""

from __future__ import annotations

from collections.abc import Iterator

from dbaas.api.resource import Key, Kind
from dbaas.kube.verbs import RestClient
from dbaas.runtime.manager import Manager
from simulation.declared import answer_now


def find_ghosts(manager: Manager, rest: RestClient) -> Iterator[str]:
    """Differences, in words."""
    for cache, _ in manager.reflectors():
        kept = {o.key: (o.metadata.uid, o.metadata.resourceVersion) for o in cache.objects}
        listed = answer_now(rest.list(cache.kind))
        there = {o.key: (o.metadata.uid, o.metadata.resourceVersion) for o in listed}
        yield from _compare(cache.kind, kept, there)


def _compare(kind: Kind, kept: dict[Key, tuple[str, str]], there: dict[Key, tuple[str, str]]) -> Iterator[str]:
    for key in sorted(kept.keys() | there.keys()):
        if key not in there:
            yield f"{kind} {key} is gone, and a cache still has it"
        elif key not in kept:
            yield f"{kind} {key} is there, and a cache has not heard of it"
        elif kept[key] != there[key]:
            yield f"{kind} {key} has version {there[key][1]}, and a cache has {kept[key][1]}"
