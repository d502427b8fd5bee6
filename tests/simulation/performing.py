"""Plays the steps of a history on a stage."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.resource import Key, Kind
from dbaas.contracts.client import ApiError
from dbaas.contracts.transport import Request
from dbaas.core.clock import format_time
from dbaas.runtime.reflector import MOST_SILENCE_SECONDS
from fixtures.faults import is_watch
from fixtures.storm import CALM
from fixtures.storm import Weather as Storm
from simulation.histories import Step
from simulation.keepsakes import APPROVED
from simulation.servers import StormyServer
from simulation.stage import Stage

Deed = Callable[[Stage, Step], Awaitable[None]]


async def perform(stage: Stage, step: Step) -> None:
    """An error of the API is what the user sees, and no more."""
    await stage.clock.sleep(step.pause)
    stage.note(str(step))
    if step.verb.startswith("behind our back: "):
        tamper(stage, step)
        return
    before = stage.oracle.declared().all(step.kind).get(step.key) if step.kind is not None else None
    if step.verb in _FAULTS:  # some are over only when their time is
        stage.oracle.disturbed(step.values.get("seconds", 0.0))
    try:
        await _DEEDS[step.verb](stage, step)
    except ApiError as error:
        stage.note(f"refused: {error.message}")
        return
    if step.kind is not None:
        stage.oracle.edited(step.kind, step.key, before)
    elif step.verb in _FAULTS:
        stage.oracle.disturbed(step.values.get("seconds", 0.0))


async def _make(stage: Stage, step: Step) -> None:
    kind = _kind(step)
    made = await stage.user.create(kind, _body(kind, step.key, {"spec": dict(step.values)}))
    stage.keepsakes.made(kind, step.key, made.metadata.uid)


async def _change(stage: Stage, step: Step) -> None:
    await stage.user.patch(_kind(step), step.key, {"spec": dict(step.values)})


async def _annotate(stage: Stage, step: Step) -> None:
    await stage.user.patch(_kind(step), step.key, {"metadata": {"annotations": dict(step.values)}})


async def _delete(stage: Stage, step: Step) -> None:
    stage.oracle.edited(_kind(step), step.key)
    await stage.user.delete(_kind(step), step.key)
    stage.keepsakes.deleted(_kind(step), step.key)


async def _approve(stage: Stage, step: Step) -> None:
    """Somebody else writes a condition of their own; where we write at the same moment, one of both is refused."""
    kind = _kind(step)
    found = await stage.user.get(kind, step.key)
    conditions = [one for one in found.status.get("conditions", ()) if one["type"] != APPROVED]
    conditions.append({"type": APPROVED, "status": "True", "reason": "Checked", "message": "",
                       "lastTransitionTime": format_time(stage.clock.now())})  # fmt: skip
    body = {"metadata": {"resourceVersion": found.metadata.resourceVersion}, "status": {"conditions": conditions}}
    await stage.user.patch(kind, step.key, body, subresource="status")
    stage.keepsakes.approved(kind, step.key, found.metadata.uid)


async def _give(stage: Stage, step: Step) -> None:
    """A Secret is made, or has other values from now on."""
    data = {name: base64.b64encode(value.encode()).decode() for name, value in step.values.items()}
    if await stage.find(SECRET, step.key) is None:
        made = await stage.user.create(SECRET, _body(SECRET, step.key, {"data": data}))
        stage.keepsakes.made(SECRET, step.key, made.metadata.uid)
    else:
        await stage.user.patch(SECRET, step.key, {"data": data})


async def _make_namespace(stage: Stage, step: Step) -> None:
    await stage.user.create(NAMESPACE, _body(NAMESPACE, Key("", "team"), {}))


async def _delete_namespace(stage: Stage, step: Step) -> None:
    await stage.user.delete(NAMESPACE, Key("", "team"))
    stage.oracle.edited(NAMESPACE, Key("", "team"))
    stage.keepsakes.namespace_deleted("team")


async def _change_weather(stage: Stage, step: Step) -> None:
    values = dict(step.values)
    seconds = values.pop("seconds")
    vars(stage.weather).update(values)
    stage.later(seconds, lambda: vars(stage.weather).update(dict.fromkeys(values, 0.0)))


async def _cut_watches(stage: Stage, step: Step) -> None:
    code = step.values["code"]
    if code:
        stage.faults.break_streams(code, "Expired" if code == 410 else "InternalError")
    else:
        stage.faults.close_streams()


async def _mute_watches(stage: Stage, step: Step) -> None:
    stage.faults.mute_streams()
    stage.oracle.disturbed(step.values["seconds"] + MOST_SILENCE_SECONDS)  # those that are mute never speak again
    stage.later(step.values["seconds"], stage.faults.unmute_streams)


async def _forget_history(stage: Stage, step: Step) -> None:
    """The next watches are told that their version is too old, as after a compaction."""

    def matches(request: Request) -> bool:
        return is_watch(request)

    stage.faults.close_streams()
    stage.faults.answer(410, "Expired", matches, times=12)


async def _restart_api(stage: Stage, step: Step) -> None:
    """What is under way is answered first; the history of changes is not kept, as that of etcd after a compaction."""
    stage.site.is_up = False
    await stage.clock.sleep(1.0)
    stage.oracle.freeze()
    await stage.site.stop()
    await stage.clock.sleep(step.values["seconds"])
    await stage.site.start_again()
    stage.oracle.thaw()


async def _disorder_streams(stage: Stage, step: Step) -> None:
    values = dict(step.values)
    seconds = values.pop("seconds")
    stage.storm.weather = Storm(**values)
    stage.later(seconds, lambda: setattr(stage.storm, "weather", CALM))


async def _take_down(stage: Stage, step: Step) -> None:
    server = _server(stage, step)
    server.restart()
    server.is_down = True
    stage.oracle.touched(server, "", "")
    stage.later(step.values["seconds"], lambda: _bring_up(stage, server))


def _bring_up(stage: Stage, server: StormyServer) -> None:
    server.is_down = False
    stage.oracle.touched(server, "", "")


async def _hang(stage: Stage, step: Step) -> None:
    server = _server(stage, step)
    server.hung = True
    stage.oracle.touched(server, "", "")
    stage.later(step.values["seconds"], lambda: _wake_up(stage, server))


def _wake_up(stage: Stage, server: StormyServer) -> None:
    server.hung = False
    stage.oracle.touched(server, "", "")


async def _slow_down(stage: Stage, step: Step) -> None:
    server = _server(stage, step)
    server.slowness = step.values["slowness"]
    stage.later(step.values["seconds"], lambda: setattr(server, "slowness", 1.0))


async def _restart_server(stage: Stage, step: Step) -> None:
    _server(stage, step).restart()


async def _fail_statements(stage: Stage, step: Step) -> None:
    _server(stage, step).fails = step.values["count"]


async def _lose_answers(stage: Stage, step: Step) -> None:
    _server(stage, step).loses = step.values["count"]


async def _crash(stage: Stage, step: Step) -> None:
    stage.downtime = step.values["seconds"]
    if step.values["left"] == 0:
        stage.crash()
    else:
        stage.fuse.left, stage.fuse.after = step.values["left"], step.values["after"]


async def _restart_politely(stage: Stage, step: Step) -> None:
    stage.downtime = step.values["seconds"]
    if stage.life is not None and not stage.life.is_over:
        await stage.life.manager.stop()


def tamper(stage: Stage, step: Step) -> None:
    """What somebody else does on the server, where it is possible there."""
    server, values = _server(stage, step), step.values
    base, role, other = values["base"], values["role"], values["other"]
    verb = step.verb.removeprefix("behind our back: ")
    done = _TAMPERING[verb](server, base, role, other)
    if done:
        stage.note(f"{server.name}: somebody else did: {verb} ({base}, {role}, {other})")
        stage.oracle.touched(server, done, base if done == "base" else role)
        for principal in server.privileges if done == "base" else ():
            stage.oracle.touched(server, "role", principal)  # what they could do there went with it


def _drop_base(server: StormyServer, base: str, role: str, other: str) -> str:
    if server.bases.pop(base, None) is None:
        return ""
    server.forget_privileges(base)
    return "base"


def _drop_role(server: StormyServer, base: str, role: str, other: str) -> str:
    if role not in server.roles or any(one.owner == role for one in server.bases.values()):
        return ""
    del server.roles[role]
    server.privileges.pop(role, None)
    return "role"


def _add_role(server: StormyServer, base: str, role: str, other: str) -> str:
    if role in server.roles:
        return ""
    server.roles[role] = "somebody's"
    return "role"


def _add_base(server: StormyServer, base: str, role: str, other: str) -> str:
    if base in server.bases:
        return ""
    server.bases[base] = type(server.bases["system"])("root")
    return "base"


def _change_owner(server: StormyServer, base: str, role: str, other: str) -> str:
    if base not in server.bases or other not in server.roles:
        return ""
    server.bases[base].owner = other
    return "base"


def _change_password(server: StormyServer, base: str, role: str, other: str) -> str:
    if role not in server.roles:
        return ""
    server.roles[role] = "changed"
    return "role"


def _revoke(server: StormyServer, base: str, role: str, other: str) -> str:
    return "role" if server.privileges.pop(role, None) else ""


def _grant_more(server: StormyServer, base: str, role: str, other: str) -> str:
    if role not in server.roles or base not in server.bases:
        return ""
    server.privileges.setdefault(role, set()).add(f"table {base}.{base}-a SELECT")
    return "role"


def _drop_schema(server: StormyServer, base: str, role: str, other: str) -> str:
    if base not in server.bases or not server.bases[base].schemas:
        return ""
    server.bases[base].schemas.popitem()
    return "base"


_TAMPERING: Mapping[str, Callable[[StormyServer, str, str, str], str]] = {
    "drop base": _drop_base,
    "drop role": _drop_role,
    "add role": _add_role,
    "add base": _add_base,
    "change owner": _change_owner,
    "change password": _change_password,
    "revoke": _revoke,
    "grant more": _grant_more,
    "drop schema": _drop_schema,
}
_FAULTS: Mapping[str, Deed] = {
    "weather": _change_weather,
    "cut watches": _cut_watches,
    "mute watches": _mute_watches,
    "forget history": _forget_history,
    "streams are in disorder": _disorder_streams,
    "the API restarts": _restart_api,
    "server goes down": _take_down,
    "server hangs": _hang,
    "server is slow": _slow_down,
    "server restarts": _restart_server,
    "statements fail": _fail_statements,
    "answers of statements get lost": _lose_answers,
    "crash": _crash,
    "restart politely": _restart_politely,
}
_DEEDS: Mapping[str, Deed] = {
    **_FAULTS,
    "make": _make,
    "change": _change,
    "annotate": _annotate,
    "approve": _approve,
    "delete": _delete,
    "give": _give,
    "make namespace": _make_namespace,
    "delete namespace": _delete_namespace,
}


def _kind(step: Step) -> Kind:
    assert step.kind is not None, "only deeds on objects have a kind"
    return step.kind


def _server(stage: Stage, step: Step) -> StormyServer:
    return stage.servers[step.values["host"]]


def _body(kind: Kind, key: Key, more: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": key.name} | ({"namespace": key.namespace} if key.namespace else {})
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **more}
