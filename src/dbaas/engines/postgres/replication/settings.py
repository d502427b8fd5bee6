"""What the members of a replicated cluster agree on: timing, synchronous replication, and the servers' settings.

They read it in the API, where we state it, so a change reaches all of them at once; Patroni's manual calls it the
dynamic configuration (patroni.readthedocs.io, "Dynamic Configuration Settings").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.engines.postgres.parameters import needs_restart

# Patroni's floor for the first; it wants loop_wait + 2 * retry_timeout <= ttl.
TIMING = {"ttl": 20, "loop_wait": 2, "retry_timeout": 5}
# How soon a replica turns to its new primary: where commits wait for replicas, none succeeds before. Usually it is 5 s.
_USUAL = {"wal_retrieve_retry_interval": "1s"}
_MOST_LOST_BYTES = 1024 * 1024  # a replica further behind than that is not promoted; asynchronous ones only
# What Patroni decides: who follows whom, who is waited for, how a server is called.
NOT_SETTABLE = frozenset(
    {
        "cluster_name", "hot_standby", "primary_conninfo", "primary_slot_name", "recovery_end_command",
        "recovery_target", "recovery_target_action", "recovery_target_inclusive", "recovery_target_lsn",
        "recovery_target_name", "recovery_target_time", "recovery_target_timeline", "recovery_target_xid",
        "restore_command", "synchronous_standby_names", "archive_cleanup_command", "recovery_min_apply_delay",
    }
)  # fmt: skip
LEAST = {
    "max_connections": 25,
    "max_locks_per_transaction": 32,
    "max_replication_slots": 4,
    "max_wal_senders": 3,
    "max_worker_processes": 2,
}
"""Below that Patroni would take its own value instead."""


def build_shared(spec: DatabaseClusterSpec, parameters: Mapping[str, str]) -> str:
    """JSON. A server that crashes is not waited for: another one that has its data takes over at once."""
    given = {name.lower() for name in parameters}
    usual = {name: value for name, value in _USUAL.items() if name not in given}
    shared: dict[str, Any] = {
        **TIMING,
        "maximum_lag_on_failover": _MOST_LOST_BYTES,
        "primary_start_timeout": 0,
        "failsafe_mode": True,
        **_synchronous(spec),
        "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": {**usual, **parameters}},
    }
    return json.dumps(shared, separators=(",", ":"))


def _synchronous(spec: DatabaseClusterSpec) -> Mapping[str, Any]:
    """With `any` a commit waits for the replicas that were chosen, with `quorum` for so many of all of them."""
    wanted = spec.topology.synchronous if spec.topology is not None else None
    if wanted is None or wanted.mode == "off":
        return {}
    mode: bool | str = "quorum" if wanted.mode == "quorum" else True
    return {"synchronous_mode": mode, "synchronous_node_count": wanted.replicas}


def restart_settings(parameters: Mapping[str, str], version: str) -> str:
    """Those that a running server cannot take over, so that another text means a restart."""
    slow = {name: value for name, value in parameters.items() if needs_restart(name, version)}
    return json.dumps(slow, sort_keys=True, indent=1) + "\n"


def find_unfit(name: str, value: str) -> Iterator[tuple[str, str, str]]:
    """What a replicated cluster cannot have: part of the setting, message, reason."""
    lowered = name.lower()
    if lowered in NOT_SETTABLE:
        yield "name", f"{name!r} belongs to replication, which dbaas sets itself", "FieldValueForbidden"
    elif lowered == "wal_level" and value.lower() == "minimal":
        yield "value", "replicas need more than 'minimal': choose replica or logical", "FieldValueInvalid"
    elif lowered in LEAST and value.isdecimal() and int(value) < LEAST[lowered]:
        yield "value", f"with replicas {name!r} is at least {LEAST[lowered]}", "FieldValueInvalid"
