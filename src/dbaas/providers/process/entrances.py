"""The stable ports of a cluster of several: a program beside its instances that leads clients to the right one.

HAProxy where it is installed, else a small program of ours. Both ask each member what it is, by HTTP, and cut the
connections of a member that is not that any more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from dbaas.contracts.provider import CheckCommand, ClusterFacts, File, Instance, Port, Stop, Workload
from dbaas.providers.process import relay
from dbaas.providers.process.relay import PRIMARY, REPLICA, WAYS, Address

HAPROXY = "haproxy"
_APART = 1000  # from the ports that the instances try to have
WRITES, READS = "rw", "ro"
"""Names of ports."""
LONGEST_IDLE = "24d"  # HAProxy wants a limit; the longest it knows
LEFT_BEHIND = "30s"
"""How long connections outlive the list of members under which they were made, with HAProxy."""
_CONFIG, _MEMBERS, _RELAY = "haproxy.cfg", "members.json", "relay.py"
_HEAD = f"""\
# Written by dbaas.
global
  hard-stop-after {LEFT_BEHIND}
defaults
  mode tcp
  timeout connect 3s
  timeout check 2s
  timeout client {LONGEST_IDLE}
  timeout server {LONGEST_IDLE}
  default-server inter 1s fastinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
"""
_STOP = Stop("SIGTERM", 5.0)


def entrance_name(cluster: str) -> str:
    return f"{cluster}-proxy"


def build_entrance(cluster: str, workload: Workload, facts: ClusterFacts, *, haproxy: bool) -> Instance:
    """Leads to the members whose ports are known by now."""
    members, port = find_members(workload, facts), workload.instances[0].ports[0].number + _APART
    if haproxy:
        return build_haproxy(cluster, members, port)
    return build_relay(cluster, members, port, workload.instances[0].packages)


def find_members(workload: Workload, facts: ClusterFacts) -> Sequence[Address]:
    """An instance's first port is for clients; what it is, it says at the port of its probe."""
    seen = {one.name: one for one in facts.instances}
    found = []
    for instance in workload.instances:
        one, api = seen.get(instance.name), instance.alive.port if instance.alive else ""
        if one is not None and {instance.ports[0].name, api} <= set(one.ports):
            found.append(Address(instance.name, one.host, one.ports[instance.ports[0].name], one.ports[api]))
    return found


def build_haproxy(cluster: str, members: Sequence[Address], port: int) -> Instance:
    """`port` is the first that it tries to have."""
    config = _HEAD + "".join(_listen(way, members) for way in WAYS)
    return Instance(
        name=entrance_name(cluster),
        command=(HAPROXY, "-W", "-db", "-q", "-f", f"$(DIRECTORY)/{_CONFIG}"),
        files=(File(_CONFIG, content=config, on_change="reload"),),
        env={"HOST": "$(HOST)", **{_variable(way): f"$({_variable(way)})" for way in WAYS}},
        ports=_ports(port),
        ready=CheckCommand(port="rw"),
        stop=_STOP,
        reload_signal="SIGUSR2",
    )


def build_relay(cluster: str, members: Sequence[Address], port: int, packages: tuple[str, ...]) -> Instance:
    """`packages` say with which interpreter: that of the instances. It needs none of them."""
    listed = json.dumps([asdict(member) for member in members], indent=1)
    ways = (f"{way}=$(HOST):$({_variable(way)})" for way in WAYS)
    return Instance(
        name=entrance_name(cluster),
        command=(f"$(DIRECTORY)/{_RELAY}", f"$(DIRECTORY)/{_MEMBERS}", *ways),
        files=(
            File(_RELAY, content=Path(relay.__file__).read_text(), on_change="nothing"),
            File(_MEMBERS, content=listed, on_change="reload"),
        ),
        ports=_ports(port),
        ready=CheckCommand(port="rw"),
        stop=_STOP,
        packages=packages,
    )


def _ports(first: int) -> tuple[Port, ...]:
    return tuple(Port(way, first) for way in WAYS)


def _variable(way: str) -> str:
    return f"PORT_{way.upper()}"


def _listen(way: str, members: Sequence[Address]) -> str:
    """Where any will do, all that answer at all are what is asked for."""
    (role,) = WAYS[way] if len(WAYS[way]) == 1 else ("",)
    checked = {PRIMARY: "/primary", REPLICA: "/replica"}.get(role, "/health")
    lines = [
        f"listen {way}",
        f'  bind "${{HOST}}:${{{_variable(way)}}}"',
        "  balance leastconn",
        f"  option httpchk OPTIONS {checked}",
        "  http-check expect status 200",
        *(f"  server {each.name} {each.host}:{each.port} check port {each.api}" for each in members),
    ]
    return "\n".join(lines) + "\n"
