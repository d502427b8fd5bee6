"""Wakes a cluster by what its instances say: that they have agreed on another primary, or do not do what they did.

Nothing that it controls need have changed, and mostly they say the same every other second.
"""

from __future__ import annotations

from collections.abc import Iterable

from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import LABEL_CLUSTER, Key, Resource
from dbaas.contracts.reconcile import Watch
from dbaas.manifests.agreement import CONFIG, FAILOVER, LEADER, SYNC, read_waited_for
from dbaas.manifests.standing import is_news

_NOTES = (LEADER, SYNC, CONFIG, FAILOVER)


def watch_leaders() -> Watch:
    """Also of whom commits wait for, and that a note is gone, or not as the cluster wants it: it makes it so again.

    The one that says who leads is written every other second, and mostly says the same.
    """
    return Watch(CONFIG_MAP, _find_led, _has_changed)


def watch_members() -> Watch:
    """The Pods in which they say how they are, whoever controls these."""
    return Watch(POD, _find_cluster, is_news)


def _find_cluster(pod: Resource) -> Iterable[Key]:
    if cluster := pod.metadata.labels.get(LABEL_CLUSTER, ""):
        yield Key(pod.metadata.namespace, cluster)


def _find_led(note: Resource) -> Iterable[Key]:
    cluster = note.metadata.labels.get(LABEL_CLUSTER, "")
    if cluster and note.metadata.name in [f"{cluster}-{name}" for name in _NOTES]:
        yield Key(note.metadata.namespace, cluster)


def _has_changed(old: Resource, new: Resource) -> bool:
    before, after = old.metadata.annotations, new.metadata.annotations
    said = (LEADER, CONFIG)
    return any(before.get(name) != after.get(name) for name in said) or read_waited_for(old) != read_waited_for(new)
